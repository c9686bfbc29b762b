/** Keys that are found for each table by itself, and for all of its database at once. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestServer, versions } from './mysql.fixture.js';
import { loadTables } from './target-table.js';

describe.each(versions)('foreign keys on %s', (version) => {
  let server: TestServer;

  beforeAll(async () => {
    server = await TestServer.shared(version);
  });
  afterAll(() => server.stop());

  test('are those of the table, whatever others are called', async () => {
    const [here, there] = [await server.database(), await server.database()];
    const upper = here.toUpperCase();
    await server.run(`CREATE DATABASE ${upper} CHARACTER SET utf8mb4;
      CREATE TABLE ${here}.p (id int primary key, b int, unique (id, b));
      CREATE TABLE ${here}.t (id int primary key, v int, w int, CONSTRAINT one FOREIGN KEY (v) REFERENCES p (id) ON DELETE CASCADE,
        CONSTRAINT two FOREIGN KEY (v, w) REFERENCES p (id, b), CONSTRAINT own FOREIGN KEY (w) REFERENCES t (id) ON UPDATE CASCADE);
      CREATE TABLE ${here}.T (id int primary key, v int, CONSTRAINT upper_one FOREIGN KEY (v) REFERENCES p (id) ON DELETE SET NULL);
      CREATE TABLE ${upper}.t (id int primary key, v int, CONSTRAINT far FOREIGN KEY (v) REFERENCES ${here}.T (id));
      CREATE TABLE ${there}.t (id int primary key, v int, CONSTRAINT one FOREIGN KEY (v) REFERENCES ${here}.p (id))`);
    const told = await loadTables(server.admin, here);
    const byName = Object.fromEntries(
      told.map(({ name, foreignKeys, ...of }) => [
        name,
        { keys: foreignKeys.map((key) => `${key.name} ${key.columns.join()} ${key.onDelete}`), cascades: of.cascades, by: of.referenced },
      ]),
    );
    const passive = version === 'mariadb-11.4' ? 'RESTRICT' : 'NO ACTION';
    expect(byName).toEqual({
      p: { keys: [], cascades: ['one', 'upper_one'], by: true },
      t: { keys: ['one v CASCADE', `own w ${passive}`, `two v,w ${passive}`], cascades: ['one', 'own'], by: true },
      T: { keys: ['upper_one v SET NULL'], cascades: ['upper_one'], by: true },
    });
    for (const one of told) expect((await server.load(here, one.name)).target).toEqual(one);
    await server.run(`DROP TABLE ${upper}.t, ${there}.t; DROP DATABASE ${upper}`);
  });
});
