/**
 * Whether a target table can hold what the source's rows hold, to the byte. The naive way lets the server decide row by row;
 * counter-examples: a FLOAT in a DOUBLE column prints 0.10000000149011612, a DATETIME(6) in a DATETIME is rounded without an error,
 * an ENUM with another list of values may read a text of digits as a number. So types must be the same, and at the target no smaller.
 */
import { SyncError, tableName } from '@lutra/model';
import type { TableSchema } from '@lutra/model';
import { declaredValues, folded, mayJoin, rulesOf } from '@lutra/rows';
import { computes } from './computed.js';
import { isUntold } from './declared-members.js';
import { asSource } from './target-table.js';
import type { TargetColumn, TargetTable } from './target-definition.js';

/**
 * @throws SyncError COLUMN_MISSING naming every difference
 */
export function matchTables(source: TableSchema, target: TargetTable): void {
  const differences = tableDifferences(source, target);
  if (differences.length === 0) return;
  const names = tableName(source) === tableName(target) ? tableName(target) : `${tableName(source)} → ${tableName(target)}`;
  throw new SyncError('COLUMN_MISSING', `${names}: ${differences.join('; ')}`, {
    details: { database: target.database, table: target.name, differences: differences.length },
  });
}

/** Empty if the target can hold the source's rows. */
export function tableDifferences(source: TableSchema, target: TargetTable): readonly string[] {
  const columns = new Map(target.columns.map((column) => [column.name.toLowerCase(), column]));
  const replicated = new Set(source.columns.map((column) => column.name.toLowerCase()));
  const differences = source.columns.flatMap((column) => {
    const other = columns.get(column.name.toLowerCase());
    if (!other) return [`column ${column.name} is missing`];
    const reason = other.generated ? null : rulesOf(column.type).server.difference(column, other);
    return reason === null ? [] : [`column ${column.name}: ${reason}`];
  });
  const extra = target.columns.filter((column) => !replicated.has(column.name.toLowerCase()) && !fillsItself(column));
  differences.push(...extra.map((column) => `column ${column.name} has neither a default nor allows NULL, and the source has none`));
  if (keyOf(source.primaryKey) !== keyOf(target.primaryKey) && !isPromoted(source, target)) {
    differences.push(`primary key (${target.primaryKey.join(', ')}) instead of (${source.primaryKey.join(', ')})`);
  }
  return differences;
}

/**
 * The same of two tables as their servers tell them. Members that one of them does not tell are compared as they print; where rows are
 * written in the source's session, those that may be something else are refused: they would be, at the first row.
 */
export function definitionDifferences(from: TargetTable, to: TargetTable): readonly string[] {
  const source = asSource(from);
  const untold = new Set(from.columns.filter(isUntold).map(({ name }) => name.toLowerCase()));
  const printed = to.columns.map(({ members, ...column }) =>
    members && !untold.has(column.name.toLowerCase()) ? { ...column, members } : column,
  );
  const untoldBy = (column: TargetColumn): string | null => {
    if (!isUntold(column) || !column.columnType.includes('?')) return null;
    if (computes(source, to)) return 'something is computed from the rows of the table';
    return mayBeOne(column) ? `${column.collation} may take two of them for one` : null;
  };
  const doubts = to.columns.flatMap((column) => {
    const why = untoldBy(column);
    return why === null ? [] : [`column ${column.name}: what is shown as ? may be a character that its server does not tell, and ${why}`];
  });
  return [...tableDifferences(source, { ...to, columns: printed }), ...doubts];
}

function mayBeOne({ columnType, collation }: TargetColumn): boolean {
  const texts = declaredValues(columnType)
    .filter((member) => member.includes('?'))
    .map(folded);
  return mayJoin(collation ?? '') && new Set(texts).size < texts.length;
}

/** Of a table without primary key, the binlog names a UNIQUE key over NOT NULL columns as if it were one: on MySQL and MariaDB alike. */
function isPromoted(source: TableSchema, { primaryKey, uniqueKeys }: TargetTable): boolean {
  return primaryKey.length === 0 && uniqueKeys.some((key) => !key.nullable && keyOf(key.columns) === keyOf(source.primaryKey));
}

function keyOf(columns: readonly string[]): string {
  return columns.join('\0').toLowerCase();
}

function fillsItself(column: TargetColumn): boolean {
  return column.nullable || column.hasDefault || column.autoIncrement || column.generated;
}
