/** `npm run survive`: see README.md. Leaves nothing behind, however it ends, but the logs of a run that failed. */
import { Network } from '../network/index.js';
import { Stack } from '../scenarios/index.js';
import { readOptions, type SurviveOptions, usage, UsageError } from './options.js';
import { survive } from './survival.js';

const begin = performance.now();
const log = (line: string): void => console.log(`[${((performance.now() - begin) / 1000).toFixed(1).padStart(7)} s] ${line}`);
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
  const ending = endOnSignal(stack);
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

/** Also when the wrapper that started us is gone. A second signal does not wait. */
function endOnSignal(stack: Stack): AbortSignal {
  const ending = new AbortController();
  const end = (code: number): void => {
    if (ending.signal.aborted) process.exit(code);
    ending.abort();
    log('stopping');
    void stack.stop().finally(() => process.exit(process.exitCode ?? code));
  };
  process.on('SIGINT', () => end(130));
  process.on('SIGTERM', () => end(143));
  process.on('SIGHUP', () => end(129));
  process.on('disconnect', () => end(129));
  process.channel?.unref();
  return ending.signal;
}

main().catch((error: unknown) => {
  console.error(error instanceof UsageError ? `${error.message}\n\n${usage}` : error);
  process.exitCode = error instanceof UsageError ? 2 : 1;
});
