/**
 * What a statement does with the tables that an online tool makes (shadows), where their rows are not carried: nothing is done here, or one
 * of them comes in the place of its table. Pure. Decision 0034, rule 19.
 */
import { clauses } from '@lutra/binlog';
import { shadowKindOf, tableName } from '@lutra/model';
import type { DdlRecord, Router, Shadow, ShadowKind, TableName } from '@lutra/model';
import { changedTables } from './changed-tables.js';
import { renamesIn } from './renames.js';
import type { Move } from './renames.js';
import { tokensOf } from './statement-tokens.js';

export type OnlineChange =
  /** Of shadows alone. */
  | { readonly does: 'nothing' }
  /** The table goes out of the way. */
  | { readonly does: 'leave'; readonly table: TableName }
  /** `by` becomes the table. isPlain: that, and the leave of the table, is all. */
  | { readonly does: 'redefine'; readonly table: TableName; readonly by: TableName; readonly kind: ShadowKind; readonly isPlain: boolean }
  /** A shadow becomes a table that it was not made for. */
  | { readonly does: 'enter'; readonly table: TableName; readonly by: TableName };

type Named = Pick<DdlRecord, 'statement' | 'sql' | 'tables' | 'doubt' | 'session' | 'flavor'>;
type Route = Pick<Router, 'shadow'> & ((table: TableName) => TableName | null);

/** As if shadows were kept apart that go with a table which is routed by its name; or others that are carried, too. */
export function apartRouter(router: Route, carried: readonly (Shadow | null)[] = ['implied']): Route {
  const route = (table: TableName): TableName | null => (carried.includes(router.shadow(table)) ? null : router(table));
  const shadow: Route['shadow'] = (table) => (carried.includes(router.shadow(table)) ? 'apart' : router.shadow(table));
  return Object.assign(route, { shadow });
}

/** Null: it names no such shadow, or does more than that: it is looked at as any other, and shadows are tables that are not routed. */
export function onlineChangeOf(record: Named, router: Route): OnlineChange | null {
  const changed = changedTables(record);
  const isApart = (table: TableName): boolean => router.shadow(table) === 'apart';
  if (!changed.some(isApart)) return null;
  const isRouted = (table: TableName): boolean => router(table) !== null;
  const isOrdinary = !changed.some(isRouted);
  if (record.doubt !== null || !isRename(record)) return isOrdinary ? { does: 'nothing' } : null;
  const moves = renamesIn(record);
  const enters = moves.find(({ from, to }) => isApart(from) && isRouted(to));
  const others = moves.filter((move) => move !== enters && (isRouted(move.from) || isRouted(move.to)));
  const isWhole = isWholeRename(record);
  if (!enters) return (isWhole ? onlyLeaves(others, isApart) : null) ?? (isOrdinary ? { does: 'nothing' } : null);
  const [table, by] = [enters.to, enters.from];
  const kind = by.database === table.database ? shadowKindOf(by.name, table.name) : null;
  if (kind === null) return { does: 'enter', table, by };
  const isPlain = others.every((move) => isSame(move.from, table) && isApart(move.to)) && isWhole;
  return { does: 'redefine', table, by, kind, isPlain };
}

function isRename({ statement, tables }: Named): boolean {
  return /^(?:RENAME|ALTER) TABLE$/.test(statement) && tables.some(({ role }) => role === 'to');
}

function onlyLeaves([leave, ...more]: readonly Move[], isApart: (table: TableName) => boolean): OnlineChange | null {
  if (!leave || more.length > 0 || !isApart(leave.to)) return null;
  const { from, to } = leave;
  const isOwn = from.database === to.database && shadowKindOf(to.name, from.name) !== null;
  return isOwn ? { does: 'leave', table: from } : null;
}

/** ALTER TABLE may do something else besides. */
function isWholeRename(record: Named): boolean {
  return record.statement === 'RENAME TABLE' || (record.tables.length === 2 && clauses(tokensOf(record)).length === 1);
}

function isSame(one: TableName, other: TableName): boolean {
  return tableName(one) === tableName(other);
}
