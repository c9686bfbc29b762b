/**
 * A root of a region with two servers whose rows name files in it: of the own pipeline, and of another channel that reads there. What no
 * row names goes.
 */
import { randomUUID } from 'node:crypto';
import { fileRuleSchema } from '@lutra/model';
import type { EndpointDocument, FileRule, PipelineUid, VerifiedRoot, VerifiedTable } from '@lutra/model';
import type { Naming } from '@lutra/mysql';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { MemoryFiles } from '../../../../../libs/files/src/memory-files.fixture.js';
import { TestServer } from '../../../../../libs/mysql/src/mysql.fixture.js';
import type { RootUser, VerifiedPipeline, VerifyWork } from '../assignments.js';
import { serverFileStore } from '../../files/files-io.js';
import { LeavingFiles } from '../../files/leaving-files.js';
import { trashOrphans } from '../repair/orphan-repairs.js';
import { Servers } from '../servers.js';
import { searchRoots } from './search-roots.js';

let own: TestServer;
let other: TestServer;
let files: MemoryFiles;
const database = `o${randomUUID().slice(0, 8)}`;
const request = randomUUID();
const uid = database.slice(0, 9);
const root = 'pics';
const rule = (more: Partial<FileRule>): FileRule => fileRuleSchema.parse({ root, path: '{image}', ...more });

beforeAll(async () => {
  [own, other] = await Promise.all([TestServer.shared('9.7'), TestServer.shared('8.0')]);
  for (const server of [own, other]) await server.run(`CREATE DATABASE ${database} CHARACTER SET utf8mb4`);
  const columns = '(id INT PRIMARY KEY, image VARCHAR(40), sha VARCHAR(200), v INT)';
  await own.run(`CREATE TABLE ${database}.product ${columns}; CREATE TABLE ${database}.banner ${columns}`);
  await other.run(`CREATE TABLE ${database}.logo ${columns}`);
});
afterAll(async () => {
  await own.run(`DELETE FROM lutra.file WHERE pipeline = '${uid}'; DELETE FROM lutra.difference WHERE pipeline = '${uid}'`);
  for (const server of [own, other]) {
    await server.run(`DROP DATABASE ${database}`);
    await server.stop();
  }
});
beforeEach(async () => {
  files = new MemoryFiles();
  await own.run(`DELETE FROM ${database}.product; DELETE FROM ${database}.banner`);
  await other.run(`DELETE FROM ${database}.logo`);
});

const endpoint = (name: string): EndpointDocument => ({ name, region: 'rb' }) as EndpointDocument;
const product = { schema: database, table: 'product', files: [rule({ path: '{id}/{image}', split: ',', hash: 'sha' })] };
const usual: readonly RootUser[] = [
  { endpoint: endpoint('own'), isTarget: true, routes: [product, { schema: database, table: 'ban*', files: [rule({ strip: '/b/' })] }] },
  { endpoint: endpoint('other'), isTarget: false, routes: [{ schema: database, table: 'logo', files: [rule({})] }] },
];

const pipeline = { name: 'to', uid, target: endpoint('own'), routes: [product] } as unknown as VerifiedPipeline;
const workOf = (users: readonly RootUser[]): VerifyWork => ({
  channel: 'c',
  pipelines: [pipeline],
  rules: [],
  home: null,
  roots: [{ pipeline: 'to', root, region: 'rb', users }],
});
const login = (name: string): TestServer['options'] => (name === 'own' ? own : other).options;

async function search(users = usual, known: readonly VerifiedRoot[] = []): Promise<readonly VerifiedRoot[]> {
  const found: VerifiedRoot[] = [];
  await searchRoots({
    work: workOf(users),
    order: { id: request },
    login,
    files: () => files,
    pass: 1,
    tables: [{ pipeline: 'to', database, table: 'product' } as VerifiedTable],
    known,
    between: async () => undefined,
    searched: async (one) => void found.push(one),
    signal: new AbortController().signal,
  });
  return found;
}

const orphans = async (): Promise<readonly string[]> => {
  const sql = `SELECT table_name AS root, outcome, here_row FROM lutra.difference WHERE pipeline = '${uid}' AND request = '${request}'`;
  return (await own.query(sql))
    .map((row) => `${String(row['root'])} ${String(row['outcome'])} ${JSON.parse(String(row['here_row'])).path}`)
    .toSorted();
};

test('files that no row of any of them names are found and kept, and are gone when they are named', async () => {
  const named = ['1/a.jpg', '1/b.jpg', '2/no-hash-yet.jpg', 'x.jpg', 'logo.jpg'];
  for (const path of [...named, '1/c.jpg', 'stray', 'leaving']) files.write({ root, path }, path);
  const sha = '0'.repeat(64);
  await own.run(`INSERT INTO ${database}.product VALUES (1, 'a.jpg,b.jpg', '${sha},${sha}', 1), (2, 'no-hash-yet.jpg', NULL, 1)`);
  await own.run(`INSERT INTO ${database}.banner VALUES (1, '/b/x.jpg', NULL, 1), (2, '/b/../up', NULL, 1)`);
  await other.run(`INSERT INTO ${database}.logo VALUES (1, 'logo.jpg', NULL, 1)`);
  const leaves = `'${root}', UNHEX(SHA2('leaving', 256)), 'leaving', UNHEX(SHA2('', 256)), 1, 1, 1, 1, '${uid}', 1, 'trash'`;
  const columns = 'root, path_hash, path, sha256, size, mtime_ns, dev, ino, pipeline, n, state';
  await own.run(`INSERT INTO lutra.file (${columns}) VALUES (${leaves})`);
  expect(await search()).toMatchObject([{ pipeline: 'to', root, pass: 1, files: 8, orphans: 2, bytes: 12, notes: [] }]);
  expect(await orphans()).toEqual(['pics file-orphan 1/c.jpg', 'pics file-orphan stray']);
  await other.run(`INSERT INTO ${database}.logo VALUES (2, '1/c.jpg', NULL, 1)`);
  expect(await search()).toMatchObject([{ orphans: 1 }]);
  expect(await orphans()).toEqual(['pics file-orphan stray']);
});

test('where it is not known what rows name, nothing is said to be an orphan', async () => {
  files.write({ root, path: 'stray' }, 'x');
  const lost = { endpoint: endpoint('other'), isTarget: false, routes: [{ schema: database, table: 'gone', files: [rule({})] }] };
  const [found] = await search([...usual, lost]);
  expect(found).toMatchObject({ orphans: 0, notes: [expect.stringContaining('no table has the columns of the rule {image}')] });
  files.fail('list');
  expect(await search()).toMatchObject([{ orphans: 0, notes: [expect.stringContaining('it is not searched: FILES_UNAVAILABLE')] }]);
});

test('a root that this pass has searched is not searched again', async () => {
  const [known] = await search();
  expect(await search(usual, [known!])).toEqual([]);
});

describe('what no row names goes to the trash', () => {
  const alone = usual.slice(0, 1);
  const said: string[] = [];

  async function trash(users: readonly RootUser[] = alone, patienceMs = 60_000): Promise<number> {
    const servers = new Servers(login);
    said.length = 0;
    try {
      return await trashOrphans({
        work: workOf(users),
        request,
        servers,
        before: undefined,
        files: () => files,
        look: async () => undefined,
        told: async ({ gone, kept, left }, waitingFor) => void said.push(waitingFor ?? `${gone} ${kept} ${left}`),
        pollMs: 10,
        patienceMs,
        signal: new AbortController().signal,
      });
    } finally {
      await servers.close();
    }
  }

  /** What the loader of the pipeline does. */
  async function leaving(work: () => Promise<void>, naming: Naming = 'free'): Promise<void> {
    const over = new AbortController();
    const nothing = (): undefined => undefined;
    const told = { onHeld: nothing, onGone: nothing, onFenced: nothing, warn: nothing };
    const of = { files, store: serverFileStore, target: own.options, pipeline: uid as PipelineUid, epoch: 1, signal: over.signal };
    const loader = new LeavingFiles({ ...of, ...told, naming: () => async () => naming });
    const waking = setInterval(() => loader.wake(), 20);
    const run = loader.run();
    try {
      await work();
    } finally {
      over.abort();
      clearInterval(waking);
      await run;
    }
  }

  const entries = async (): Promise<readonly string[]> => {
    const found = await own.query(`SELECT CAST(path AS CHAR) AS path, state FROM lutra.file WHERE pipeline = '${uid}' ORDER BY path`);
    return found.map(({ path, state }) => `${String(path)} ${String(state)}`);
  };
  const problems = async (): Promise<readonly unknown[]> =>
    (await own.query(`SELECT problem FROM lutra.difference WHERE pipeline = '${uid}'`)).map((row) => String(row['problem']));

  beforeEach(async () => {
    await own.run(`DELETE FROM lutra.file WHERE pipeline = '${uid}'; DELETE FROM lutra.difference WHERE pipeline = '${uid}'`);
    for (const path of ['stray', 'old', 'back']) files.write({ root, path }, path);
    const columns = 'root, path_hash, path, sha256, size, mtime_ns, dev, ino, pipeline, n, state';
    const placed = `'${root}', UNHEX(SHA2('old', 256)), 'old', UNHEX(SHA2('', 256)), 9, 9, 1, 99, '${uid}', 7, 'placed'`;
    await own.run(`INSERT INTO lutra.file (${columns}) VALUES (${placed})`);
    expect(await search(alone)).toMatchObject([{ orphans: 3 }]);
  });

  test('but for one that a row names by now', async () => {
    await own.run(`INSERT INTO ${database}.banner VALUES (1, '/b/back', NULL, 1)`);
    await leaving(async () => expect(await trash()).toBe(2));
    expect([files.trash.toSorted(), files.bytesAt({ root, path: 'back' })]).toEqual([['old', 'stray'], 'back']);
    expect([said.at(-1), await orphans(), await entries()]).toEqual(['2 1 0', [], []]);
  });

  test('and for one that a row comes to name meanwhile: the loader looks once more', async () => {
    await leaving(async () => expect(await trash()).toBe(0), 'named');
    expect([files.trash, said.at(-1), (await orphans()).length]).toEqual([[], '0 3 0', 3]);
    expect(await entries()).toEqual(['back placed', 'old placed', 'stray placed']);
  });

  test('when the loader of the pipeline runs', async () => {
    expect(await trash(alone, 0)).toBe(0);
    expect(await problems()).toEqual(Array.from({ length: 3 }, () => expect.stringContaining('it does not run')));
    expect(said[0]).toBe('pipeline to, which has 3 files to move to the trash');
    await leaving(async () => expect(await trash()).toBe(3));
    expect([files.trash.length, await orphans()]).toEqual([3, []]);
  });

  test('where rows of another server may name it, it stays, and the list says why', async () => {
    await leaving(async () => expect(await trash(usual)).toBe(0));
    expect([files.trash, said]).toEqual([[], ['0 3 0']]);
    expect(await problems()).toEqual(Array.from({ length: 3 }, () => expect.stringContaining('rows of other may come to name it')));
  });
});
