/**
 * `npm run demo`: the whole product on this machine, two regions that both take writes, and the proof that they end equal. Leaves nothing
 * behind, however it ends; with --keep it stays until Ctrl-C.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { LutraClient } from '@lutra/client';
import { prepare } from '../servers/index.js';
import {
  createShop,
  endOnSignal,
  runProgram,
  shopTables,
  type Side,
  sides,
  Stack,
  startLog,
  startWorkload,
  sumTotals,
  type Totals,
  TransferReader,
  usualMix,
  withAdministrator,
  type Workload,
} from '../harness/index.js';
import { count, LiveTable } from './live-table.js';
import { type DemoOptions, readOptions, usage } from './options.js';
import type { PictureWriterOptions, SitePictures } from './pictures.js';
import { pictureVerdict } from './picture-verdict.js';
import { createPictures, PictureReader, pictureSite, picturesRoot, PictureWriter, routes } from './pictures.js';
import { accountsAt, rulesOf, verifyShop } from './seeding.js';
import { reachVerdict } from './verdict.js';

/** For which the shop is written before there is a channel. */
const fillSeconds = 3;
/** Of a side: added or changed a second. */
const pictureRate = 8;
const begin = performance.now();
const seconds = (): string => `${((performance.now() - begin) / 1000).toFixed(1)} s`;
const log = startLog();

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options.help) {
    console.log(usage);
    return;
  }
  const stack = new Stack({ mysql: options.mysql ?? (await newestMysql()), log, roots: [picturesRoot] });
  const ending = endOnSignal(() => stack.stop(), log);
  try {
    process.exitCode = (await run(stack, options)) ? 0 : 1;
    if (options.keep) await keep(stack);
  } catch (error) {
    if (ending.aborted) return; // whatever was under way has just lost its servers
    console.error(error instanceof Error ? error.message : error);
    console.error(`the logs are kept in ${await stack.saveLogs()}`);
    process.exitCode = 1;
  } finally {
    await stack.stop();
  }
}

/** Resolves to whether all is well. */
async function run(stack: Stack, options: DemoOptions): Promise<boolean> {
  log('starting ZooKeeper, Kafka, two MySQL servers, then control, two captures, two loaders, two files apps with aria2');
  await stack.start();
  log(
    `the shop is at ${stack.regions.a} only: ${shopTables.join(', ')}, and pictures, which are files; its applications fill it for ${fillSeconds} s`,
  );
  await withAdministrator(stack.mysql.a, async (connection) => {
    await createShop(connection);
    await createPictures(connection);
  });
  await fill(stack, options);
  log('creating the two-way channel over the REST API with "seed": true, and starting it');
  await stack.createChannel({ seed: true, conflicts: rulesOf(stack.regions.a), routes });
  await stack.startChannel();
  const { maxLagMs, ...evidence } = await write(stack, options);
  log('the product compares the two sides itself (POST …/verify)');
  const verified = await verifyShop(stack);
  log('comparing every table row by row, every file by SHA-256, and reading both topics from start to end');
  const verdict = await reachVerdict(stack, evidence);
  const pictures = await pictureVerdict(stack, evidence.looks);
  console.log('');
  for (const side of sides) console.log(summary(stack, side, { totals: evidence.totals[side], seconds: options.seconds }));
  console.log(`max lag: ${(maxLagMs / 1000).toFixed(1)} s`);
  for (const line of [...verified.lines, ...verdict.lines, ...pictures.lines]) console.log(line);
  console.log(`time: ${seconds()}`);
  return verdict.good && pictures.good && verified.good;
}

/** What is there before anything is replicated. Rows of a table without a key cannot be seeded: there are none yet. */
async function fill(stack: Stack, { seed, rate }: DemoOptions): Promise<void> {
  const mix = Object.fromEntries(Object.entries(usualMix).filter(([operation]) => !operation.endsWith('Events')));
  const connection = stack.connection('a');
  const workload = startWorkload({ side: 'a', connection, seed: seed + 250, mix, transactionsPerSecond: rate * 5 });
  const pictures = pictureWriter(stack, 'a', { seed, perSecond: pictureRate * 5, first: 0 });
  await sleep(fillSeconds * 1000);
  const [{ rows }, added] = await Promise.all([workload.stop(), pictures.stop()]);
  log(`${count(rows + added.rows)} rows were written, ${count(added.rows)} of them with a picture`);
}

/** The workload on both sides, until all of it has arrived. Side b begins as soon as it has its accounts. */
async function write(stack: Stack, options: DemoOptions) {
  log(`writing at ${stack.regions.a} while ${stack.regions.b} is filled (seed ${options.seed})`);
  const both = <T>(make: (side: Side) => T): Record<Side, T> => ({ a: make('a'), b: make('b') });
  const start = (side: Side): Workload =>
    startWorkload({
      side,
      connection: stack.connection(side),
      seed: options.seed + (side === 'a' ? 0 : 500),
      transactionsPerSecond: options.rate,
    });
  const looking = both((side) => new PictureReader(pictureSite(stack, side)));
  const first = start('a');
  await accountsAt(stack, 'b');
  log(`writing on both sides for ${options.seconds} s, ${options.rate} transactions/s each`);
  const readers = both((side) => new TransferReader(stack.connection(side)));
  const workloads = { a: first, b: start('b') };
  const pictures = both((side) => pictureWriter(stack, side, { seed: options.seed + 1, perSecond: pictureRate, first: 1_000_000 }));
  const live = new LiveTable({ stack, writers: both((side) => [workloads[side], pictures[side]]), readers });
  const deadline = performance.now() + options.seconds * 1000;
  while (performance.now() < deadline && !workloads.a.failure && !workloads.b.failure) await sleep(100);
  const stopped = async (side: Side): Promise<Totals> => sumTotals(await Promise.all([workloads[side].stop(), pictures[side].stop()]));
  const [a, b] = await Promise.all([stopped('a'), stopped('b')]);
  await live.stop();
  log('the writers are quiet: waiting until everything has arrived on the other side');
  await stack.drain();
  const sums = { a: await readers.a.stop(), b: await readers.b.stop() };
  const looks = { a: await looking.a.stop(), b: await looking.b.stop() };
  return { totals: { a, b }, sums, looks, maxLagMs: live.maxLagMs };
}

function pictureWriter(stack: Stack, side: Side, options: Omit<PictureWriterOptions, keyof SitePictures>): PictureWriter {
  return new PictureWriter({ ...pictureSite(stack, side), ...options });
}

function summary({ regions }: Stack, side: Side, { totals, seconds }: { totals: Totals; seconds: number }): string {
  const direction = side === 'a' ? `${regions.a} → ${regions.b}` : `${regions.b} → ${regions.a}`;
  return `${direction}: ${count(totals.rows)} rows in ${count(totals.transactions)} transactions, ${count(totals.rows / seconds)} rows/s`;
}

/** An admin who logs in to the console. Resolves with the password. */
async function consoleUser({ control, token }: Stack): Promise<string> {
  const password = randomBytes(9).toString('base64url');
  const client = new LutraClient({ url: control.url, token });
  await client.call('POST /api/v1/users', { body: { name: 'demo', password, grants: [{ role: 'admin' }] } });
  return password;
}

async function keep(stack: Stack): Promise<void> {
  const password = await consoleUser(stack);
  console.log('\nAll of it stays until Ctrl-C. Write on either side and look at the other:');
  for (const side of sides) {
    const { host, port, user } = stack.mysql[side];
    console.log(
      `  ${stack.regions[side].padEnd(12)} mysql -h ${host} -P ${port} -u ${user} shop   pictures in ${pictureSite(stack, side).folder}`,
    );
  }
  console.log(`  console      ${stack.control.url}/console/   user demo, password ${password}`);
  console.log(`  REST         curl -H 'Authorization: Bearer ${stack.token}' ${stack.control.url}/api/v1/status`);
  console.log(
    `  lutra        echo ${stack.token} | npx lutra context set demo --url ${stack.control.url} --token-stdin && npx lutra status`,
  );
  console.log(`  lutra init   npx lutra init    makes another channel of the two servers: their administrator is root, without a password`);
  console.log(`  for docs/03  export LUTRA_API_TOKEN=${stack.token} api=${stack.control.url}/api/v1`);
  console.log(`  Kafka        ${stack.kafka.bootstrap}   ZooKeeper ${stack.zooKeeper.connect} (${stack.root})`);
  await new Promise<never>(() => setInterval(() => undefined, 60_000));
}

async function newestMysql(): Promise<'8.0' | '9.7'> {
  if (process.env['LUTRA_MYSQL_A'] && process.env['LUTRA_MYSQL_B']) return '9.7'; // nothing to fetch
  const [mysql] = await Promise.allSettled([prepare(['mysql-9.7'], log), prepare(['kafka', 'zookeeper'], log)]); // start() meets what failed here
  if (mysql.status === 'fulfilled') return '9.7';
  log(`MySQL 9.7 cannot be had here (${String(mysql.reason).split('\n')[0]}): taking 8.0`);
  return '8.0';
}

runProgram(main, usage);
