/**
 * Downloads, unpacks and initialises servers into the cache, so that starting one is quick. Safe to run many times and in many
 * processes at once; interrupted, it leaves nothing half-made. As a script: tsx test/servers/prepare.ts [kind …], all without.
 */
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chromium } from './chromium.js';
import { run } from './command.js';
import { aria2c } from './debian-tools.js';
import { prepareKafka } from './kafka.js';
import { prepareMysql } from './mysql-template.js';
import { type Log, type ServerKind, serverKinds } from './server.js';
import { prepareZooKeeper } from './zookeeper.js';

const steps: Readonly<Record<ServerKind, (log: Log) => Promise<unknown>>> = {
  'mysql-8.0': (log) => prepareMysql('8.0', log),
  'mysql-9.7': (log) => prepareMysql('9.7', log),
  'mariadb-11.4': (log) => prepareMysql('mariadb-11.4', log),
  kafka: prepareKafka,
  zookeeper: prepareZooKeeper,
  aria2: aria2c,
  chromium,
};

export async function prepare(which: readonly ServerKind[], log: Log = () => undefined): Promise<void> {
  const results = await Promise.allSettled(Array.from(new Set(which), (kind) => prepareOne(kind, log)));
  const failures = results.filter((result) => result.status === 'rejected').map(({ reason }) => reason as Error);
  if (failures.length > 1) throw new AggregateError(failures, failures.map(({ message }) => message).join('\n'));
  if (failures[0] !== undefined) throw failures[0];
}

async function prepareOne(kind: ServerKind, log: Log): Promise<void> {
  const begin = performance.now();
  if (kind === 'kafka' || kind === 'zookeeper') await run('java', ['-version']); // a missing tool is named now, not at the first start
  await steps[kind](log);
  log(`${kind}: ready (${((performance.now() - begin) / 1000).toFixed(1)} s)`);
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
