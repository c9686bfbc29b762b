/**
 * Files apps, aria2, loaders, captures and MySQL are killed at random while both sides write products with pictures, of up to 200 MB, and
 * change each other's. Readers look at both sides all the time. In the end rows and files are equal, and nobody helped.
 * LUTRA_FILES_MINUTES and LUTRA_SEED ask for another run.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, expect, it, onTestFailed } from 'vitest';
import { until } from '../accidents/one-way.js';
import { Random, type Side, sides, type Stack, startStack, withAdministrator } from '../harness/index.js';
import { seedOf } from '../scenarios/shop-stack.js';
import { Killer } from './killer.js';
import {
  Application,
  createPictures,
  leftOver,
  picturesDatabase,
  type Product,
  productsOf,
  Reader,
  root,
  rule,
  wrongFiles,
} from './pictures.js';

const seed = seedOf();
const minutes = Number(process.env['LUTRA_FILES_MINUTES'] ?? 10);
/** Of both sides together, of up to 200 MB. */
const filesAMinute = 500;
const restMs = 600_000;
const settledBoundMs = 180_000;
const begin = performance.now();
const log = (line: string): void => console.log(`[${((performance.now() - begin) / 1000).toFixed(1).padStart(6)} s] ${line}`);

let stack: Stack;
const folder = (side: Side): string => stack.site(side).files?.path(root) ?? '';

beforeAll(async () => {
  stack = await startStack({ mysql: '9.7', mysqlB: '8.0', roots: [root], environment: { LUTRA_FILES_STAGE_MINUTES: '1' } });
  for (const side of sides) await withAdministrator(stack.mysql[side], (connection) => connection.query(createPictures));
  await stack.createChannel({
    databases: [picturesDatabase],
    routes: [{ schema: picturesDatabase, table: 'products', files: [{ ...rule, immutable: true }] }],
    conflicts: { home: stack.regions.a, rules: [{ policy: 'home' }] },
  });
  await stack.startChannel();
}, 300_000);
afterAll(() => stack?.stop(), 60_000);

/**
 * Files that no row names, and that are there for no reason. What the side's application wrote or let go of itself stays
 * (docs/11-files.md): it has named it, or lutra.file still has it as placed.
 */
async function strangers(products: readonly Product[], side: Side, index: number): Promise<readonly string[]> {
  const [rows] = await withAdministrator(stack.mysql[side], (connection) =>
    connection.query<RowDataPacket[]>('SELECT path, state FROM lutra.file'),
  );
  const placed = new Set(rows.filter(({ state }) => state === 'placed').map(({ path }) => String(path)));
  const { orphans } = await leftOver(products, folder(side));
  const unknown = orphans.filter((path) => !path.split('/').at(-1)?.startsWith(`${index}-`) && !placed.has(path));
  return [...unknown, ...rows.filter(({ state }) => state !== 'placed').map(({ path, state }) => `${path} is still to go (${state})`)];
}

it(
  `whoever is killed: no row is seen without its file, and in the end all is equal, seed ${seed}`,
  { timeout: minutes * 60_000 + 2 * restMs },
  async () => {
    onTestFailed(async () => console.error(await stack.report(), await stack.saveLogs()));
    const random = new Random(seed);
    const next = (): Random => new Random(random.int(1, 2 ** 31));
    const readers = sides.map((side) => new Reader(stack.connection(side), folder(side), next()));
    const applications = sides.map(
      (side, index) =>
        new Application({
          connection: stack.connection(side),
          folder: folder(side),
          random: next(),
          side: index,
          sides: sides.length,
          maxBytes: 200_000_000,
        }),
    );
    const killer = new Killer({ stack, random: next(), log });
    const ended = new AbortController();
    const work = [...applications.map((one) => one.run(ended.signal, { pauseMs: 100 })), killer.run(ended.signal)];
    const written = (): number => applications.reduce((sum, { files }) => sum + files, 0);
    const enough = (): Promise<unknown> => until(async () => written() >= minutes * filesAMinute || undefined, restMs);
    await Promise.race([sleep(minutes * 60_000).then(enough), ...work]);
    ended.abort();
    await Promise.all(work);
    log(
      `killed: ${JSON.stringify(killer.kills)}; written: ${written()} files, ${JSON.stringify(applications.map(({ counts }) => counts))}`,
    );
    expect(written()).toBeGreaterThanOrEqual(minutes * filesAMinute);

    await stack.drain(restMs / 2);
    await Promise.all(readers.map((reader) => reader.stop()));
    log(`looked at ${readers.map(({ looks }) => looks).join(' and ')} files`);
    for (const [index, { problems }] of readers.entries()) expect(problems, `seen at side ${sides[index]}`).toEqual([]);
    for (const [kind, times] of Object.entries(killer.kills)) expect(times, kind).toBeGreaterThan(0);

    const products = await productsOf(stack.connection('a'));
    expect(await productsOf(stack.connection('b'))).toEqual(products);
    expect(products.length).toBeGreaterThan(minutes * 100);
    for (const [index, side] of sides.entries()) {
      expect(await wrongFiles(products, folder(side)), `files at side ${side}`).toEqual([]);
      const strange = (): Promise<readonly string[]> => strangers(products, side, index);
      await until(async () => (await strange()).length === 0 || undefined, settledBoundMs);
      expect(await strange(), `orphans at side ${side}`).toEqual([]);
      const staged = async (): Promise<readonly string[]> => (await leftOver(products, folder(side))).staged;
      await until(async () => (await staged()).length === 0 || undefined, settledBoundMs);
      expect(await staged(), `left in staging at side ${side}`).toEqual([]);
    }
  },
);
