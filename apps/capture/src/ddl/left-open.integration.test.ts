/** What real servers say that a table got from its database. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestServer } from '../../../../libs/mysql/src/mysql.fixture.js';
import { askCollation } from './left-open.js';

describe.each(['8.0', '9.7', 'mariadb-11.4'] as const)('%s', (version) => {
  let server: TestServer;
  beforeAll(async () => void (server = await TestServer.shared(version)));
  afterAll(() => server.stop());

  it('is the collation of the table, whatever its database has become; of one that is gone, that of the database', async () => {
    const database = await server.database();
    await server.run(`ALTER DATABASE ${database} COLLATE latin1_german1_ci; CREATE TABLE ${database}.t (id int primary key)`);
    const ask = async (of: string, name: string) => {
      const id = await askCollation(server.options, { database: of, name });
      const [row] = id === null ? [] : await server.query(`SELECT COLLATION_NAME AS c FROM information_schema.COLLATIONS WHERE ID = ${id}`);
      return row?.['c'] ?? null;
    };
    expect(await ask(database, 't')).toBe('latin1_german1_ci');
    await server.run(`ALTER DATABASE ${database} COLLATE utf8mb4_bin`);
    expect([await ask(database, 't'), await ask(database, 'gone'), await ask('nowhere', 't')]).toEqual([
      'latin1_german1_ci',
      'utf8mb4_bin',
      null,
    ]);
  });
});
