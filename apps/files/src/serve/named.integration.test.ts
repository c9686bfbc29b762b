import { keyTextOf } from '@lutra/files';
import { SyncError } from '@lutra/model';
import type { EndpointDocument, FileRule, Row } from '@lutra/model';
import { Keyring, sealPassword } from '@lutra/registry';
import type { Configuration } from '@lutra/registry';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { TestServer } from '../../../../libs/mysql/src/mysql.fixture.js';
import { Session } from '@lutra/mysql';
import { SourceRows } from './named.js';

const rule: FileRule = {
  root: 'pics',
  path: '{shop}/{images}',
  split: ',',
  deletes: 'keep',
  missing: 'stop',
  immutable: true,
  waitSeconds: 60,
};
const secretKey = Keyring.of(Buffer.alloc(32, 7));

describe.each(['8.0', '9.7'] as const)('whether a row still names a file, MySQL %s', (version) => {
  let server: TestServer;
  let database: string;
  let rows: SourceRows;
  let endpoint: EndpointDocument;

  beforeAll(async () => {
    server = await TestServer.shared(version);
    database = await server.database();
    await server.run(
      `CREATE TABLE ${database}.items (id BIGINT UNSIGNED, day DATE, name VARCHAR(20) COLLATE utf8mb4_bin, shop INT, images TEXT, sha VARBINARY(32), PRIMARY KEY (id, day, name))`,
    );
    const { host, port, user, password } = server.options;
    const login = { name: 'orders', region: 'ca', host, port, user };
    endpoint = { ...login, password: sealPassword(secretKey, password, login) } as EndpointDocument;
    const documents = (): Configuration => ({ endpoints: new Map([['orders', endpoint]]) }) as unknown as Configuration;
    rows = new SourceRows({ region: 'ca', secretKey, documents });
  });
  afterAll(async () => {
    await rows.close();
    await server.stop();
  });

  const keyed = { id: 18446744073709551615n, day: '2026-11-30', name: "o'brien" };
  async function asked(path: string, more: Partial<FileRule> & { readonly hash?: string } = {}, key: Row = keyed): Promise<boolean> {
    const { source } = await server.load(database, 'items');
    const of = { endpoint: 'orders', database, table: 'items', key: keyTextOf(source)(key), root: 'pics', path };
    const { hash, ...others } = more;
    const ofRule = { ...rule, ...others, ...(hash !== undefined && { hash: 'sha', split: undefined }) };
    const { named } = await rows.named({ rows: [{ ...of, rule: ofRule, ...(hash !== undefined && { hash }) }] });
    return named[0]!;
  }
  const put = (images: string, sha = 'NULL'): Promise<unknown> =>
    server.run(
      `REPLACE INTO ${database}.items VALUES (18446744073709551615, '2026-11-30', 'o''brien', 7, '${images}', ${sha}), (1, '2026-11-30', 'x', 7, 'z', NULL)`,
    );

  it('is so while it is there and names it, and not of another row', async () => {
    await put('a.jpg,b/ö.jpg');
    expect(await asked('7/a.jpg')).toBe(true);
    expect(await asked('7/b/ö.jpg')).toBe(true);
    expect(await asked('7/c.jpg')).toBe(false);
    expect(await asked('7/z')).toBe(false);
    expect(await asked('7/z', {}, { ...keyed, id: 1n, name: 'x' })).toBe(true);
  });

  it('is not so once it names another one, or is gone', async () => {
    await put('c.jpg');
    expect(await asked('7/a.jpg')).toBe(false);
    await put('../a.jpg'); // no rule follows that
    expect(await asked('7/a.jpg')).toBe(false);
    await server.run(`DELETE FROM ${database}.items`);
    expect(await asked('7/c.jpg')).toBe(false);
  });

  it('is so only with the hash that is asked for', async () => {
    const [one, other] = ['11', '22'].map((pair) => pair.repeat(32)) as [string, string];
    await put('a.jpg', `x'${one}'`);
    expect(await asked('7/a.jpg', { hash: one })).toBe(true);
    expect(await asked('7/a.jpg', { hash: other })).toBe(false);
  });

  it('waits for whoever writes the row; what stays locked is taken for named', async () => {
    await put('a.jpg');
    const writer = await Session.open(server.options, 'source');
    await writer.query('BEGIN');
    await writer.query(`UPDATE ${database}.items SET images = 'b.jpg' WHERE name = 'o''brien'`);
    const waits = asked('7/b.jpg');
    const isWaiting = "SELECT COUNT(*) AS n FROM information_schema.INNODB_TRX WHERE trx_state = 'LOCK WAIT'";
    await vi.waitFor(async () => expect((await writer.query(isWaiting)).map(({ n }) => Number(n))).toEqual([1]), {
      timeout: 2_500,
      interval: 200, // the server looks anew no sooner
    });
    await writer.query('COMMIT');
    expect(await waits).toBe(true);
    expect(await asked('7/a.jpg')).toBe(false);
    await writer.query('BEGIN');
    await writer.query(`DELETE FROM ${database}.items WHERE name = 'o''brien'`);
    expect(await asked('7/z.jpg')).toBe(true);
    await writer.query('ROLLBACK');
    await writer.close();
  });

  it('is told of a row whose columns have other names by now, and not of one whose column was dropped', async () => {
    await server.run(`CREATE TABLE ${database}.renamed (id INT PRIMARY KEY, shop INT, images TEXT, n INT);
      INSERT INTO ${database}.renamed VALUES (1, 7, 'a.jpg,b.jpg', 3)`);
    const is = async (path: string): Promise<boolean | undefined> => {
      const of = { endpoint: 'orders', database, table: 'renamed', key: { id: '1' }, root: 'pics', path, rule };
      return (await rows.named({ rows: [of] })).named[0];
    };
    const alter = (what: string): Promise<unknown> => server.run(`ALTER TABLE ${database}.renamed ${what}`);
    await alter('RENAME COLUMN images TO pictures');
    expect([await is('7/a.jpg'), await is('7/c.jpg')]).toEqual([true, false]);
    await alter('RENAME COLUMN id TO number');
    expect([await is('7/b.jpg'), await is('7/c.jpg')]).toEqual([true, false]);
    await alter('RENAME COLUMN shop TO store'); // two of a rule: nobody can tell
    expect(await is('7/c.jpg')).toBe(true);
    await alter('RENAME COLUMN store TO shop, DROP COLUMN pictures');
    expect(await is('7/a.jpg')).toBe(false);
  });

  it('is not so of a table that was dropped', async () => {
    const of = { endpoint: 'orders', database, table: 'gone', key: { id: '1' }, root: 'pics', path: 'a', rule };
    expect(await rows.named({ rows: [of] })).toEqual({ named: [false] });
  });

  it('is an error where nobody can tell: another region, a key that is SQL', async () => {
    const of = { database, table: 'items', key: { id: '1' }, root: 'pics', path: 'a', rule };
    const code = (row: object): Promise<unknown> =>
      rows.named({ rows: [{ endpoint: 'orders', ...of, ...row }] }).then(
        () => 'none',
        (error: unknown) => (error instanceof SyncError ? error.code : error),
      );
    expect(await code({ endpoint: 'elsewhere' })).toBe('FILES_REFUSED');
    expect(await code({ key: { id: '1 OR 1 = 1' } })).toBe('FILES_REFUSED');
    expect(await code({ key: {} })).toBe('FILES_REFUSED');
  });
});
