/**
 * What a schema change of the target takes away from rows that have not seen it. Pure.
 *
 * The columns are read from the text: the clauses of a record are none where the statement does something else too. Counter-example for
 * taking any column that the table lacks then for a dropped one: RENAME COLUMN c TO d. The value of c would be thrown away, and is in d at
 * the other side.
 */
import { shadowKindOf } from '@lutra/model';
import type { DdlRecord, TableName } from '@lutra/model';
import { alteredBy } from '../../ddl/alter-clauses.js';
import type { Altered } from '../../ddl/alter-clauses.js';
import { renamedTables, renamesIn } from '../../ddl/renames.js';
import type { Dropping } from './drops.js';

export interface DroppedTable {
  readonly table: TableName;
  readonly does: Dropping;
}

const takesAway = new Set(['DROP', 'RENAME', 'CHANGE', 'REPLACE']);

/** `isCarried`: of a table of the target, its changes are for this pipeline's source. */
export function droppedBy(record: DdlRecord, isCarried: (table: TableName) => boolean): readonly DroppedTable[] {
  const { statement, tables, doubt } = record;
  const of = (does: Dropping, role = 'subject'): readonly DroppedTable[] =>
    tables.filter((table) => table.role === role).map(({ database, name }) => ({ table: { database, name }, does }));
  if (doubt !== null || tables.some(({ role }) => role === 'mentioned')) return inDoubt(record);
  if (statement === 'DROP TABLE') return of({ kind: 'table' });
  if (statement === 'DROP DATABASE' || statement === 'CREATE OR REPLACE DATABASE') return of({ kind: 'table' }, 'database');
  if (statement === 'CREATE OR REPLACE TABLE') return of({ kind: 'table' });
  if (statement === 'CREATE TABLE') return of({ kind: 'made' });
  if (tables.some(({ role }) => role === 'to')) return renamed(record, isCarried);
  if (statement !== 'ALTER TABLE') return [];
  const altered = alteredBy(record);
  if (altered.some(({ does }) => does === 'unread')) return of({ kind: 'doubt' });
  return [...columnsOf(altered), ...defaultsOf(altered)].flatMap((does) => of(does));
}

/** The text may be none that can be read: so its words are looked for wherever they stand. */
function inDoubt({ sql, tables }: DdlRecord): readonly DroppedTable[] {
  if (!sql.split(/[^A-Za-z]+/).some((word) => takesAway.has(word.toUpperCase()))) return [];
  const does = { kind: 'doubt' } as const;
  return tables.length === 0
    ? [{ table: { database: '*', name: '*' }, does }]
    : tables.map(({ database, name }) => ({ table: { database, name }, does }));
}

/** A tool's table in the place of its own, or that one put aside; else what had the old name is gone, or is where nobody can say it. */
function renamed(record: DdlRecord, isCarried: (table: TableName) => boolean): readonly DroppedTable[] {
  const moves = renamesIn(record);
  const left = renamedTables(moves).flatMap(({ from, to }): readonly DroppedTable[] => {
    if (isShadowOf(from, to)) return [];
    if (isShadowOf(to, from)) return [{ table: from, does: { kind: 'away' } }];
    return [{ table: from, does: { kind: isCarried(to) ? 'doubt' : 'table' } }];
  });
  const entered = moves.map(({ from, to }): DroppedTable => ({ table: to, does: { kind: isShadowOf(from, to) ? 'redefine' : 'made' } }));
  return [...left, ...entered];
}

function isShadowOf(shadow: TableName, { database, name }: TableName): boolean {
  return shadow.database === database && shadowKindOf(shadow.name, name) !== null;
}

function columnsOf(altered: readonly Altered[]): readonly Dropping[] {
  const dropped = altered.flatMap((each) => (each.does === 'drop' ? each.column : []));
  const renamed = altered.flatMap((each) => (each.does === 'rename' ? each.column : []));
  const added = altered.flatMap((each) => (each.does === 'add' ? each.column : each.does === 'rename' ? each.to : []));
  if (dropped.length + renamed.length + added.length === 0) return [];
  return [{ kind: 'columns', dropped, renamed, ...(added.length > 0 && { added }) }];
}

function defaultsOf(altered: readonly Altered[]): readonly Dropping[] {
  const columns = altered.flatMap((each) =>
    each.does === 'add' || each.does === 'define' ? { name: each.column, text: each.default, isNew: each.does === 'add' } : [],
  );
  return columns.length > 0 ? [{ kind: 'defaults', columns }] : [];
}
