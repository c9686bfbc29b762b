/** `npm run differ`: see README.md. Leaves nothing behind, however it ends, but what a failed run needs to be understood. */
import { endOnSignal, runProgram, startLog, UsageError } from '../harness/index.js';
import type { Field } from './field.js';
import { type DifferOptions, readOptions, usage, wordsOf } from './options.js';
import { fieldOf, soak, verdict } from './soak.js';

const log = startLog();
const serverVariables = ['LUTRA_MYSQL_A', 'LUTRA_MYSQL_B', 'LUTRA_KAFKA', 'LUTRA_ZOOKEEPER'];

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options.help) {
    console.log(usage);
    return;
  }
  const named = serverVariables.filter((name) => process.env[name]);
  if (named.length > 0) throw new UsageError(`${named.join(', ')}: servers get settings of their own here; they must be ours`);
  const replay = `npm run differ -- ${wordsOf(options)}`;
  console.log(`seed ${options.seed}; again: ${replay}`);
  const field = fieldOf(options, log);
  const ending = endOnSignal(() => field.stop(), log);
  try {
    await field.start();
    await run(field, options, replay);
  } catch (error) {
    if (ending.aborted) return; // whatever was under way has just lost its servers
    console.error(`the logs are kept in ${await field.stack.saveLogs()}; again: ${replay}`);
    console.error(error);
    process.exitCode = 1;
  } finally {
    if (options.keep && process.exitCode === 1 && !ending.aborted) await new Promise<never>(() => setInterval(() => undefined, 60_000));
    await field.stop();
  }
}

/** The verdict comes last. */
async function run(field: Field, options: DifferOptions, replay: string): Promise<void> {
  const soaked = await soak(field, options, log);
  soaked.counts.print(console.log);
  if (soaked.wrong.length > 0) {
    process.exitCode = 1;
    console.log(`FAILED; again: ${replay}; a single round: --only N`);
    for (const { round, what, file } of soaked.wrong) console.log(`${round}: ${what.split('\n')[0]}: ${file}`);
    console.log(`the logs are kept in ${await field.stack.saveLogs()}`);
  }
  console.log(verdict(soaked));
}

runProgram(main, usage);
