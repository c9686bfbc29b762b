/**
 * A transaction that an operator decided to skip: which one it is, and what is written to lutra.skipped in its place, so that nothing is
 * lost without a trace.
 */
import type { DdlAnswer, Row, RowEvent, TableName, Value } from '@lutra/model';
import { quoteText } from '@lutra/mysql';
import type { SqlText } from '@lutra/mysql';
import type { RecordPosition } from '../read/log-reader.js';
import type { Images } from './changes.js';
import type { SourceTransaction } from './source-transaction.js';

export interface Skip {
  /** Log id, and seq of the transaction's last record, or of its first: a large one is named before its end is known. */
  readonly log: string;
  readonly seq: number;
  readonly reason: string;
  /** At a schema change; absent: skip. */
  readonly answer?: DdlAnswer | undefined;
}

type WithGtid = { readonly source: Pick<RowEvent['source'], 'gtid'> } | null;

export interface Skipped extends SkippingPipeline {
  readonly position: Pick<RecordPosition, 'log' | 'seq'>;
  readonly event: WithGtid;
  readonly reason: string;
}

/** Whose transaction. */
export interface SkippingPipeline {
  readonly uid: string;
  /** `<channel>.<pipeline>` */
  readonly name: string;
}

/** Under max_allowed_packet of any server that we know. */
const maxContentLength = 3_000_000;
/** Of one value: a larger one would leave no room for its row's key. */
const maxValueLength = 1_000_000;

/** The rows of a transaction that is skipped, as JSON, as far as they fit; of the others only how many there are. */
export class SkippedRows {
  readonly #rows: string[] = [];
  #length = 0;
  #cut = 0;

  add({ op, before, after, target }: Images & { readonly target: TableName }): void {
    const row = JSON.stringify({ op, table: `${target.database}.${target.name}`, before: plainRow(before), after: plainRow(after) });
    if (this.#cut > 0 || this.#length + row.length > maxContentLength) {
      this.#cut += 1;
      return;
    }
    this.#rows.push(row);
    this.#length += row.length + 1;
  }

  /** The row of lutra.skipped. A transaction that was rewound over may be skipped a second time. */
  text({ uid, name, position, event, reason }: Skipped): SqlText {
    const content = `[${[...this.#rows, ...(this.#cut > 0 ? [`{"cut":${this.#cut}}`] : [])].join(',')}]`;
    const texts = [uid, name, position.log, reason, content].map(quoteText);
    const gtid = gtidOf(event);
    const values = [...texts, position.seq, gtid].join(', ');
    const again = 'reason = VALUES(reason), content = VALUES(content), skipped_at = CURRENT_TIMESTAMP';
    const sql = `INSERT INTO lutra.skipped (pipeline, name, log_id, reason, content, seq, gtid) VALUES (${values}) ON DUPLICATE KEY UPDATE ${again}`;
    return { sql, marks: [{ does: 'insert', table: { database: 'lutra', name: 'skipped' }, change: 0, changes: 1 }] };
  }
}

/** An operator's order, as the records of the log pass by. */
export class Skipping {
  readonly #order: Skip;
  readonly #pipeline: SkippingPipeline;
  /** Of the open transaction, if its first record is named: it may be too large to hold. */
  #rows: SkippedRows | null = null;

  constructor(order: Skip, pipeline: SkippingPipeline) {
    this.#order = order;
    this.#pipeline = pipeline;
  }

  /** The first record of a transaction came. */
  begin(position: RecordPosition): void {
    if (this.#names(position)) this.#rows = new SkippedRows();
  }

  /** Where the rows of the open transaction go, if it is skipped from its first row on. */
  get rows(): SkippedRows | null {
    return this.#rows;
  }

  /** The order, if it is for the transaction whose last record that is. */
  orderFor(position: RecordPosition): Skip | null {
    return this.#rows || this.#names(position) ? this.#order : null;
  }

  /** The transaction is skipped: what is recorded instead of its rows, those included that were held before its end named it. */
  record({ changes, position, event }: SourceTransaction, { reason }: Skip): SqlText {
    const rows = this.#rows ?? new SkippedRows();
    for (const change of changes) rows.add(change);
    this.#rows = null;
    return rows.text({ ...this.#pipeline, reason, position, event });
  }

  /** The open transaction is void. */
  discard(): void {
    this.#rows = null;
  }

  #names(position: RecordPosition): boolean {
    return this.#order.seq === position.seq && this.#order.log === position.log;
  }
}

function gtidOf(event: WithGtid): string {
  const gtid = event?.source.gtid ?? null;
  return gtid === null ? 'NULL' : quoteText(gtid);
}

/** JSON has no bigint and no bytes: digits, and base64 with a prefix. Of a value that is too large only how long it is. */
function plainRow(row: Row | null): object | null {
  return row && Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value)]));
}

function plain(value: Value): unknown {
  if ((typeof value === 'string' || Buffer.isBuffer(value)) && value.length > maxValueLength) return { cut: value.length };
  if (Buffer.isBuffer(value)) return `base64:${value.toString('base64')}`;
  return typeof value === 'bigint' ? value.toString() : value;
}
