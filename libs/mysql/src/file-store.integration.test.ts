/** What a loader keeps of files at its target, and whether a row names one. */
import { createHash } from 'node:crypto';
import type { FileRule } from '@lutra/model';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isFileNamed, tablesWithColumnsOf } from './file-names.js';
import { beginFilePlacing, filesTexts, readFilePlacing, readLeavingFiles, readMissingFiles } from './file-store.js';
import type { FilesWritten } from './file-store.js';
import { TestServer, versions } from './mysql.fixture.js';
import { inheritLeaving, othersPlacing } from './removed-placings.js';
import { letFilesGo } from './letting-go.js';
import { Session } from './session.js';

const pipeline = 'filestore';
const sha256 = createHash('sha256').update('x').digest('hex');
const file = (path: string, ino = '18446744073709551615') => ({
  root: 'pics',
  path,
  sha256,
  size: 5,
  mtimeNs: '1700000000123456789',
  dev: '7',
  ino,
});
const none = { places: [], placed: [], leaves: [], missing: [], found: [] };

describe.each(versions)('lutra.file on %s', (version) => {
  let server: TestServer;
  beforeAll(async () => {
    server = await TestServer.shared(version);
    await server.run('CREATE DATABASE IF NOT EXISTS filenames');
  });
  afterAll(() => server?.stop());
  beforeEach(async () => {
    for (const table of ['file', 'file_place', 'file_missing'])
      await server.run(`DELETE FROM lutra.${table} WHERE pipeline = '${pipeline}'`);
  });

  async function write(written: Partial<FilesWritten> & Pick<FilesWritten, 'n'>): Promise<void> {
    for (const { sql } of filesTexts({ pipeline, ...none, ...written })) for (const each of sql.split(';\n')) await server.run(each);
  }

  const leaving = () => readLeavingFiles(server.options, pipeline, { after: null, limit: 10 });

  it('has the number of the last placing, and each value as it was given', async () => {
    expect(await readFilePlacing(server.options, pipeline)).toEqual(new Map());
    await beginFilePlacing(server.options, pipeline, ['pics', 'docs']);
    expect(await readFilePlacing(server.options, pipeline)).toEqual(
      new Map([
        ['docs', 0],
        ['pics', 0],
      ]),
    );
    const odd = "ä/'\\ \u{1F600}";
    await write({ n: 3, places: [{ root: 'pics', n: 3 }], placed: [file(odd)], leaves: [{ ...file(odd), way: 'remove' }] });
    await beginFilePlacing(server.options, pipeline, ['pics']);
    expect(await readFilePlacing(server.options, pipeline)).toEqual(
      new Map([
        ['docs', 0],
        ['pics', 3],
      ]),
    );
    expect(await leaving()).toEqual([{ ...file(odd), pipeline, n: 3, way: 'remove' }]);
  });

  it('a file that comes again is not to go; one that nobody has placed here does not go', async () => {
    await write({
      n: 1,
      placed: [file('a'), file('b')],
      leaves: [
        { ...file('a'), way: 'trash' },
        { ...file('foreign'), way: 'trash' },
      ],
    });
    expect((await leaving()).map(({ path }) => path)).toEqual(['a']);
    await write({ n: 2, placed: [file('a', '9')] });
    expect(await leaving()).toEqual([]);
  });

  it('reads on behind the last one, in the order of the key', async () => {
    const paths = Array.from({ length: 5 }, (_, i) => `p${i}`);
    await write({ n: 1, placed: paths.map((path) => file(path)), leaves: paths.map((path) => ({ root: 'pics', path, way: 'trash' })) });
    const all: string[] = [];
    for (let after = null as Awaited<ReturnType<typeof leaving>>[number] | null; ;) {
      const some = await readLeavingFiles(server.options, pipeline, { after, limit: 2 });
      all.push(...some.map(({ path }) => path));
      after = some.at(-1) ?? null;
      if (some.length < 2) break;
    }
    expect(all.toSorted()).toEqual(paths);
  });

  it('lets files go behind a mark, and holds nothing meanwhile; what came again, or is named, stays', async () => {
    const paths = ['busy', 'gone', 'hidden', 'kept', 'late', 'placed', 'void'];
    await write({ n: 1, placed: paths.map((path) => file(path)), leaves: paths.map((path) => ({ root: 'pics', path, way: 'trash' })) });
    const files = await leaving();
    await write({ n: 2, placed: [file('placed')] });
    const asked: string[] = [];
    const later: string[] = [];
    let catalogues = 0;
    await letFilesGo(server.options, files, {
      mark: async ({ path }) => (path === 'busy' ? null : `of ${path}`),
      naming: () => {
        catalogues += 1;
        return async ({ path }) => (path === 'kept' ? 'named' : path === 'hidden' ? 'unknown' : 'free');
      },
      remove: async ({ path }, mark) => {
        asked.push(mark);
        // Nobody holds its row: another transaction names it, and leaves it once more.
        if (path === 'late') await write({ n: 3, leaves: [{ root: 'pics', path, way: 'remove' }] });
        return path !== 'void';
      },
      onLater: ({ path }, why) => void later.push(`${path} ${why}`),
    });
    expect(asked.toSorted()).toEqual(['of gone', 'of late', 'of void']);
    expect(later.toSorted()).toEqual(['busy busy', 'hidden unknown', 'void busy']);
    expect(catalogues).toBe(1);
    expect((await leaving()).map(({ path, n }) => `${path} ${n}`).toSorted()).toEqual(['busy 1', 'hidden 1', 'late 3', 'void 1']);
    const rows = await server.query(`SELECT path FROM lutra.file WHERE pipeline = '${pipeline}' AND state = 'placed' ORDER BY path`);
    expect(rows.map((row) => String(Object.values(row as object)[0]))).toEqual(['kept', 'placed']);
  });

  it('hands what a removed pipeline was to let go to another one', async () => {
    await beginFilePlacing(server.options, pipeline, ['pics']);
    await beginFilePlacing(server.options, 'filestore2', ['pics']);
    expect(await othersPlacing(server.options, 'filestore2', 'pics')).toContain(pipeline);
    expect(await othersPlacing(server.options, 'filestore2', 'docs')).not.toContain(pipeline);
    await write({ n: 1, placed: [file('goes'), file('stays')], leaves: [{ root: 'pics', path: 'goes', way: 'trash' }] });
    await inheritLeaving(server.options, { from: pipeline, to: 'filestore2', root: 'pics' });
    const read = await readLeavingFiles(server.options, 'filestore2', { after: null, limit: 10 });
    expect([read.map(({ path }) => path), await leaving()]).toEqual([['goes'], []]);
    for (const table of ['file', 'file_place']) await server.run(`DELETE FROM lutra.${table} WHERE pipeline = 'filestore2'`);
  });

  it('has files that rows came without until they are found', async () => {
    const missing = { root: 'pics', path: 'm/é', sha256: null, table: { database: 'shop', name: 'T' }, key: '{"id":"1"}' };
    await write({ n: 1, missing: [missing, { ...missing, path: 'n', sha256 }] });
    await write({ n: 2, missing: [missing] });
    const read = await readMissingFiles(server.options, pipeline, { limit: 10 });
    expect(read).toMatchObject([missing, { ...missing, path: 'n', sha256 }]);
    expect(await readMissingFiles(server.options, pipeline, { limit: 10, after: read[0]?.id ?? '' })).toHaveLength(1);
    await write({ n: 3, found: [missing] });
    expect((await readMissingFiles(server.options, pipeline, { limit: 10 })).map(({ path }) => path)).toEqual(['n']);
  });

  it('knows by the columns whether a row names a file, however its path is cut', async () => {
    await server.run('DROP TABLE IF EXISTS filenames.t');
    await server.run(
      'CREATE TABLE filenames.t (id INT PRIMARY KEY, shop_id INT, image VARCHAR(200), list TEXT, doc JSON, KEY (shop_id, image))',
    );
    await server.run(
      `INSERT INTO filenames.t VALUES (1, 5, 'https://x/a/b.jpg', 'p,q', '{"f": [{"n": "ü\\\\"1"}]}'), (2, NULL, NULL, NULL, NULL), (3, 6, 'c', 'x', '{"f": []}')`,
    );
    const session = await Session.open(server.options, 'target');
    const table = { database: 'filenames', name: 't' };
    const names = (rule: Partial<FileRule> & { path: string }, path: string) => isFileNamed(session, table, { rule, path });
    const plain = { path: '{shop_id}/{image}', strip: 'https://x/' };
    expect(await names(plain, '5/a/b.jpg')).toBe(true);
    expect(await names(plain, '5/a/c.jpg')).toBe(false);
    expect(await names(plain, '6/a/b.jpg')).toBe(false);
    expect(await names(plain, 'x')).toBe(false);
    const list = { path: 'l/{shop_id}/{list}', split: ',' };
    expect(await names(list, 'l/5/q')).toBe(true);
    expect(await names(list, 'l/6/q')).toBe(false);
    const json = { path: '{id}/{doc}', json: '$.f[*].n' };
    expect(await names(json, '1/ü"1')).toBe(true);
    expect(await names(json, '3/ü"1')).toBe(false);
    expect(await names({ path: '{a}{b}{c}{d}' }, 'x'.repeat(40))).toBe(true);
    const found = await tablesWithColumnsOf(session, [plain, { path: '{nobody}' }]);
    expect([...found.values()].map((tables) => tables.filter(({ database }) => database === 'filenames'))).toEqual([[table], []]);
    await session.close();
  });
});
