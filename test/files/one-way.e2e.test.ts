/** Files of rows, one way, on the whole product: MySQL, Kafka, ZooKeeper, files apps with aria2, over TLS. */
import { mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it, onTestFailed } from 'vitest';
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
  removed,
  root,
  rule,
  sha256Of,
  wrongFiles,
} from './pictures.js';

let stack: Stack;
const folder = (side: Side): string => stack.site(side).files?.path(root) ?? '';

beforeAll(async () => {
  stack = await startStack({ mysql: '9.7', mysqlB: '8.0', roots: [root] });
  for (const side of ['a', 'b'] as const) await withAdministrator(stack.mysql[side], (connection) => connection.query(createPictures));
  const route = {
    schema: picturesDatabase,
    table: 'products',
    files: [rule, { root, path: 'more/{image}', strip: 'more:', missing: 'skip' as const, waitSeconds: 1 }],
  };
  await stack.createChannel({ databases: [picturesDatabase], from: ['a'], routes: [route] });
  await stack.startChannel();
}, 300_000);
afterAll(() => stack?.stop());

function shows(): void {
  onTestFailed(async () => console.error(await stack.report(), await stack.saveLogs()));
}

/** What is at side b is what is at side a, and so are the files. */
async function equal(): Promise<void> {
  await stack.drain();
  const products = await productsOf(stack.connection('b'));
  expect(products).toEqual(await productsOf(stack.connection('a')));
  expect(await wrongFiles(products, folder('b'))).toEqual([]);
}

async function run(side: Side, sql: string): Promise<void> {
  await withAdministrator(stack.mysql[side], async (connection) => {
    await connection.query(`USE ${picturesDatabase}`);
    await connection.query(sql);
  });
}

async function put(path: string, bytes: string | Buffer): Promise<string> {
  const place = join(folder('a'), path);
  await mkdir(join(place, '..'), { recursive: true });
  await writeFile(`${place}.draft`, bytes);
  await rename(`${place}.draft`, place);
  return sha256Of(Buffer.from(bytes));
}

it('while it writes, a row that can be read has its file, also when apps are killed; what is deleted leaves', async () => {
  shows();
  const random = new Random(1);
  const reader = new Reader(stack.connection('b'), folder('b'), new Random(2));
  const application = new Application({
    connection: stack.connection('a'),
    folder: folder('a'),
    random,
    side: 0,
    sides: 1,
    maxBytes: 30_000_000,
  });
  const ended = new AbortController();
  const writing = application.run(ended.signal);
  const { a, b } = { a: stack.site('a'), b: stack.site('b') };
  for (const victim of [b.loader, b.files?.app, a.files?.app, a.capture]) {
    await sleep(1_500);
    await victim?.kill();
    await sleep(300);
    await victim?.start();
  }
  await sleep(1_500);
  ended.abort();
  await writing;
  await equal();
  await reader.stop();
  expect(reader.problems).toEqual([]);
  expect(reader.looks).toBeGreaterThan(100);
  expect(application.counts.deleted).toBeGreaterThan(0);
  const products = await productsOf(stack.connection('b'));
  // The trash is worked off behind the rows.
  expect(await until(async () => (await leftOver(products, folder('b'))).orphans.length === 0 || undefined, 60_000), 'orphans').toBe(true);
  const staged = async (): Promise<number> => (await leftOver(products, folder('b'))).staged.length;
  expect(await until(async () => (await staged()) === 0 || undefined, 60_000), 'nothing is left in staging').toBe(true);
}, 240_000);

it('what is there already is not sent', async () => {
  shows();
  const bytes = 'as good as there';
  const sha256 = await put('1/100001/there.jpg', bytes);
  await mkdir(join(folder('b'), '1/100001'), { recursive: true });
  await writeFile(join(folder('b'), '1/100001/there.jpg'), bytes);
  await run('a', `INSERT INTO products (id, shop, image, sha256) VALUES (100001, 1, 'https://img.example.com/there.jpg', '${sha256}')`);
  await equal();
});

it('a verification finds files that are missing or have other bytes, and a repair fetches them', async () => {
  shows();
  for (const [id, name] of ['whole', 'gone', 'other'].entries()) {
    const sha256 = await put(`8/${200001 + id}/${name}.jpg`, `bytes of ${name}`);
    await run(
      'a',
      `INSERT INTO products (id, shop, image, sha256) VALUES (${200001 + id}, 8, 'https://img.example.com/${name}.jpg', '${sha256}')`,
    );
  }
  await equal();
  await rm(join(folder('b'), '8/200002/gone.jpg'));
  await writeFile(join(folder('b'), '8/200003/other.jpg'), 'damaged');
  const { id, tables } = await verified(stack, [`${picturesDatabase}.products`]);
  const found = { missingHere: 1, different: 1, missingThere: 0, missing: 0, unsettled: 0 };
  expect(tables).toMatchObject([{ verdict: 'different', missingHere: 0, different: 0, files: found }]);
  expect(await repaired(stack, id)).toMatchObject({ files: { repaired: 2, refused: 0, left: 0 } });
  await equal();
}, 240_000);

it('a row waits for a file that is not there yet, and the status says for which; neighbours are not held up', async () => {
  shows();
  const bytes = 'late';
  await run(
    'a',
    `INSERT INTO products (id, shop, image, sha256) VALUES (100002, 2, 'https://img.example.com/late.jpg', '${sha256Of(Buffer.from(bytes))}')`,
  );
  const waits = await until(async () => {
    const { pipelines } = await stack.api.channelStatus(stack.channel);
    const [waiting] =
      (pipelines[0]?.target.worker as { files?: { waiting: { path: string; phase: string }[] } } | null)?.files?.waiting ?? [];
    return waiting;
  }, 60_000);
  expect(waits).toMatchObject({ path: '2/100002/late.jpg' });
  expect((await productsOf(stack.connection('b'))).some(({ id }) => id === 100002)).toBe(false);
  await put('2/100002/late.jpg', bytes);
  await equal();
});

it('a file that is gone, of a row that is gone, is passed; of a row that says skip it comes later', async () => {
  shows();
  const sha256 = sha256Of(Buffer.from('gone'));
  await stack.api.channelAction(stack.channel, 'pause');
  await put('3/100003/gone.jpg', 'gone');
  await run('a', `INSERT INTO products (id, shop, image, sha256) VALUES (100003, 3, 'https://img.example.com/gone.jpg', '${sha256}')`);
  await run('a', 'DELETE FROM products WHERE id = 100003');
  expect(await removed(folder('a'), '3/100003/gone.jpg')).toBe(true);
  await run('a', "INSERT INTO products (id, shop, image) VALUES (100004, 4, 'more:x.jpg')");
  await stack.startChannel();
  await stack.drain();
  await put('more/x.jpg', 'at last');
  const came = await until(() => readFile(join(folder('b'), 'more/x.jpg'), 'utf8').catch(() => undefined), 60_000);
  expect(came).toBe('at last');
});

it.each([
  ['another hash', '5/100005/wrong.jpg', 'FILE_HASH_MISMATCH'],
  ['a path that leads out', '../../../etc/passwd', 'FILE_PATH_INVALID'],
  ['a symbolic link out of the root', 'link/hostname', 'FILE_PATH_INVALID'],
])(
  '%s stops by name, and goes on when the row is mended',
  async (what, path, code) => {
    shows();
    const id = 100005;
    await put('5/100005/wrong.jpg', 'right bytes');
    await symlink('/etc', join(folder('a'), '5/100005/link')).catch(() => undefined);
    const image = path.replace('5/100005/', '');
    await run(
      'a',
      `INSERT INTO products (id, shop, image, sha256) VALUES (${id}, 5, 'https://img.example.com/${image}', '${'0'.repeat(64)}')`,
    );
    const stopped = await until(async () => {
      const { pipelines } = await stack.api.channelStatus(stack.channel);
      const error = pipelines[0]?.target.worker?.lastError;
      return error?.code === code ? error : undefined;
    }, 60_000);
    expect(stopped, what).toMatchObject({ code, message: expect.stringContaining('products') });
    const { pipelines } = await stack.api.channelStatus(stack.channel);
    const { name } = pipelines[0]!;
    const record = stopped?.details as { readonly seq?: number; readonly log?: string };
    await stack.api
      .request('POST', `/api/v1/channels/${stack.channel}/pipelines/${name}/skip`, { ...record, by: 'a test', reason: 'a wrong file' })
      .catch(() => undefined);
    await run('a', `DELETE FROM products WHERE id = ${id}`);
  },
  120_000,
);
