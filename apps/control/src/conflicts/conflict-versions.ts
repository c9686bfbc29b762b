/** The versions of a row that a recorded conflict holds: told apart, compared, and made writable for the table as it is now. Pure. */
import { rowFromJson, rowToJson, SyncError, tableName } from '@lutra/model';
import type { Row, TableSchema } from '@lutra/model';
import { asSource, planRows, sameKey, sameRows } from '@lutra/mysql';
import type { RowPlan, TargetTable } from '@lutra/mysql';
import type { ConflictEntry, Difference } from './conflict.schemas.js';

export type JsonRow = Readonly<Record<string, unknown>>;

/** The rows of an entry, to write and to compare. */
export interface Versions {
  readonly key: Row;
  /** null: no row, as all here. The row of this key: what came may have been about another one, which took a unique value of it. */
  readonly incoming: Row | null;
  readonly existing: Row | null;
  readonly result: Row | null;
}

export function toJsonRow(row: Row): JsonRow {
  return JSON.parse(rowToJson(row)) as JsonRow;
}

/** @throws SyncError CONFIG_CONFLICT: the row cannot be found by what was kept of its key; RECORD_INVALID */
export function requireKey({ key, pipeline, id }: ConflictEntry): JsonRow {
  if (key) return key;
  throw new SyncError('CONFIG_CONFLICT', `conflict ${id} of pipeline ${pipeline}: of its primary key only the beginning was kept`);
}

/** @throws SyncError RECORD_INVALID */
export function versionsOf(entry: ConflictEntry, plan: RowPlan): Versions {
  const row = (json: JsonRow | null): Row | null => json && rowFromJson(JSON.stringify(json));
  const key = rowFromJson(JSON.stringify(requireKey(entry)));
  const after = row(entry.after);
  const incoming = after && sameKey(plan, after, key) ? after : null;
  return { key, incoming, existing: row(entry.existing), result: row(entry.result) };
}

/**
 * For reading and writing the columns that were recorded, at either side, as the table is now.
 * @throws SyncError CONFIG_CONFLICT if it lacks one of them; APPLY_REFUSED if its rows cannot be told apart any more
 */
export function planVersions(entry: ConflictEntry, table: TargetTable): RowPlan {
  const images = [entry.key, entry.existing, entry.result, entry.after, entry.before];
  const names = new Map(images.flatMap((image) => Object.keys(image ?? {})).map((name) => [name.toLowerCase(), name]));
  const now = asSource(table);
  const columns = [...names].map(([folded, name]) => {
    const column = now.columns.find((candidate) => candidate.name.toLowerCase() === folded);
    if (column) return { ...column, name };
    throw new SyncError('CONFIG_CONFLICT', `${tableName(table)} has changed since: it has no column ${name} any more`);
  });
  const schema: TableSchema = { ...now, columns };
  return planRows(schema, table);
}

/** null: as it is to be already, or no difference that counts. */
export function isSame(plan: RowPlan, a: Row | null, b: Row | null): boolean {
  return a === null || b === null ? a === b : sameRows(plan, a, b);
}

export function differencesOf({ before, after, existing, result }: ConflictEntry): readonly Difference[] {
  const versions = { before, incoming: after, existing, result };
  const there = Object.entries(versions).flatMap(([name, row]) => (row ? [{ name, row }] : []));
  const columns = [...new Set(there.flatMap(({ row }) => Object.keys(row)))];
  return columns.flatMap((column) => {
    const values = there.map(({ name, row }) => [name, row[column]] as const);
    const differ = new Set(values.map(([, value]) => JSON.stringify(value))).size > 1;
    return differ || there.length < 2 ? [{ column, ...Object.fromEntries(values) }] : [];
  });
}
