/** `npm run survive`: see README.md. Leaves nothing behind, however it ends, but the logs of a run that failed. */
import { Network } from '../network/index.js';
import { endOnSignal, runProgram, Stack, startLog, UsageError } from '../harness/index.js';
import { readOptions, type SurviveOptions, usage } from './options.js';
import { survive } from './survival.js';

const log = startLog();
const serverVariables = ['LUTRA_MYSQL_A', 'LUTRA_MYSQL_B', 'LUTRA_KAFKA', 'LUTRA_ZOOKEEPER'];

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options.help) {
    console.log(usage);
    return;
  }
  const named = serverVariables.filter((name) => process.env[name]);
  if (named.length > 0) throw new UsageError(`${named.join(', ')}: servers are killed here; they must be ours`);
  const { minutes, seed, mysql, mysqlB, rate } = options;
  const replay = `npm run survive -- --minutes ${minutes} --seed ${seed} --mysql ${mysql} --mysql-b ${mysqlB} --rate ${rate}`;
  console.log(`seed ${seed}; again: ${replay}`);
  const network = await Network.open();
  const stack = new Stack({ mysql, mysqlB, standbys: true, network, log });
  const ending = endOnSignal(() => stack.stop(), log);
  try {
    if (await run(stack, network, options)) return;
  } catch (error) {
    if (ending.aborted) return; // whatever was under way has just lost its servers
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  } finally {
    await stop(stack, network, options.keep && !ending.aborted);
  }
  console.log(`FAILED; again: ${replay}`);
}

/** Resolves to whether all is well. */
async function run(stack: Stack, network: Network, options: SurviveOptions): Promise<boolean> {
  const { good, lines } = await survive(stack, network, { ...options, log });
  console.log('');
  for (const line of lines) console.log(line);
  if (!good) process.exitCode = 1;
  return good;
}

async function stop(stack: Stack, network: Network, keep: boolean): Promise<void> {
  if (process.exitCode === 1) console.log(`the logs are kept in ${await stack.saveLogs()}`);
  if (keep && process.exitCode === 1) await new Promise<never>(() => setInterval(() => undefined, 60_000));
  await stack.stop();
  await network.close();
}

runProgram(main, usage);
