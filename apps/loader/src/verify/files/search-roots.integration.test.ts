/** A root of a region with two servers whose rows name files in it: of the own pipeline, and of another channel that reads there. */
import { randomUUID } from 'node:crypto';
import { fileRuleSchema } from '@lutra/model';
import type { EndpointDocument, FileRule, VerifiedRoot, VerifiedTable } from '@lutra/model';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { MemoryFiles } from '../../../../../libs/files/src/memory-files.fixture.js';
import { TestServer } from '../../../../../libs/mysql/src/mysql.fixture.js';
import type { RootUser, VerifiedPipeline, VerifyWork } from '../assignments.js';
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

async function search(users = usual, known: readonly VerifiedRoot[] = []): Promise<readonly VerifiedRoot[]> {
  const pipeline = { name: 'to', uid, target: endpoint('own'), routes: [product] } as unknown as VerifiedPipeline;
  const work: VerifyWork = {
    channel: 'c',
    pipelines: [pipeline],
    rules: [],
    home: null,
    roots: [{ pipeline: 'to', root, region: 'rb', users }],
  };
  const found: VerifiedRoot[] = [];
  await searchRoots({
    work,
    order: { id: request },
    login: (name) => (name === 'own' ? own : other).options,
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
