/**
 * A table version of the source without what the target has dropped behind what a row had seen, whether the name is there again or not.
 * Pure. Counter-example for going by names: the target drops c and adds c; a row that is on its way brings the old value into the new
 * column, at one side only. docs/decisions/0034-ddl.md, rules 16 and 17.
 */
import { SyncError, tableName } from '@lutra/model';
import type { Row, TableName, TableSchema } from '@lutra/model';
import type { TargetTable } from '@lutra/mysql';
import type { Drop } from '../conflict/drops/drops.js';

/** What is not written of a row. */
export interface LeftOut {
  /** At the target. */
  readonly table: TableName;
  /** As the source calls them; null: the table, and with it the row. */
  readonly columns: readonly string[] | null;
  /** By which records of the target's log. */
  readonly drops: readonly Drop[];
}

/** Null: nothing is gone. */
export function leftOutOf(
  source: { readonly columns: readonly { readonly name: string }[]; readonly primaryKey: readonly string[] },
  target: Pick<TargetTable, 'columns'> | null,
  { table, drops }: { readonly table: TableName; readonly drops: readonly Drop[] },
): LeftOut | null {
  const names = new Map(source.columns.map(({ name }) => [name.toLowerCase(), name]));
  const there = target && new Set(target.columns.map(({ name }) => name.toLowerCase()));
  const gone: string[] = [];
  const by: Drop[] = [];
  for (const [i, drop] of drops.entries()) {
    const { does } = drop;
    if (does.kind === 'made' || does.kind === 'away' || does.kind === 'defaults') continue;
    if (does.kind === 'table') return { table, columns: null, drops: [drop] };
    if (does.kind === 'doubt') throw unsure(table, `what ${drop.title} takes from it cannot be made out`, drop);
    const left = [...names.keys()];
    const found =
      does.kind === 'columns'
        ? does.dropped.filter((name) => names.has(name))
        : left.filter((name) => there?.has(name) === false || isNewSince(drops.slice(i + 1), name));
    for (const name of found) {
      gone.push(names.get(name)!);
      names.delete(name);
    }
    const old = does.kind === 'columns' ? does.renamed.find((name) => names.has(name)) : undefined;
    if (old !== undefined) throw unsure(table, `${drop.title} renamed its column ${names.get(old)!}`, drop);
    if (found.length > 0) by.push(drop);
  }
  const key = gone.find((name) => source.primaryKey.includes(name));
  if (key !== undefined) throw unsure(table, `its key column ${key} was dropped`, by[0]!);
  return gone.length === 0 ? null : { table, columns: gone, drops: by };
}

/**
 * Why a new row cannot be written that lacks a column: its side adds the column to it with the default of then, and here it would get that
 * of now. Null: nothing of the kind. Counter-example: home adds c and gives it another default; a row that was inserted meanwhile has NULL
 * on its side, and the other default here.
 */
export function redefaulted(
  source: { readonly columns: readonly { readonly name: string }[] },
  table: TableName,
  drops: readonly Drop[],
): SyncError | null {
  const names = new Set(source.columns.map(({ name }) => name.toLowerCase()));
  const lacking = new Map<string, string | null>();
  for (const drop of drops) {
    const { does } = drop;
    if (does.kind === 'columns') for (const name of does.dropped) names.delete(name);
    for (const { name, text, isNew } of does.kind === 'defaults' ? does.columns : []) {
      if (isNew && !names.has(name)) lacking.set(name, text);
      else if (lacking.has(name) && lacking.get(name) !== text)
        return unsure(table, `${drop.title} gave its column ${name} another default`, drop);
    }
  }
  return null;
}

/**
 * Counter-example without: a tool drops c, and a statement behind that adds c. The old value of a row that has seen neither gets into the
 * new column, at this side only.
 */
function isNewSince(drops: readonly Drop[], name: string): boolean {
  return drops.some(({ does }) => does.kind === 'columns' && (does.added?.includes(name) ?? false));
}

/** COLUMN_MISSING */
function unsure(table: TableName, what: string, { seq, record }: Drop): SyncError {
  const message = `${tableName(table)}: ${what} (record ${record}, seq ${seq} of the target's log), which the row had not seen`;
  return new SyncError('COLUMN_MISSING', message, { details: { database: table.database, table: table.name, record, dropSeq: seq } });
}

export function withoutColumns(source: TableSchema, names: readonly string[]): TableSchema {
  return { ...source, columns: source.columns.filter(({ name }) => !names.includes(name)) };
}

export function rowWithout<T extends Row | null>(row: T, names: readonly string[]): T {
  if (row === null) return row;
  return Object.fromEntries(Object.entries(row).filter(([name]) => !names.includes(name))) as T;
}

/** The column of lutra.skipped holds 1,000, with the count behind it. */
const maxText = 900;

/** For people, and the same for each such row. */
export function leftOutText({ table, columns, drops }: LeftOut): string {
  const by = drops.map(({ title, record, seq }) => `${title} (record ${record}, seq ${seq} of the target's log)`).join(', ');
  const what = columns === null ? 'the row: the table' : `column${columns.length > 1 ? 's' : ''} ${columns.join(', ')}, which`;
  const was = columns === null || columns.length === 1 ? 'was' : 'were';
  const text = `left out of ${tableName(table)}: ${what} ${was} dropped here by ${by}, which the row had not seen`;
  return text.length > maxText ? `${text.slice(0, maxText)}…` : text;
}
