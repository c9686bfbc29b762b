/**
 * Schemas as they are in the world are seeded into an empty side: foreign keys in a circle, triggers, views, routines, partitions,
 * GEOMETRY, ENUM and SET (the dumps of test/scenarios), and names with quotes, dots, spaces and symbols. Side b has the databases alone.
 */
import type { RowDataPacket } from 'mysql2/promise';
import { describe, expect, it } from 'vitest';
import { compareDatabases, type Side, type Stack, withAdministrator } from '../harness/index.js';
import { dumps, loadRows, loadStructure } from '../scenarios/dumps.js';
import { seeded, verified } from './orders.js';
import { withStack } from './with-stack.js';

const odd = 'it\'s "odd".db ☃';
const databases = [...dumps, odd];
/** A route names what a name may not hold there (dots, spaces, back quotes) by `?`, a GRANT by `_`. */
const grants = [...dumps, odd.replaceAll(/[. ]/g, '_')];
const routes = [...dumps, odd.replaceAll(/[. ]/g, '?')].map((schema) => ({ schema }));
/** No supplementary characters: MySQL refuses them in names. */
const oddTables: readonly string[] = [
  'CREATE TABLE `two words` (`it\'s` INT PRIMARY KEY, `a.b` VARCHAR(20) NOT NULL, `☃ "x"` JSON, UNIQUE KEY `k"k` (`a.b`))',
  "CREATE TABLE `dots.and'quotes` (`select` VARCHAR(20) COLLATE utf8mb4_0900_ai_ci, `Ключ` INT, `v,w` BLOB, PRIMARY KEY (`select`, `Ключ` DESC))",
  'CREATE TABLE `"parent"` (`id` INT PRIMARY KEY, `p` POINT NOT NULL SRID 4326, `d` DOUBLE AS (`id` * 2) STORED)',
  'CREATE TABLE `ch;ild --` (`id` INT PRIMARY KEY, `of` INT, CONSTRAINT `f\'k` FOREIGN KEY (`of`) REFERENCES `"parent"` (`id`) ON DELETE CASCADE)',
  "INSERT INTO `two words` VALUES (1, 'a', '{\"x\": 1.0}'), (2, 'b', NULL), (-3, '', '[]')",
  "INSERT INTO `dots.and'quotes` VALUES ('É', 1, X'00'), ('e', 2, X'FF'), ('F', -1, NULL)",
  "INSERT INTO `\"parent\"` (`id`, `p`) VALUES (1, ST_GeomFromText('POINT(30.25 120.1)', 4326)), (2, ST_GeomFromText('POINT(-37.5 122)', 4326))",
  'INSERT INTO `ch;ild --` VALUES (1, 1), (2, 2), (3, NULL)',
];

let stack: Stack;

const query = (side: Side, sql: string): Promise<RowDataPacket[]> =>
  withAdministrator(stack.mysql[side], async (connection) => (await connection.query<RowDataPacket[]>(sql))[0]);

async function prepare(): Promise<void> {
  for (const side of ['a', 'b'] as const)
    for (const name of databases) await query(side, `CREATE DATABASE \`${name}\` CHARACTER SET utf8mb4`);
  for (const name of dumps) {
    await loadStructure(stack, 'a', { name, into: name });
    await loadRows(stack, 'a', { name, into: name });
  }
  await withAdministrator(stack.mysql.a, async (connection) => {
    await connection.query(`USE \`${odd}\``);
    for (const sql of oddTables) await connection.query(sql);
  });
}

const names = databases.map((name) => `'${name.replaceAll("'", "''")}'`).join();
const countOf = async (side: Side, what: 'TABLES' | 'VIEWS' | 'TRIGGERS'): Promise<number> => {
  const column = what === 'TRIGGERS' ? 'TRIGGER_SCHEMA' : 'TABLE_SCHEMA';
  const only = what === 'TABLES' ? " AND TABLE_TYPE = 'BASE TABLE'" : '';
  const [row] = await query(side, `SELECT COUNT(*) AS n FROM information_schema.${what} WHERE ${column} IN (${names})${only}`);
  return Number(row?.['n']);
};

async function expectEqual(): Promise<void> {
  await stack.drain(180_000);
  const found = await compareDatabases({ a: stack.connection('a'), b: stack.connection('b'), databases });
  expect(found).toMatchObject({ differing: 0, differences: [] });
  expect(found.rows).toBeGreaterThan(2_000);
  const { tables, equal } = await verified(stack, ['*.*']);
  const said = tables.map(({ database, table, verdict, notes }) => ({ database, table, verdict, notes }));
  expect(equal, JSON.stringify(said)).toBe(true);
  // The probes of the harness too.
  expect(said).toHaveLength((await countOf('a', 'TABLES')) + 1);
  const film = said.find(({ database, table }) => database === 'cinema' && table === 'film');
  expect(film?.notes.join()).toMatch(/triggers: \d+ at the source, 0 at the target/);
}

describe.each([
  { ways: 'one way', from: ['a'], mysqlB: '9.7' },
  { ways: 'both ways', from: ['a', 'b'], mysqlB: '8.0' },
] as const)('data sets, $ways', ({ from, mysqlB }) => {
  it('are created and filled, and equal by the own comparison and by the product', { timeout: 600_000 }, () =>
    withStack({ mysql: '8.0', mysqlB }, async (started) => {
      stack = started;
      await prepare();
      const conflicts = from.length > 1 ? { conflicts: { home: stack.regions.a, rules: [{ schema: '*', policy: 'home' as const }] } } : {};
      await stack.createChannel({ databases: grants, routes, from, seed: true, ...conflicts });
      await stack.startChannel();
      const tables = await countOf('a', 'TABLES');
      const done = await seeded(stack, { tables, boundMs: 300_000 });
      expect(done.map(({ clashes }) => clashes)).toEqual(from.map(() => 0));
      await expectEqual();
      // What is neither a table nor a row stays behind.
      expect([await countOf('a', 'VIEWS'), await countOf('a', 'TRIGGERS')].every((n) => n > 0)).toBe(true);
      expect([await countOf('b', 'VIEWS'), await countOf('b', 'TRIGGERS')]).toEqual([0, 0]);
      await query('a', `UPDATE \`${odd}\`.\`two words\` SET \`a.b\` = CONCAT(\`a.b\`, '’') WHERE \`it's\` <> 2`);
      await query('a', `DELETE FROM \`${odd}\`.\`ch;ild --\` WHERE \`id\` = 2`);
      await query('a', "UPDATE cinema.film SET title = CONCAT(title, '!') WHERE film_id % 3 = 0");
      if (from.length > 1) await query('b', `INSERT INTO \`${odd}\`.\`dots.and'quotes\` VALUES ('from b', 7, '')`);
      await expectEqual();
    }),
  );
});
