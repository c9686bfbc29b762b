/** `npm run converge`: see README.md. Leaves nothing behind, however it ends, but the logs of a run that failed. */
import { Network } from '../network/index.js';
import { endOnSignal, runProgram, Stack, startLog, UsageError } from '../harness/index.js';
import { converge } from './convergence.js';
import { type ConvergeOptions, readOptions, usage } from './options.js';

const log = startLog();
const serverVariables = ['LUTRA_MYSQL_A', 'LUTRA_MYSQL_B', 'LUTRA_MYSQL_C', 'LUTRA_KAFKA', 'LUTRA_ZOOKEEPER'];

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options.help) {
    console.log(usage);
    return;
  }
  const named = serverVariables.filter((name) => process.env[name]);
  if (named.length > 0) throw new UsageError(`${named.join(', ')}: servers are killed here; they must be ours`);
  const { seed, mysql, mysqlB, regions } = options;
  const replay = `npm run converge -- ${wordsOf(options)}`;
  console.log(`seed ${seed}; again: ${replay}`);
  const network = await Network.open();
  const stack = new Stack({ mysql, mysqlB, third: regions === 3 ? 'frankfurt' : undefined, standbys: true, network, log });
  const ending = endOnSignal(() => stack.stop(), log);
  try {
    await run(stack, network, { options, replay });
  } catch (error) {
    if (ending.aborted) return; // whatever was under way has just lost its servers
    console.error(`the logs are kept in ${await stack.saveLogs()}; again: ${replay}`);
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  } finally {
    await stop(stack, network, options.keep && !ending.aborted);
  }
}

interface Asked {
  readonly options: ConvergeOptions;
  readonly replay: string;
}

/** The verdict's last line comes last. */
async function run(stack: Stack, network: Network, { options, replay }: Asked): Promise<void> {
  const { good, lines } = await converge(stack, network, { ...options, log });
  if (!good) {
    process.exitCode = 1;
    console.log(`FAILED; again: ${replay}`);
    console.log(`the logs are kept in ${await stack.saveLogs()}`);
  }
  for (const line of lines) console.log(line);
}

function wordsOf({ minutes, seed, regions, topology, policy, tables, faults, hot, rate, mysql, mysqlB }: ConvergeOptions): string {
  const words = { minutes, seed, regions, topology, policy, tables: tables?.join(), faults, hot, rate, mysql, 'mysql-b': mysqlB };
  return Object.entries(words)
    .flatMap(([name, value]) => (value === undefined ? [] : [`--${name} ${value}`]))
    .join(' ');
}

async function stop(stack: Stack, network: Network, keep: boolean): Promise<void> {
  if (keep && process.exitCode === 1) await new Promise<never>(() => setInterval(() => undefined, 60_000));
  await stack.stop();
  await network.close();
}

runProgram(main, usage);
