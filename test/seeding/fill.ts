/** The database of a run at one side: its tables, and the rows that are there before anybody writes. */
import type { Connection } from 'mysql2/promise';
import { countOf, ddlOf, firstStamp, firstVersion, namesOf, seededDatabase, seededTables, valuesOf } from './tables.js';

export interface Filling {
  /** Of all tables together. */
  readonly rows: number;
  /** Which numbers, as a condition on `n`; all if absent. */
  readonly where?: string;
  /** SQL for the stamp; COUNT as in `where`. */
  readonly stamp?: string;
}

/** A database of the test's own, which no channel carries. */
const numbers = 'numbers';
const stepRows = 50_000;

/** Of side a: the first row belongs to it, and so on. Rows that nobody writes: a hundredth each. */
export const quiet = (n: number): boolean => n % 100 < 2;

export async function createTables(connection: Connection): Promise<void> {
  await connection.query(`CREATE DATABASE ${seededDatabase} CHARACTER SET utf8mb4`);
  for (const table of seededTables) await connection.query(ddlOf(table));
}

/** Foreign keys unchecked: a child may be there before its parent. */
export async function fill(connection: Connection, { rows, where = 'TRUE', stamp = `'${firstStamp}'` }: Filling): Promise<void> {
  const most = Math.max(...seededTables.map((table) => countOf(table, rows)));
  await createNumbers(connection, Math.ceil(most * 1.01));
  await connection.query("SET SESSION foreign_key_checks = 0, time_zone = '+00:00'");
  for (const table of seededTables) {
    const count = countOf(table, rows);
    // Beyond the count: rows of one side alone, where the condition takes them.
    for (let from = 0; from < count * 1.01; from += stepRows) {
      const range = `n > ${from} AND n <= ${Math.min(from + stepRows, Math.floor(count * 1.01))} AND (${where.replaceAll('COUNT', String(count))})`;
      const values = valuesOf(table, { n: 'n', v: firstVersion, stamp: stamp.replaceAll('COUNT', String(count)) });
      await connection.query(
        `INSERT INTO ${seededDatabase}.${table.name} (${namesOf(table)}) SELECT ${values} FROM ${numbers}.numbers WHERE ${range}`,
      );
    }
  }
}

async function createNumbers(connection: Connection, most: number): Promise<void> {
  await connection.query(`CREATE DATABASE IF NOT EXISTS ${numbers}`);
  await connection.query(`CREATE TABLE IF NOT EXISTS ${numbers}.numbers (n INT PRIMARY KEY)`);
  await connection.query(`INSERT IGNORE INTO ${numbers}.numbers VALUES (1)`);
  for (let have = 1; have < most; have *= 2)
    await connection.query(`INSERT IGNORE INTO ${numbers}.numbers SELECT n + ${have} FROM ${numbers}.numbers WHERE n <= ${have}`);
}
