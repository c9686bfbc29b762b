/**
 * Rows of a chunk that a few statements decide, in an open target transaction: those that are equal, and those that are missing. Rows are
 * there amid a chunk where an application writes at the source: a change of a row that has not come yet writes it whole.
 *
 * One way alone: both ways all rows and their unique values are locked before anything is decided. What is written here may not give way to
 * another row of the chunk: nobody would write it again.
 */
import { rowsFlags } from '@lutra/model';
import type { Row } from '@lutra/model';
import { identicalRows, keyOfRow, readRowsQueries, sessionTextOf, toRowBeside } from '@lutra/mysql';
import type { ApplyConnection } from '@lutra/mysql';
import { keyText } from '../conflict/resolve/rows.js';
import { textsOf } from './prepared-chunk.js';
import { ReadRows } from './read-rows.js';
import type { PreparedChunk } from './prepared-chunk.js';

type Connection = Pick<ApplyConnection, 'within' | 'attempt'>;

export interface AtOnce {
  readonly inserted: number;
  readonly equal: number;
  /** Where in the chunk: rows that are there and differ. */
  readonly apart: readonly number[];
}

/** Null: each row is to be looked at, and nothing was written. @throws SyncError as ApplyConnection.attempt */
export async function writeAtOnce(connection: Connection, chunk: PreparedChunk, pieceBytes: number): Promise<AtOnce | null> {
  const { plan } = chunk;
  const rows = [...chunk.rows];
  // What the server computes depends on more than the row.
  if (plan.table.computes || plan.table.selectHead !== null || rows.length === 0) return null;
  const there = await existingRows(connection, chunk);
  if (!there) return null;
  const missing = rows.filter((row) => !there.has(keyText(plan, row)));
  if (!(await areInserted(connection, { ...chunk, rows: ReadRows.of(missing) }, pieceBytes))) return null;
  const apart: number[] = [];
  for (const [i, row] of rows.entries()) {
    const existing = there.get(keyText(plan, row));
    if (existing && !(await identicalRows(plan, existing, row))) apart.push(i);
  }
  return { inserted: missing.length, equal: rows.length - missing.length - apart.length, apart };
}

/** By their keys as texts, locked. Null: the server takes other keys for theirs, as 'a' for 'A'. */
async function existingRows(connection: Connection, { plan, rows, target }: PreparedChunk): Promise<ReadonlyMap<string, Row> | null> {
  const wanted = new Set(Array.from(rows, (row) => keyText(plan, row)));
  const there = new Map<string, Row>();
  const keys = Array.from(rows, (row) => keyOfRow(plan, row));
  for (const query of readRowsQueries(plan, keys)) {
    const [found = []] = await connection.within(query, [target]);
    for (const one of found) {
      const row = await toRowBeside(plan, one);
      if (!wanted.has(keyText(plan, row))) return null;
      there.set(keyText(plan, row), row);
    }
  }
  return there;
}

/** False: another row holds a unique value, or a foreign key refuses one of them. Nothing of them is there then. */
async function areInserted(connection: Connection, chunk: PreparedChunk, pieceBytes: number): Promise<boolean> {
  const { plan, rows, checksForeignKeys } = chunk;
  if (rows.length === 0) return true;
  const under = { session: null, flags: checksForeignKeys ? 0 : rowsFlags.noForeignKeyChecks };
  const session = sessionTextOf(plan.table, { before: null, after: null, under });
  await connection.within('SAVEPOINT lutra_rows');
  for (const text of await textsOf({ ...chunk, checksForeignKeys: true }, pieceBytes)) {
    if (!(await connection.attempt(text, session))) continue;
    await connection.within('ROLLBACK TO SAVEPOINT lutra_rows');
    return false;
  }
  return true;
}
