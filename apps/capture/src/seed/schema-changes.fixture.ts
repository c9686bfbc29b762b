/** The log of one table as a target has it that carries schema changes out: each row must have the columns that the table has there. */
import type { Row } from '@lutra/model';
import { expect } from 'vitest';
import type { LogEntry } from './memory-capture.fixture.js';

/** What a statement makes of a table's columns and of its rows, by its text; undefined: nothing that shows in them. */
export type Effect = (columns: readonly string[], rows: readonly Row[]) => { columns: readonly string[]; rows: readonly Row[] };

interface Followed {
  readonly rows: readonly Row[];
  /** Ids of the schema changes, in the order of the log. */
  readonly changes: readonly string[];
}

/** @param effects by text @param table whose key is `id` */
export function followed(
  entries: readonly LogEntry[],
  table: string,
  { columns: first, effects }: { columns: readonly string[]; effects: ReadonlyMap<string, Effect> },
): Followed {
  let columns = first;
  let rows = new Map<string, Row>();
  const changes: string[] = [];
  for (const entry of entries) {
    if (entry.kind === 'seed') continue;
    if (entry.kind === 'ddl') {
      changes.push(entry.record.id);
      const made = effects.get(entry.record.sql)?.(columns, [...rows.values()]);
      columns = made?.columns ?? columns;
      rows = new Map((made?.rows ?? [...rows.values()]).map((row) => [String(row['id']), row]));
      continue;
    }
    if (entry.table?.name !== table) continue;
    expect(entry.table.columns.map(({ name }) => name)).toEqual(columns);
    for (const { before, after } of entry.kind === 'chunk' ? entry.rows : [entry.event]) {
      for (const row of [before, after]) if (row) expect(Object.keys(row).toSorted()).toEqual(columns.toSorted());
      if (before) rows.delete(String(before['id']));
      if (after) rows.set(String(after['id']), after);
    }
  }
  return { rows: [...rows.values()].toSorted((one, other) => Number(one['id']) - Number(other['id'])), changes };
}

export const adds =
  (column: string, value: Row[string]): Effect =>
  (columns, rows) => ({ columns: [...columns, column], rows: rows.map((row) => ({ ...row, [column]: value })) });

export const drops =
  (column: string): Effect =>
  (columns, rows) => ({
    columns: columns.filter((name) => name !== column),
    rows: rows.map((row) => Object.fromEntries(Object.entries(row).filter(([name]) => name !== column))),
  });

export const renames =
  (from: string, to: string): Effect =>
  (columns, rows) => ({
    columns: columns.map((name) => (name === from ? to : name)),
    rows: rows.map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name === from ? to : name, value]))),
  });

export const empties: Effect = (columns) => ({ columns, rows: [] });
