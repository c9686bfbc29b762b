/**
 * Otter's retl.retl_buffer ("free gate"): an insert or update of a row there asks for another row to be sent. Requests of one transaction,
 * as the binlog reader meets them, become entries of lutra.resync before anything says that the log is past that transaction. A transaction
 * that a loader wrote, or that is kept local, asks for nothing, as in otter.
 *
 * It is also told here when somebody inserted into lutra.resync itself: at the commit, for before it the entry is not to be seen.
 */
import { checkpointTable, readMarker } from '@lutra/marker';
import type { Row, RowImage, SourceItem, TableName, Value } from '@lutra/model';
import { asksToSkip, otterBufferTable } from '../stream/own-tables.js';
import { resyncTable } from './entry.js';
import type { NewEntry } from './entry.js';

type Rows = Extract<SourceItem, { kind: 'rows' }>;

/** By the id that otter's manager gave it: the tables that channels name for it. */
export type OtterTables = Readonly<Record<string, readonly string[]>>;

export interface RequestsOptions {
  tables(): OtterTables;
  /** Entries were inserted into lutra.resync. */
  entered(): void;
}

/** Of a larger transaction they are handed over before its end: whatever is in the binlog happens. */
const maxHeld = 1_000;

export class OtterRequests {
  readonly #options: RequestsOptions;
  #held: NewEntry[] = [];
  #isEntered = false;
  /** The transaction is a loader's, or kept local. */
  #isSilent = false;

  constructor(options: RequestsOptions) {
    this.#options = options;
  }

  /** What must be recorded before the item is handed on; null: nothing. */
  accept(item: SourceItem): readonly NewEntry[] | null {
    if (item.kind === 'rows') return this.#rows(item);
    if (item.kind !== 'begin' && item.kind !== 'commit') return null;
    const held = this.#held;
    if (this.#isEntered) this.#options.entered();
    [this.#held, this.#isEntered, this.#isSilent] = [[], false, false];
    return item.kind === 'commit' && held.length > 0 ? held : null;
  }

  #rows(item: Rows): readonly NewEntry[] | null {
    const { database, name } = item.table;
    if (database === resyncTable.database && name === resyncTable.name) this.#isEntered ||= item.op === 'c';
    if (database !== checkpointTable.database && database !== otterBufferTable.database) return null;
    this.#isSilent ||= asksToSkip(item) || item.rows.some((image) => readMarker(item.table, image) !== null);
    if (this.#isSilent || database !== otterBufferTable.database || name !== otterBufferTable.name) return null;
    this.#held.push(...item.rows.flatMap((image) => otterEntry(image, this.#options.tables()) ?? []));
    if (this.#held.length < maxHeld) return null;
    return this.#held.splice(0);
  }
}

/** Null: the row was deleted, which asks for nothing. */
export function otterEntry({ after }: RowImage, tables: OtterTables): NewEntry | null {
  if (after === null) return null;
  const row = lowerCase(after);
  const table = tableOf(row, tables);
  const problem = typeof table === 'string' ? table : typeProblem(row['type']);
  const values = text(row['pk_data']).split('\u0001');
  return {
    table: typeof table === 'string' ? { database: '', name: '' } : table,
    rowKey: JSON.stringify(values),
    request: 'otter',
    problem: problem === null ? null : `retl.retl_buffer, id ${text(row['id'])}: ${problem}`,
  };
}

/** The column's case is up to whoever created the table. */
function lowerCase(row: Row): Row {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name.toLowerCase(), value]));
}

/** A text: why it cannot be told. */
function tableOf(row: Row, tables: OtterTables): TableName | string {
  const [fullName, id] = [text(row['full_name']), text(row['table_id'])];
  if (fullName !== '') return named(fullName) ?? `full_name is no schema.table: ${fullName}`;
  const known = [...new Set(tables[id])];
  const [only] = known;
  const correct = `put "otterTables": {"${id}": "schema.table"} into a channel that reads this endpoint, and insert it again`;
  if (only === undefined) return `no channel says which table has table_id ${id}: write full_name, or ${correct}`;
  if (known.length > 1)
    return `table_id ${id} is ${known.join(' in one channel and ')} in another: write full_name, or let them say the same`;
  return named(only) ?? `otterTables: ${only} is no schema.table`;
}

function named(fullName: string): TableName | null {
  const [database = '', ...name] = fullName.split('.');
  return database === '' || name.join('.') === '' ? null : { database, name: name.join('.') };
}

/** D too: what is gone at the source is gone. */
function typeProblem(type: Value | undefined): string | null {
  return ['I', 'U', 'D'].includes(text(type)) ? null : `type is ${text(type)}: write I, U or D`;
}

function text(value: Value | undefined): string {
  return value === null || value === undefined ? '' : String(value);
}
