/**
 * `npm run bench`: see docs/06-bench.md. Leaves nothing behind, however it ends, but what was asked for and the logs of a run that failed.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { endOnSignal, runProgram, startLog, UsageError } from '../harness/index.js';
import { readOptions, usage } from './options.js';
import { BenchRun } from './run.js';
import { machine } from './settings.js';

const log = startLog();
const serverVariables = ['LUTRA_MYSQL_A', 'LUTRA_MYSQL_B', 'LUTRA_KAFKA', 'LUTRA_ZOOKEEPER'];

async function main(): Promise<void> {
  const words = process.argv.slice(2);
  const options = readOptions(words);
  if (options.help) {
    console.log(usage);
    return;
  }
  const named = serverVariables.filter((name) => process.env[name]);
  if (named.length > 0) throw new UsageError(`${named.join(', ')}: the servers are measured here; they must be ours`);
  const head = [`machine: ${machine()}`, `again:   npm run bench${words.length > 0 ? ` -- ${words.join(' ')}` : ''}`];
  for (const line of head) console.log(line);
  const profile = options.profile && resolve(options.profile);
  if (profile) await mkdir(profile, { recursive: true });
  const run = new BenchRun({ ...options, profile, log });
  const ending = endOnSignal(() => run.stop(), log);
  try {
    const { equal, figures, lines } = await run.run();
    console.log(`\n${[...head, ...lines].join('\n')}`);
    if (options.json) await writeFile(options.json, `${JSON.stringify(figures, null, 2)}\n`);
    process.exitCode = equal ? 0 : 1;
  } catch (error) {
    if (ending.aborted) return; // whatever was under way has just lost its servers
    throw error;
  }
}

runProgram(main, usage);
