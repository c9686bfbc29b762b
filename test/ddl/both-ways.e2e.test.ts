/**
 * Both ways, MySQL 9.7 and 8.0, a is at home: what is compatible runs on the other side while both sides write all the time; what is not,
 * and what the other side runs, is held. Both sides end with the same definitions and rows.
 */
import type { RowDataPacket } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { keptStackBothWays, leaveStack } from '../accidents/kept-stack.js';
import { until } from '../accidents/one-way.js';
import { type Side, sides, type Stack, withAdministrator } from '../harness/index.js';
import { bothDatabase, BothWays } from './both-ways.js';
import { goes, TwoWriters } from './two-writers.js';

let stack: Stack;
let both: BothWays;
let writers: TwoWriters | undefined;
beforeAll(async () => {
  stack = await keptStackBothWays();
  both = await BothWays.open(stack, { default: 'apply' });
}, 300_000);
afterEach(async () => {
  await writers?.stop();
  writers = undefined;
});
afterAll(leaveStack);

let seed = 0;
function write(table: string, values: (id: number) => Readonly<Record<string, string>>): TwoWriters {
  onTestFailed(async () => console.error(await stack.report(), await stack.saveLogs()));
  return (writers = new TwoWriters({ stack, database: bothDatabase, table, seed: (seed += 1), values }));
}

async function makes(table: string, columns: string): Promise<void> {
  await both.own('a', `CREATE TABLE ${table} (id BIGINT NOT NULL PRIMARY KEY, n INT NOT NULL DEFAULT 0, ${columns}) CHARSET=utf8mb4`);
  await arrives('b', table, ({ columns: found }) => found.length > 0);
}

interface Shape {
  /** `name type`, without the width of a number. */
  readonly columns: readonly string[];
  readonly indexes: readonly string[];
}

async function shapeOf(side: Side, table: string): Promise<Shape> {
  return withAdministrator(stack.mysql[side], async (connection) => {
    const of = [bothDatabase, table];
    const [columns] = await connection.query<RowDataPacket[]>(
      `SELECT CONCAT_WS(' ', column_name, REGEXP_REPLACE(column_type, '(int|year)\\\\([0-9]+\\\\)', '$1'), is_nullable, column_default, collation_name) AS is_there
        FROM information_schema.columns WHERE table_schema = ? AND table_name = ? ORDER BY column_name`,
      of,
    );
    const [indexes] = await connection.query<RowDataPacket[]>(
      `SELECT CONCAT_WS(' ', index_name, non_unique, GROUP_CONCAT(column_name ORDER BY seq_in_index)) AS is_there
        FROM information_schema.statistics WHERE table_schema = ? AND table_name = ? GROUP BY index_name, non_unique ORDER BY index_name`,
      of,
    );
    const texts = (rows: readonly RowDataPacket[]): readonly string[] => rows.map((row) => String(row['is_there']));
    return { columns: texts(columns), indexes: texts(indexes) };
  });
}

async function arrives(side: Side, table: string, isThere: (shape: Shape) => boolean): Promise<void> {
  const found = await until(async () => isThere(await shapeOf(side, table)) || undefined, 60_000);
  if (!found) throw new Error(`${table} should be altered on ${side}: ${await stack.report()}`);
}

async function rowsOf(side: Side, table: string): Promise<readonly RowDataPacket[]> {
  return withAdministrator(stack.mysql[side], async (connection) => {
    const names = (await shapeOf(side, table)).columns.map((column) => column.split(' ')[0]);
    const [rows] = await connection.query<RowDataPacket[]>(`SELECT ${names.join()} FROM ${bothDatabase}.${table} ORDER BY id`);
    return rows;
  });
}

/** Nobody writes any more: both sides are alike, and have each row that anybody wrote and nobody could delete. */
async function alike(table: string): Promise<readonly RowDataPacket[]> {
  await writers?.stop();
  await stack.drain();
  expect(await shapeOf('b', table)).toEqual(await shapeOf('a', table));
  const [here, there] = [await rowsOf('a', table), await rowsOf('b', table)];
  expect(there).toEqual(here);
  const kept = sides.flatMap((side) => writers?.inserted[side] ?? []).filter((id) => id % goes !== 0);
  expect(kept.length).toBeGreaterThan(10);
  const ids = new Set(here.map(({ id }) => Number(id)));
  expect(kept.filter((id) => !ids.has(id))).toEqual([]);
  return here;
}

/** Nobody writes, and rows that lack a column have arrived. */
async function settles(): Promise<void> {
  await writers?.pause();
  await stack.drain();
}

async function backfill(table: string, from: string, to: string): Promise<void> {
  await both.at('a', `UPDATE ${table} SET ${to} = ${from} WHERE ${to} IS NULL`);
}

describe('while both sides write', () => {
  it('a column is changed in three steps: expand, migrate, contract; no value is lost', async () => {
    await makes('prices', 'price INT NULL');
    // The application's three releases.
    let columns: readonly string[] = ['price'];
    write('prices', (id) => Object.fromEntries(columns.map((name) => [name, String(id)])));
    await both.own('a', 'ALTER TABLE prices ADD COLUMN amount DECIMAL(20,0) NULL');
    await arrives('b', 'prices', (shape) => shape.columns.some((column) => column.startsWith('amount ')));
    columns = ['price', 'amount'];
    await backfill('prices', 'price', 'amount');
    await writers?.pause();
    await stack.drain();
    await backfill('prices', 'price', 'amount');
    await stack.drain();
    writers?.resume();
    columns = ['amount'];
    await writers?.pause();
    writers?.resume();
    await both.own('a', 'ALTER TABLE prices DROP COLUMN price');
    await arrives('b', 'prices', (shape) => !shape.columns.some((column) => column.startsWith('price ')));
    const rows = await alike('prices');
    expect(rows.filter(({ id, amount }) => String(id) !== String(amount))).toEqual([]);
  });

  it('each kind that is compatible runs on the other side by itself', async () => {
    await makes('kinds', "v INT NULL, t VARCHAR(20) NULL, e ENUM('a','b') NULL, gone INT NULL, again INT NULL, KEY old (v)");
    write('kinds', (id) => ({ v: String(id), t: `'${id}'`, e: "'a'", gone: '1', again: '2', c: '7', big: '9999999999' }));
    for (const statement of [
      'ALTER TABLE kinds ADD COLUMN c INT NULL',
      "ALTER TABLE kinds ADD COLUMN d VARCHAR(9) NOT NULL DEFAULT 'x' AFTER id, ADD COLUMN big BIGINT NULL",
      'ALTER TABLE kinds DROP COLUMN gone',
      'ALTER TABLE kinds DROP COLUMN again',
      'ALTER TABLE kinds ADD COLUMN again INT NULL',
      'ALTER TABLE kinds ADD INDEX i (v, t)',
      'CREATE INDEX j ON kinds (c)',
      'ALTER TABLE kinds RENAME INDEX j TO k',
      'DROP INDEX old ON kinds',
      'ALTER TABLE kinds ALTER INDEX k INVISIBLE',
      'ALTER TABLE kinds MODIFY v BIGINT NULL, MODIFY t VARCHAR(200) NULL',
      "ALTER TABLE kinds MODIFY e ENUM('a','b','c') NULL DEFAULT 'c'",
      "ALTER TABLE kinds ALTER COLUMN c SET DEFAULT 5, COMMENT = 'k', ENGINE = InnoDB",
      'ALTER TABLE kinds FORCE',
      'CREATE TABLE made (id BIGINT NOT NULL PRIMARY KEY, v INT NULL) CHARSET=utf8mb4',
      'DROP TABLE made',
    ]) {
      const waits = statement.includes('SET DEFAULT');
      if (waits) await settles();
      await both.own('a', statement);
      if (waits) writers?.resume();
    }
    await arrives('b', 'kinds', (shape) => shape.columns.some((column) => column.startsWith('e enum') && column.includes("'c'")));
    await alike('kinds');
    expect((await shapeOf('b', 'made')).columns).toEqual([]);
  });

  it('what the other side runs is held at home, and ended in each way; both sides may run the same', async () => {
    await makes('held', 'v INT NULL');
    write('held', (id) => ({ v: String(id), one: '1', two: '2', three: '3', five: '5' }));
    await both.own('b', "ALTER TABLE held ADD COLUMN one INT NULL, COMMENT = 'one'");
    const first = await both.holdAt('a');
    expect(first).toMatchObject({ reason: 'not-home', ways: ['run', 'done', 'skip'] });
    await both.answer('a', first, 'run');
    await both.concluded('a', first);
    await both.own('b', 'ALTER TABLE held ADD COLUMN two INT NULL');
    await both.holdAt('a');
    await both.own('a', 'ALTER TABLE held ADD COLUMN two INT NULL');
    await both.goesOn();
    await both.own('b', "ALTER TABLE held ADD COLUMN three INT NULL COMMENT '3', COMMENT = 'three'");
    const third = await both.holdAt('a');
    await both.own('a', "ALTER TABLE held ADD COLUMN three INT NULL COMMENT '3'");
    await both.answer('a', third, 'done');
    await both.concluded('a', third);
    await both.own('a', "ALTER TABLE held COMMENT = 'three'");
    await both.own('b', 'ALTER TABLE held ADD INDEX four (v)');
    const fourth = await both.holdAt('a');
    await both.answer('a', fourth, 'skip');
    await both.goesOn();
    await both.own('b', 'ALTER TABLE held DROP INDEX four');
    await both.goesOn();
    await both.own('a', 'ALTER TABLE held ADD COLUMN five INT NULL');
    await arrives('b', 'held', (shape) => shape.columns.some((column) => column.startsWith('five ')));
    await alike('held');
  });

  it('home alters the table while it holds at what the other side has run: that goes back as a statement of home', async () => {
    await makes('crossed', 'c INT NULL');
    write('crossed', (id) => ({ c: String(id), d: '4' }));
    await both.own('b', 'ALTER TABLE crossed DROP COLUMN c, ADD COLUMN e INT NULL');
    const hold = await both.holdAt('a');
    await both.own('a', 'ALTER TABLE crossed ADD COLUMN d INT NULL');
    await arrives('b', 'crossed', (shape) => shape.columns.some((column) => column.startsWith('d ')));
    await both.answer('a', hold, 'run');
    await both.concluded('a', hold);
    await both.goesOn();
    await alike('crossed');
    both.ran.a += 1;
  });
});

describe('what is not compatible holds on the other side, with a recipe', () => {
  it.each([
    ['ALTER TABLE odd RENAME COLUMN v TO w', 'expand-migrate-contract'],
    ['ALTER TABLE odd ADD UNIQUE INDEX u (w)', 'both-ways'],
    ['ALTER TABLE odd MODIFY t VARCHAR(9) NULL', 'convert-a-column'],
    ['ALTER TABLE odd ADD COLUMN at DATETIME NULL DEFAULT CURRENT_TIMESTAMP', 'fill-a-new-column'],
    ['TRUNCATE TABLE odd', 'remove-rows'],
    ['RENAME TABLE odd TO even', 'both-ways'],
  ])('%s', async (sql, anchor) => {
    if (sql.includes('RENAME COLUMN')) await makes('odd', 'v INT NULL, t VARCHAR(20) NULL');
    await both.own('a', sql);
    const hold = await both.holdAt('b');
    expect(hold).toMatchObject({ reason: 'policy', message: expect.stringContaining(`docs/10-schema-changes.md#${anchor}`) });
    await both.answer('b', hold, 'run');
    await both.concluded('b', hold);
    await both.goesOn();
  });
});

it('each statement ran once on each side, and went nowhere twice', async () => {
  await stack.drain();
  expect(await both.wrongLogs()).toEqual([]);
});
