/** Files of rows, one way, on the whole product: MySQL, Kafka, ZooKeeper, files apps with aria2, over TLS. */
import { cp, mkdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, expect, it, onTestFailed } from 'vitest';
import type { ErrorReport } from '@lutra/model';
import { until } from '../accidents/one-way.js';
import { Random, type Side, type Stack, startStack, withAdministrator } from '../harness/index.js';
import { repaired, verified } from '../seeding/orders.js';
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

const boundMs = 60_000;
/** Of a row that changed again before it was applied bytes stay staged for a minute here, and are looked at once a minute. */
const stagedBoundMs = 180_000;
const prefix = 'https://img.example.com/';
const seeded = 40;

let stack: Stack;
let application: Application;
let reader: Reader;
const folder = (side: Side): string => stack.site(side).files?.path(root) ?? '';

beforeAll(async () => {
  stack = await startStack({ mysql: '9.7', mysqlB: '8.0', roots: [root], environment: { LUTRA_FILES_STAGE_MINUTES: '1' } });
  for (const side of ['a', 'b'] as const) await withAdministrator(stack.mysql[side], (connection) => connection.query(createPictures));
  const of = { connection: stack.connection('a'), folder: folder('a'), random: new Random(1), side: 0, sides: 1 };
  application = new Application({ ...of, maxBytes: 30_000_000 });
  for (let count = 0; count < seeded; count += 1) await application.insert();
  const late = { ...rule, path: 'more/{id}/{image}', strip: 'more:', hash: undefined, missing: 'skip' as const, waitSeconds: 1 };
  const route = { schema: picturesDatabase, table: 'products', files: [{ ...rule, waitSeconds: 5 }, late] };
  await stack.createChannel({ databases: [picturesDatabase], from: ['a'], routes: [route], seed: true });
  reader = new Reader(stack.connection('b'), folder('b'), new Random(2));
}, 300_000);
afterAll(async () => {
  application?.close();
  await reader?.stop();
  await stack?.stop();
});

function shows(): void {
  onTestFailed(async () => console.error(await stack.report(), await stack.saveLogs()));
}

const becomes = async (what: string, is: () => Promise<boolean>, ms = boundMs): Promise<void> =>
  expect(await until(async () => (await is()) || undefined, ms), what).toBe(true);

/** What is at side b is what is at side a, and so are the files. */
async function equal(): Promise<void> {
  await stack.drain();
  const products = await productsOf(stack.connection('b'));
  expect(products).toEqual(await productsOf(stack.connection('a')));
  expect(await wrongFiles(products, folder('b'))).toEqual([]);
}

/** No files but those of rows are at side b; the worker that lets files go is behind the rows. */
async function tidy(): Promise<void> {
  const products = await productsOf(stack.connection('b'));
  await becomes('no file that no row names', async () => (await leftOver(products, folder('b'))).orphans.length === 0);
  await becomes('nothing in staging', async () => (await leftOver(products, folder('b'))).staged.length === 0, stagedBoundMs);
}

async function run(side: Side, sql: string): Promise<void> {
  await withAdministrator(stack.mysql[side], async (connection) => {
    await connection.query(`USE ${picturesDatabase}`);
    await connection.query(sql);
  });
}

async function put(path: string, bytes: string): Promise<void> {
  const place = join(folder('a'), path);
  await mkdir(dirname(place), { recursive: true });
  await writeFile(`${place}.draft`, bytes);
  await rename(`${place}.draft`, place);
}

/** A row whose file has these bytes, by its hash. */
async function insert(id: number, image: string, bytes: string): Promise<void> {
  const sha256 = sha256Of(Buffer.from(bytes));
  await run('a', `INSERT INTO products (id, shop, image, sha256) VALUES (${id}, 1, '${image}', '${sha256}')`);
}

async function has(id: number): Promise<boolean> {
  return withAdministrator(stack.mysql.b, async (connection) => {
    const [rows] = await connection.query<RowDataPacket[]>(`SELECT 1 FROM ${picturesDatabase}.products WHERE id = ${id}`);
    return rows.length === 1;
  });
}

async function stoppedWith(code: string): Promise<ErrorReport> {
  const error = await until(async () => {
    const { pipelines } = await stack.api.channelStatus(stack.channel);
    const { state, worker } = pipelines[0]?.target ?? {};
    return state === 'failed' && worker?.lastError?.code === code ? worker.lastError : undefined;
  }, boundMs);
  if (!error) throw new Error(`not stopped with ${code}`);
  return error;
}

it('rows that were there come with their files; what was copied before is hashed, not sent', async () => {
  shows();
  const there = await productsOf(stack.connection('a'));
  const copied = there.slice(0, 10).map(({ path }) => path);
  for (const path of copied) await cp(join(folder('a'), path), join(folder('b'), path));
  const inodes = async (): Promise<readonly number[]> => Promise.all(copied.map(async (path) => (await stat(join(folder('b'), path))).ino));
  const before = await inodes();
  await stack.startChannel();
  await becomes('seeded', async () => (await productsOf(stack.connection('b'))).length === there.length);
  await equal();
  expect(await inodes()).toEqual(before);
  expect(reader.problems).toEqual([]);
}, 120_000);

/** Processes that a process has started. */
async function childrenOf(pid: number | undefined): Promise<readonly number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return text.split(' ').filter(Boolean).map(Number);
}

it('while it writes, a row that can be read has its file, also when apps are killed; what is deleted leaves', async () => {
  shows();
  const ended = new AbortController();
  const writing = application.run(ended.signal, { pauseMs: 50 });
  const { a, b } = { a: stack.site('a'), b: stack.site('b') };
  for (const victim of [b.loader, b.files?.app, a.files?.app, a.capture]) {
    await sleep(1_500);
    await victim?.kill();
    await sleep(300);
    await victim?.start();
  }
  await sleep(1_500);
  const aria2 = await childrenOf(b.files?.app.pid);
  expect(aria2).toHaveLength(1);
  for (const pid of aria2) process.kill(pid, 'SIGKILL');
  await sleep(1_500);
  ended.abort();
  await writing;
  await equal();
  expect(reader.problems).toEqual([]);
  expect(reader.looks).toBeGreaterThan(100);
  expect(application.counts.deleted).toBeGreaterThan(0);
  await tidy();
}, 400_000);

it('a row waits for a file that is not there yet, and the status says for which', async () => {
  shows();
  await insert(100_002, `${prefix}late.jpg`, 'late');
  const waiting = await until(async () => {
    const { pipelines } = await stack.api.channelStatus(stack.channel);
    return pipelines[0]?.target.worker?.files?.waiting[0];
  }, boundMs);
  expect(waiting).toMatchObject({ root, path: '1/100002/late.jpg', database: picturesDatabase, table: 'products' });
  expect(await has(100_002)).toBe(false);
  await put('1/100002/late.jpg', 'late');
  await equal();
});

it('a file that is gone, of a row that is gone, is passed; of a row that may come without it comes later', async () => {
  shows();
  await stack.api.channelAction(stack.channel, 'pause');
  await insert(100_003, `${prefix}gone.jpg`, 'never written');
  await run('a', 'DELETE FROM products WHERE id = 100003');
  await run('a', "INSERT INTO products (id, shop, image) VALUES (100004, 4, 'more:x.jpg')");
  await stack.startChannel();
  await stack.drain();
  expect(await has(100_004)).toBe(true);
  await put('more/100004/x.jpg', 'at last');
  const bytes = (): Promise<string> => readFile(join(folder('b'), 'more/100004/x.jpg'), 'utf8').catch(() => 'not there');
  await becomes('there', async () => (await bytes()) === 'at last');
  await run('a', 'DELETE FROM products WHERE id = 100004');
  await becomes('it leaves with its row', async () => (await bytes()) === 'not there');
}, 120_000);

it('other bytes than a row carries the hash of stop by name, and it goes on when they are put right', async () => {
  shows();
  await put('1/100005/wrong.jpg', 'wrong bytes');
  await insert(100_005, `${prefix}wrong.jpg`, 'right bytes');
  const stopped = await stoppedWith('FILE_HASH_MISMATCH');
  expect(stopped.message).toMatch(/^file 1\/100005\/wrong\.jpg of root pics, of pictures\.products, id=100005: the row carries/);
  expect(await has(100_005)).toBe(false);
  await put('1/100005/wrong.jpg', 'right bytes');
  await stack.api.channelAction(stack.channel, 'retry');
  await equal();
});

it('what waited and stopped leaves nothing behind, and was never seen without its file', async () => {
  shows();
  await tidy();
  await reader.stop();
  expect(reader.problems).toEqual([]);
}, 400_000);

it('a verification finds files that are missing or have other bytes, and a repair fetches them', async () => {
  shows();
  for (const [id, name] of ['whole', 'gone', 'other'].entries()) {
    await put(`1/${200_001 + id}/${name}.jpg`, `bytes of ${name}`);
    await insert(200_001 + id, `${prefix}${name}.jpg`, `bytes of ${name}`);
  }
  await equal();
  await rm(join(folder('b'), '1/200002/gone.jpg'));
  await writeFile(join(folder('b'), '1/200003/other.jpg'), 'damaged');
  const { id, tables, roots } = await verified(stack, [`${picturesDatabase}.products`]);
  const found = { missingHere: 1, different: 1, missingThere: 0, missing: 0, unsettled: 0 };
  expect(tables).toMatchObject([{ verdict: 'different', missingHere: 0, different: 0, files: found }]);
  // Whatever no row names here was put there a moment ago.
  expect(roots).toMatchObject([{ root: 'pics', pass: 1, orphans: 0, notes: [] }]);
  expect(roots?.[0]?.files).toBeGreaterThan(2);
  expect(await repaired(stack, id)).toMatchObject({ files: { repaired: 2, refused: 0, left: 0 } });
  await equal();
}, 400_000);

it.each([
  ['a path that leads out', 100_006, '../../../etc/passwd'],
  ['a symbolic link out of the root', 100_007, 'link/hostname'],
])(
  '%s stops by name; the transaction is skipped, its row written by hand, and corrected at the source',
  async (_, id, image) => {
    shows();
    await mkdir(join(folder('a'), `1/${id}`), { recursive: true });
    await symlink('/etc', join(folder('a'), `1/${id}/link`));
    await insert(id, prefix + image, 'any');
    const { details, message } = await stoppedWith('FILE_PATH_INVALID');
    expect(message).toContain(`products`);
    const { pipelines } = await stack.api.channelStatus(stack.channel);
    const skip = `/api/v1/channels/${stack.channel}/pipelines/${pipelines[0]?.name}/skip`;
    await stack.api.request('POST', skip, { seq: details['seq'], reason: 'no such file' });
    await run('b', `INSERT INTO products (id, shop, image) VALUES (${id}, 1, '${prefix + image}')`);
    await run('a', `UPDATE products SET image = NULL, sha256 = NULL WHERE id = ${id}`);
    await equal();
    await rm(join(folder('a'), `1/${id}`), { recursive: true });
  },
  120_000,
);
