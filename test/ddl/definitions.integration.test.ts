/** What the comparison of both sides sees: one server is both, and the routes lead from one database of it to another. */
import { type Connection, createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { routeSchema } from '@lutra/model';
import { TestServer } from '../../libs/mysql/src/mysql.fixture.js';
import { differencesOf } from './definitions.js';

let server: TestServer;
let connection: Connection;
beforeAll(async () => {
  server = await TestServer.shared('9.7');
  connection = await createConnection({ ...server.options, multipleStatements: true, dateStrings: true });
});
afterAll(async () => {
  await connection.query('DROP DATABASE IF EXISTS ddl_left; DROP DATABASE IF EXISTS ddl_right');
  connection.destroy();
  await server.stop();
});

const routes = [routeSchema.parse({ schema: 'ddl_left', exclude: ['aside'], to: { schema: 'ddl_right' } })];
const differences = (): Promise<readonly string[]> =>
  differencesOf({ source: connection, target: connection }, { routes, databases: ['ddl_left'] });

beforeEach(async () => {
  for (const database of ['ddl_left', 'ddl_right']) {
    await connection.query(`DROP DATABASE IF EXISTS ${database}; CREATE DATABASE ${database}; USE ${database};
      CREATE TABLE parent (id INT PRIMARY KEY);
      CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(9), p INT, KEY k (v), CONSTRAINT c FOREIGN KEY (p) REFERENCES parent (id));
      INSERT INTO t (v) VALUES ('a'), ('b')`);
  }
});

it('sees nothing where both are alike, excluded tables, foreign keys and counters included', async () => {
  await connection.query('CREATE TABLE ddl_left.aside (id INT); ALTER TABLE ddl_right.t AUTO_INCREMENT = 50');
  expect(await differences()).toEqual([]);
});

it.each([
  ['ALTER TABLE ddl_right.t ADD COLUMN c INT'],
  ['ALTER TABLE ddl_right.t DROP INDEX k'],
  ['ALTER TABLE ddl_right.t COMMENT = "x"'],
  ['ALTER TABLE ddl_right.t DROP FOREIGN KEY c'],
  ['CREATE TABLE ddl_right.more (id INT)'],
  ['CREATE TABLE ddl_left.more (id INT)'],
  ['DROP TABLE ddl_right.t'],
  ['TRUNCATE ddl_right.t'],
  ["UPDATE ddl_right.t SET v = 'c' WHERE id = 1"],
])('sees %s', async (sql) => {
  await connection.query(sql);
  expect(await differences()).toHaveLength(1);
});
