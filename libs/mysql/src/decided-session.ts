/**
 * Where both sides write and conflicts are decided, what home made of a row is written elsewhere in our own session: a row alone does not
 * say in which one it was written. So what a server computes by settings that another session had would differ for good, and nothing would
 * tell.
 */
import { tableName } from '@lutra/model';
import type { SourceSession } from '@lutra/model';
import type { Computed } from './computed.js';
import type { TargetTable } from './target-definition.js';

type Table = Pick<TargetTable, 'database' | 'name' | 'columns' | 'computed'>;

/** They change what an expression gives, and our own session has none of them. */
const foreignModes: readonly (readonly [number, string])[] = [
  [2 ** 6, 'NO_UNSIGNED_SUBTRACTION'],
  [2 ** 20, 'NO_BACKSLASH_ESCAPES'],
  [2 ** 31, 'PAD_CHAR_TO_FULL_LENGTH'],
  [2 ** 32, 'TIME_TRUNCATE_FRACTIONAL'],
];
export const foreignModeNames: readonly string[] = foreignModes.map(([, name]) => name);

/** What of the table is computed otherwise in our own session, by which setting; null: nothing. */
export function computedElsewise(table: Table, { timeZone, sqlMode }: Pick<SourceSession, 'timeZone' | 'sqlMode'>): string | null {
  const stored = table.computed.filter(({ what }) => what === 'column' || what === 'index');
  const local = stored.filter((each) => readsLocalTime(each, table));
  if (timeZone !== '+00:00' && local.length > 0) return `${named(table, local)} depends on time_zone, which is ${timeZone}`;
  const mode = foreignModes.find(([bit]) => Math.floor(sqlMode / bit) % 2 === 1);
  return mode && stored.length > 0 ? `${named(table, stored)} may depend on sql_mode, which has ${mode[1]}` : null;
}

export function named(table: Pick<Table, 'database' | 'name'>, computed: readonly Computed[]): string {
  return `${tableName(table)} (${computed.map(({ what, name }) => `${what} ${name}`).join(', ')})`;
}

/** A TIMESTAMP is an instant; what an expression sees of it is the session's local time. */
export function readsLocalTime({ what, name, expression }: Computed, { columns }: Pick<Table, 'columns'>): boolean {
  const instants = columns.filter(({ type }) => type === 'timestamp').map((column) => column.name);
  if (what === 'default') return !instants.includes(name);
  return (
    /\b(?:from_unixtime|unix_timestamp)\(/i.test(expression) ||
    instants.some((column) => expression.includes(`\`${column.replaceAll('`', '``')}\``))
  );
}
