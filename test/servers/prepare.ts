/**
 * Downloads, unpacks and initialises servers into the cache, so that starting one is quick. Safe to run many times and in many
 * processes at once; interrupted, it leaves nothing half-made. As a script: tsx test/servers/prepare.ts [kind …], all without.
 */
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { run } from './command.js';
import { prepareKafka } from './kafka.js';
import { prepareMysql } from './mysql-template.js';
import { type Log, type ServerKind, serverKinds } from './server.js';
import { prepareZooKeeper } from './zookeeper.js';

/** One after the other: they share Maven's repository, which takes no locks. */
export async function prepare(which: readonly ServerKind[], log: Log = () => undefined): Promise<void> {
  for (const kind of new Set(which)) {
    const begin = Date.now();
    await prepareOne(kind, log);
    log(`${kind}: ready (${((Date.now() - begin) / 1000).toFixed(1)} s)`);
  }
}

async function prepareOne(kind: ServerKind, log: Log): Promise<void> {
  switch (kind) {
    case 'mysql-8.0':
      await prepareMysql('8.0', log);
      return;
    case 'mysql-9.7':
      await prepareMysql('9.7', log);
      return;
    case 'mariadb-11.4':
      await prepareMysql('mariadb-11.4', log);
      return;
    case 'kafka':
      await run('java', ['-version']);
      await prepareKafka(log);
      return;
    case 'zookeeper':
      await run('java', ['-version']);
      await prepareZooKeeper(log);
      return;
  }
}

function isKind(word: string): word is ServerKind {
  return (serverKinds as readonly string[]).includes(word);
}

async function main(words: readonly string[]): Promise<void> {
  const unknown = words.filter((word) => !isKind(word));
  if (unknown.length > 0) throw new Error(`unknown server: ${unknown.join(' ')}; known: ${serverKinds.join(' ')}`);
  await prepare(words.length > 0 ? words.filter(isKind) : serverKinds, (line) => console.log(line));
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  main(process.argv.slice(2)).catch((error: unknown) => {
    console.error(error instanceof Error ? `${error.name}: ${error.message}` : error);
    process.exitCode = 1;
  });
}
