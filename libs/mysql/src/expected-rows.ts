/**
 * The rows that a text of changes finds, held against what the source says they were. One statement a table reads and locks them before the
 * first change is made; what it gave is compared here. The naive way puts the image into the WHERE of each change: exact to the byte, that
 * costs the server as much again as the change itself, and twice the text.
 *
 * Only what a row was before the text is read. A row that the text changes twice must be, the second time, what the text itself has made of
 * it.
 */
import { tableName, toSyncError } from '@lutra/model';
import type { Row, Value } from '@lutra/model';
import { primaryIndex } from './keyed.js';
import { quoteName } from './literal.js';
import type { Result, ResultRow } from './session-options.js';
import { sameFound, sameFoundBeside, sameStored, storedForm, takesLong, valueOf } from './row-values.js';
import type { Mark, SqlText } from './sql-text.js';
import { keyOf, maxAlternatives } from './table-plan.js';
import type { ColumnPlan } from './column-plan.js';
import type { TablePlan } from './table-plan.js';

/** One change that is added to a text; its images may be made when they are asked for. */
interface Added {
  readonly op: 'c' | 'u' | 'd';
  readonly before: Row | null;
  readonly after: Row | null;
}

interface Expected {
  readonly row: Row;
  readonly change: number;
}

/** A column of what is read; as a name in a result, because a column may have any. */
interface ReadColumn {
  readonly plan: ColumnPlan;
  readonly as: string;
}

interface ExpectedOfTable {
  readonly plan: TablePlan;
  readonly columns: readonly ReadColumn[];
  /** Those of the primary key among them. */
  readonly key: readonly ReadColumn[];
  /** By key; as they are before the text. */
  readonly first: Map<string, Expected>;
  /** What the changes so far have made of rows, by key; null: deleted. */
  readonly made: Map<string, Row | null>;
}

interface Read {
  readonly table: ExpectedOfTable;
  readonly rows: readonly (readonly [string, Expected])[];
}

/** Rows and what they must have been. */
export interface ExactText extends SqlText {
  /** Null: nobody asked for it. */
  readonly expected: ExpectedRows | null;
}

/** Of one statement by `key IN (…)`: MariaDB makes a join of 1000. */
const maxKeys = 500;

export class ExpectedRows {
  readonly #tables = new Map<TablePlan, ExpectedOfTable>();
  /** Changes whose row cannot be what they say, whatever is there. */
  readonly #impossible: number[] = [];

  /** A table without primary key finds its rows by all that they are, and needs none of this. */
  add(plan: TablePlan, { op, before, after }: Added, number: number): void {
    if (plan.key.length === 0) return;
    const table = this.#table(plan);
    if (op !== 'c' && before) this.#expect(table, before, number);
    if (op !== 'd' && after) table.made.set(keyText(table, after), after);
  }

  /** Goes before the changes; empty if they find no row that was there before. */
  text(): SqlText {
    const reads = this.#reads();
    return { sql: reads.map(statementOf).join(';\n'), marks: reads.map(markOf) };
  }

  /**
   * Numbers of the changes whose row is not what the source says it was, or is not there. An update or deletion may still miss its row,
   * although it was read: a trigger or a foreign key of the target took it. So the rows that each has matched are counted too.
   * @param marks of text() and the changes
   * @param results of those that read or write a table
   */
  async differing(marks: readonly Mark[], results: readonly Result[]): Promise<readonly number[]> {
    const differing = new Set(this.#impossible);
    for (const [i, { table, rows }] of this.#reads().entries()) {
      const missing = new Map(rows);
      for (const row of results[i]?.rows ?? []) {
        const key = keyTextOf(table, row);
        const expected = missing.get(key);
        if (!expected) continue;
        const same = isExpected(table, row, expected);
        if (same === true || (same && (await same))) missing.delete(key);
      }
      for (const { change } of missing.values()) differing.add(change);
    }
    // Changes of a source's session stand between them, and give no result.
    for (const [i, mark] of marks.filter((each) => 'table' in each).entries()) {
      if ((mark.does !== 'update' && mark.does !== 'delete') || results[i]?.matched === mark.changes) continue;
      const changes = Array.from({ length: mark.changes }, (_, n) => mark.change + n);
      if (!changes.some((change) => differing.has(change))) for (const change of changes) differing.add(change);
    }
    return [...differing];
  }

  #expect(table: ExpectedOfTable, before: Row, number: number): void {
    const key = keyText(table, before);
    const made = table.made.get(key);
    if (made === undefined) table.first.set(key, { row: before, change: number });
    else if (made === null || !sameImages(table, made, before)) this.#impossible.push(number);
    table.made.set(key, null);
  }

  #table(plan: TablePlan): ExpectedOfTable {
    let table = this.#tables.get(plan);
    if (!table) this.#tables.set(plan, (table = tableOf(plan)));
    return table;
  }

  #reads(): readonly Read[] {
    return [...this.#tables.values()].flatMap((table) => {
      const rows = [...table.first];
      const size = table.plan.keyIn ? maxKeys : maxAlternatives;
      return Array.from({ length: Math.ceil(rows.length / size) }, (_, i) => ({ table, rows: rows.slice(i * size, (i + 1) * size) }));
    });
  }
}

function tableOf(plan: TablePlan): ExpectedOfTable {
  const all = [...plan.columns, ...plan.key.filter((column) => !plan.columns.includes(column))];
  const columns = all.map((column, i) => ({ plan: column, as: `c${i}` }));
  const key = plan.key.flatMap((column) => columns.filter((read) => read.plan === column));
  return { plan, columns, key, first: new Map(), made: new Map() };
}

function statementOf({ table: { plan, columns, key }, rows }: Read): string {
  const list = columns.map(({ plan: { selected }, as }) => `${selected} AS ${as}`).join(', ');
  // On a small table the server would rather read, and lock, all of it.
  const hint = plan.target.primaryKey.length > 0 ? ` FORCE INDEX (${quoteName(primaryIndex(plan.target))})` : '';
  const [first] = key;
  const literals = ({ row }: Expected): string => first?.plan.literal(row[first.plan.name] as Value) ?? '';
  const where =
    plan.keyIn && first
      ? `${first.plan.quoted} IN (${rows.map(([, expected]) => literals(expected)).join(', ')})`
      : rows.map(([, { row }]) => `(${keyOf(plan, row)})`).join(' OR ');
  return `SELECT ${list} FROM ${plan.quoted}${hint} WHERE ${where} FOR UPDATE`;
}

function markOf({ table: { plan }, rows }: Read): Mark {
  const { database, name } = plan.target;
  return { does: 'read rows', table: { database, name }, change: rows[0]?.[1].change ?? 0, changes: rows.length };
}

/**
 * Two rows have the same text if their keys are the same to the byte. A collation may be wider: then the row that is found is another one.
 */
function keyText({ key }: ExpectedOfTable, row: Row): string {
  return textOf(key.map(({ plan: { name, schema } }) => formOf(schema.type, row[name] as Value)));
}

function keyTextOf({ key }: ExpectedOfTable, found: ResultRow): string {
  return textOf(key.map(({ plan: { schema }, as }) => formOf(schema.type, valueOf(schema, found[as] ?? null))));
}

/** Any text may be in one of them, U+0000 too. */
function textOf(forms: readonly string[]): string {
  return forms.length === 1 ? (forms[0] as string) : forms.map((form) => `${form.length}:${form}`).join('');
}

function formOf(type: ColumnPlan['schema']['type'], value: Value): string {
  return value === null ? '' : storedForm(type, value);
}

/** What fails in a comparison is about one change: whoever names it knows its key. */
function isExpected(table: ExpectedOfTable, found: ResultRow, { row, change }: Expected): boolean | Promise<boolean> {
  const failed = (error: unknown): never => {
    const { database, name } = table.plan.target;
    const known = toSyncError(error);
    const what = `${tableName(table.plan.target)}: a row cannot be compared: ${known.message}`;
    throw known.again(what, { cause: error, details: { database, table: name }, refused: { changes: { first: change, count: 1 } } });
  };
  try {
    const same = isRow(table, found, row);
    return typeof same === 'boolean' ? same : same.catch(failed);
  } catch (error) {
    return failed(error);
  }
}

/** A promise only where large values are compared. */
function isRow({ columns }: ExpectedOfTable, found: ResultRow, row: Row): boolean | Promise<boolean> {
  const large: ReadColumn[] = [];
  for (const column of columns) {
    const { plan, as } = column;
    const [there, expected] = [found[as] ?? null, row[plan.name] as Value];
    // Most values come as the same text, or the same number.
    if (Object.is(there, expected)) continue;
    if (takesLong(plan.schema, there, expected)) large.push(column);
    else if (!sameFound(plan.schema, there, expected)) return false;
  }
  return large.length === 0 || isRowBeside(large, found, row);
}

async function isRowBeside(columns: readonly ReadColumn[], found: ResultRow, row: Row): Promise<boolean> {
  for (const { plan, as } of columns) if (!(await sameFoundBeside(plan.schema, found[as] ?? null, row[plan.name] as Value))) return false;
  return true;
}

function sameImages({ columns }: ExpectedOfTable, a: Row, b: Row): boolean {
  return columns.every(({ plan: { name, schema } }) => sameStored(schema.type, a[name] as Value, b[name] as Value));
}
