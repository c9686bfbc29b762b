/** Rows of the target inside an open transaction: read and locked, and made what they are to be, other rows that hold their unique values out of the way. */
import { SyncError } from '@lutra/model';
import type { Row } from '@lutra/model';
import { conflictKind, deleteRow, holdersQueries, insertRow, keyOfRow, readRowQuery, sameRows, toRow, updateRow } from '@lutra/mysql';
import type { ApplyConnection, RowPlan, SqlText } from '@lutra/mysql';

type Connection = Pick<ApplyConnection, 'within' | 'attempt'>;

export interface RowChange {
  /** As it is now. */
  readonly existing: Row | null;
  /** As it is to be. */
  readonly row: Row | null;
  /** Other rows that are deleted first. */
  readonly displaced: readonly Row[];
}

/** The row with the key of `row`, locked. */
export async function readRow(connection: Connection, plan: RowPlan, row: Row): Promise<Row | null> {
  const [found] = await connection.within(readRowQuery(plan, keyOfRow(plan, row), true));
  return found ? toRow(plan, found) : null;
}

/** The other rows that hold a unique value of `row`, locked. */
export async function readHolders(connection: Connection, plan: RowPlan, row: Row): Promise<readonly Row[]> {
  const found = new Map<string, Row>();
  for (const query of holdersQueries(plan, row)) {
    for (const result of await connection.within(query)) {
      const holder = toRow(plan, result);
      found.set(keyText(plan, holder), holder);
    }
  }
  return [...found.values()];
}

/** The primary key as a text, for maps and messages. */
export function keyText(plan: RowPlan, row: Row): string {
  return Object.entries(keyOfRow(plan, row))
    .map(([column, value]) => `${column}=${Buffer.isBuffer(value) ? value.toString('hex') : String(value)}`)
    .join(', ');
}

/** Null when written; else why not, and everything is as it was before. @throws SyncError as ApplyConnection.attempt */
export async function writeRow(connection: Connection, plan: RowPlan, change: RowChange): Promise<SyncError | null> {
  const texts = change.displaced.map((holder) => deleteRow(plan, keyOfRow(plan, holder)));
  const text = textOf(plan, change);
  if (text) texts.push(text);
  if (texts.length === 0) return null;
  await connection.within('SAVEPOINT lutra_row');
  for (const each of texts) {
    const refused = await connection.attempt(each);
    if (!refused) continue;
    await connection.within('ROLLBACK TO SAVEPOINT lutra_row');
    return refused;
  }
  return null;
}

/** The same where home's rows are taken: foreign keys that refuse it are not checked. After a throw the connection is of no use: its checks may be off. */
export async function forceRow(connection: Connection, plan: RowPlan, change: RowChange): Promise<SyncError | null> {
  const refused = await writeRow(connection, plan, change);
  const kind = refused && conflictKind(refused);
  if (kind !== 'parent missing' && kind !== 'child exists') return refused;
  await connection.within('SET SESSION foreign_key_checks = 0');
  const still = await writeRow(connection, plan, change);
  await connection.within('SET SESSION foreign_key_checks = 1');
  return still;
}

function textOf(plan: RowPlan, { existing, row }: RowChange): SqlText | null {
  if (row === null) return existing === null ? null : deleteRow(plan, keyOfRow(plan, existing));
  if (existing === null) return insertRow(plan, row);
  return sameRows(plan, existing, row) ? null : updateRow(plan, keyOfRow(plan, existing), row);
}
