/**
 * Files of rows where both regions write, on the whole product: each side inserts products, and changes and deletes those of both. At rest
 * the rows are equal, and so are the files that they name; while it goes on, no side shows a row without its file.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, expect, it, onTestFailed } from 'vitest';
import { until } from '../accidents/one-way.js';
import { ApiError, Random, type Side, sides, type Stack, startStack, withAdministrator } from '../harness/index.js';
import {
  Application,
  createPictures,
  leftOver,
  picturesDatabase,
  productsOf,
  Reader,
  root,
  rule,
  sha256Of,
  wrongFiles,
} from './pictures.js';

/** By policy: a table, and the root of its files. */
const policies = { home: { table: 'products', root }, latest: { table: 'newest', root: 'newest' } } as const;
type Policy = keyof typeof policies;
const all = Object.keys(policies) as readonly Policy[];
const written = { ...rule, immutable: true };
/** No row of it says which bytes its file has. */
const plain = { root: 'plain', path: '{id}/{image}', immutable: true };

let stack: Stack;
const folder = (side: Side, policy: Policy = 'home'): string => stack.site(side).files?.path(policies[policy].root) ?? '';

beforeAll(async () => {
  stack = await startStack({ mysql: '9.7', mysqlB: '8.0', roots: [...all.map((policy) => policies[policy].root), 'plain'] });
  const more = `USE ${picturesDatabase}; CREATE TABLE newest LIKE products;
    CREATE TABLE plain (id BIGINT NOT NULL PRIMARY KEY, image VARCHAR(300) NOT NULL);
    CREATE TABLE other LIKE plain`;
  for (const side of sides) await withAdministrator(stack.mysql[side], (connection) => connection.query(`${createPictures}; ${more}`));
  await stack.createChannel({
    databases: [picturesDatabase],
    routes: [
      ...all.map((policy) => ({
        schema: picturesDatabase,
        table: policies[policy].table,
        files: [{ ...written, root: policies[policy].root }],
      })),
      { schema: picturesDatabase, table: 'plain', files: [plain] },
    ],
    conflicts: {
      home: stack.regions.a,
      rules: [
        { schema: picturesDatabase, table: 'newest', policy: 'latest', version: 'n' },
        { schema: picturesDatabase, policy: 'home' },
      ],
    },
  });
  await stack.startChannel();
}, 300_000);
afterAll(() => stack?.stop());

function shows(): void {
  onTestFailed(async () => console.error(await stack.report(), await stack.saveLogs()));
}

/** Rows are the same on both sides, and each has its file there. */
async function equal(): Promise<void> {
  await stack.drain();
  for (const policy of all) {
    const { table } = policies[policy];
    const products = await productsOf(stack.connection('b'), table);
    expect(products, table).toEqual(await productsOf(stack.connection('a'), table));
    for (const side of sides) expect(await wrongFiles(products, folder(side, policy)), `${table} at ${side}`).toEqual([]);
  }
}

async function query(side: Side, sql: string): Promise<readonly RowDataPacket[]> {
  return withAdministrator(stack.mysql[side], async (connection) => {
    await connection.query(`USE ${picturesDatabase}`);
    const [rows] = await connection.query<RowDataPacket[]>(sql);
    return rows;
  });
}

/** Root and path. */
type File = readonly [string, string];
const fileAt = (side: Side, [inRoot, path]: File): string => join(stack.site(side).files?.path(inRoot) ?? '', path);

async function put(side: Side, [inRoot, path]: File, bytes: string): Promise<string> {
  const place = fileAt(side, [inRoot, path]);
  await mkdir(dirname(place), { recursive: true });
  await writeFile(place, bytes);
  return sha256Of(Buffer.from(bytes));
}

const bytesAt = (side: Side, file: File): Promise<string> => readFile(fileAt(side, file), 'utf8');

interface Watched {
  readonly side: Side;
  readonly policy: Policy;
  readonly application: Application;
  readonly reader: Reader;
}

function watched(side: Side, policy: Policy): Watched {
  const [connection, seed] = [stack.connection(side), sides.indexOf(side) * 10 + all.indexOf(policy)];
  const { table } = policies[policy];
  const place = folder(side, policy);
  const random = new Random(seed);
  const application = new Application({
    connection,
    folder: place,
    random,
    side: sides.indexOf(side),
    sides: 2,
    maxBytes: 20_000_000,
    table,
  });
  return { side, policy, application, reader: new Reader(connection, place, new Random(seed + 100), table) };
}

/**
 * Files that should not be there. What the application of the side wrote, or let go itself, stays; what lost stays staged for an hour,
 * whole or begun when its files app was killed.
 */
async function strangers({ side, policy, application }: Watched): Promise<readonly string[]> {
  const products = await productsOf(stack.connection(side), policies[policy].table);
  const { orphans, staged } = await leftOver(products, folder(side, policy));
  const isOwn = (path: string): boolean => basename(path).startsWith(`${sides.indexOf(side)}-`) || application.letGo.has(path);
  return [
    ...orphans.filter((path) => !isOwn(path)),
    ...staged.filter((path) => !/^\.lutra\/stage\/[0-9a-f]{64}(\.part(\.aria2)?)?$/.test(path)),
  ];
}

/** Behind the rows. */
async function leaves(one: Watched): Promise<void> {
  await until(async () => (await strangers(one)).length === 0 || undefined, 60_000);
  expect(await strangers(one), `${one.policy} at ${one.side}`).toEqual([]);
}

it('both sides write, loaders and files apps are killed: rows and files end equal, and no row was seen without its file', async () => {
  shows();
  const everybody = sides.flatMap((side) => all.map((policy) => watched(side, policy)));
  const ended = new AbortController();
  const writing = everybody.map(({ application }) => application.run(ended.signal, { pauseMs: 100 }));
  const [a, b] = [stack.site('a'), stack.site('b')];
  for (const victim of [b.loader, a.files?.app, a.loader, b.files?.app, b.loader]) {
    await sleep(2_000);
    await victim?.kill();
    await sleep(300);
    await victim?.start();
  }
  await sleep(2_000);
  ended.abort();
  await Promise.all(writing);
  await equal();
  await Promise.all(everybody.map(({ reader }) => reader.stop()));
  for (const { side, policy, reader, application } of everybody) {
    expect(reader.problems, `${policy} at ${side}`).toEqual([]);
    expect(reader.looks).toBeGreaterThan(100);
    expect(application.counts.deleted).toBeGreaterThan(0);
  }
  for (const one of everybody) await leaves(one);
}, 240_000);

it.each([
  [
    'the rows say which bytes',
    'home',
    (sha256: string) => `INSERT INTO products VALUES (1000800, 1, 'https://img.example.com/x', '${sha256}', 0)`,
    [root, '1/1000800/x'],
  ],
  [
    'the newer row is not home’s',
    'latest',
    (sha256: string, n: number) => `INSERT INTO newest VALUES (1000800, 1, 'https://img.example.com/x', '${sha256}', ${n})`,
    ['newest', '1/1000800/x'],
  ],
  ['the rows are equal', 'home', () => "INSERT INTO plain VALUES (1000800, 'x')", ['plain', '1000800/x']],
] as const)(
  'both sides write one path at once, with different bytes: %s',
  async (what, policy, insert, file) => {
    shows();
    await stack.api.channelAction(stack.channel, 'pause');
    const hashes = { a: await put('a', file, 'of a'), b: await put('b', file, 'of b!') };
    for (const side of sides) await query(side, insert(hashes[side], side === 'a' ? 1 : 2));
    await stack.startChannel();
    await stack.drain();
    const winner = policy === 'home' ? 'of a' : 'of b!';
    await until(async () => ((await bytesAt('a', file)) === winner && (await bytesAt('b', file)) === winner) || undefined, 20_000);
    expect([await bytesAt('a', file), await bytesAt('b', file)], what).toEqual([winner, winner]);
    await equal();
  },
  120_000,
);

it('a change loses against one of home: the file that it brought is at home at no time', async () => {
  shows();
  const insert = `INSERT INTO products VALUES (1000810, 2, 'https://img.example.com/first', '${await put('a', [root, '2/1000810/first'], 'first')}', 0)`;
  await query('a', insert);
  await equal();
  await stack.api.channelAction(stack.channel, 'pause');
  for (const side of sides) {
    const sha256 = await put(side, [root, `2/1000810/of-${side}`], side);
    await query(side, `UPDATE products SET image = 'https://img.example.com/of-${side}', sha256 = '${sha256}' WHERE id = 1000810`);
  }
  await stack.startChannel();
  await equal();
  expect(await query('b', 'SELECT image FROM products WHERE id = 1000810')).toEqual([{ image: 'https://img.example.com/of-a' }]);
  await expect(bytesAt('a', [root, '2/1000810/of-b'])).rejects.toMatchObject({ code: 'ENOENT' });
  // What the application of a side wrote stays there, also where its row lost.
  expect([await bytesAt('a', [root, '2/1000810/first']), await bytesAt('b', [root, '2/1000810/of-b'])]).toEqual(['first', 'b']);
}, 120_000);

it('a row that a side deletes loses the file that was placed for it on the other', async () => {
  shows();
  const file = [root, '2/1000820/here'] as const;
  await query('b', `INSERT INTO products VALUES (1000820, 2, 'https://img.example.com/here', '${await put('b', file, 'here')}', 0)`);
  await equal();
  expect(await bytesAt('a', file)).toBe('here');
  await query('b', 'DELETE FROM products WHERE id = 1000820');
  await equal();
  expect(await until(async () => (await bytesAt('a', file).catch(() => 'gone')) === 'gone' || undefined)).toBe(true);
  expect(await bytesAt('b', file)).toBe('here');
}, 120_000);

it.each([
  ['file-path-mutable', [{ root, path: '{id}/{image}' }], undefined],
  ['file-path-not-unique', [{ root, path: '{image}', immutable: true }], undefined],
  ['file-rules-not-mirrored', [plain], null],
])('%s: refused by name', async (id, there, otherwise) => {
  const back = otherwise === undefined ? there : otherwise;
  const { a, b } = stack.endpoints;
  const route = (files: readonly object[] | null): object => ({ schema: picturesDatabase, table: 'other', ...(files && { files }) });
  const pipelines = [
    { name: 'there', source: a, target: b, routes: [route(there)] },
    { name: 'back', source: b, target: a, routes: [route(back)] },
  ];
  const conflicts = { home: stack.regions.a, rules: [{ schema: picturesDatabase, policy: 'home' }] };
  const started = async (): Promise<unknown> => {
    await stack.api.request('POST', '/api/v1/channels', { name: id, pipelines, conflicts });
    return stack.api.channelAction(id, 'start');
  };
  const refusal: unknown = await started().catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(ApiError);
  expect(JSON.stringify((refusal as ApiError).body)).toContain(id);
});
