/**
 * Source items → what the topic gets. Pure: no I/O, no clock of its own. It recognises the marker, leaves out what is not routed,
 * counts the rows of a transaction and holds one row back, because only the commit tells which row is the last.
 *
 * A transaction whose first row event is on lutra.checkpoint was written by a loader: it is never published again (its origin
 * serves everybody); it only moves `seen`. What lutra.signal asks for is published behind the transaction. Rows of other `lutra` tables and
 * of tables without a route are passed over.
 */
import { checkpointTable, readMarker, signalTable } from '@lutra/marker';
import type { Marker } from '@lutra/marker';
import { SyncError } from '@lutra/model';
import type { FilePosition, Position, RowEvent, RowImage, Router, Seen, SourceItem, TableSchema } from '@lutra/model';
import { touchesRoutedTable } from './ddl.js';
import { Signals } from './signals.js';
import type { SignalRecord } from './signals.js';

export type Output =
  | { readonly kind: 'row'; readonly table: TableSchema; readonly event: RowEvent; readonly bytes: number }
  | { readonly kind: 'ddl'; readonly database: string; readonly sql: string; readonly end: Position }
  /** Behind the last row of its transaction. */
  | { readonly kind: 'signal'; readonly record: SignalRecord }
  /** Something that was asked for and not done: a remedy outside a loader's transaction. */
  | { readonly kind: 'ignored'; readonly what: 'remedy'; readonly at: FilePosition }
  /** Between two transactions: everything up to `end` has been handed over. */
  | {
      readonly kind: 'boundary';
      readonly end: Position;
      readonly seen: Seen;
      readonly commitTimeUs: number | null;
      readonly marked: boolean;
      readonly rows: number;
    };

export interface TrackerOptions {
  readonly endpoint: string;
  readonly region: string;
  readonly connector: 'mysql' | 'mariadb';
  readonly version: string;
  readonly router: Router;
  readonly ddl: 'stop' | 'ignore';
  readonly seen: Seen;
  now(): number;
}

type Begin = Extract<SourceItem, { kind: 'begin' }>;
type Rows = Extract<SourceItem, { kind: 'rows' }>;

interface OpenTransaction {
  readonly begin: Begin;
  readonly id: string;
  /** Rows events so far, the marker included. */
  events: number;
  rows: number;
  marker: Marker | null;
  signals: Signals | null;
  held: { table: TableSchema; event: RowEvent; bytes: number } | null;
}

/** Tables that say something to capture, whatever the routes are. */
export function isOwnTable({ database, name }: Pick<TableSchema, 'database' | 'name'>): boolean {
  return database === checkpointTable.database && (name === checkpointTable.name || name === signalTable.name);
}

export class TransactionTracker {
  readonly #options: TrackerOptions;
  #seen: Seen;
  #open: OpenTransaction | null = null;

  constructor(options: TrackerOptions) {
    this.#options = options;
    this.#seen = options.seen;
  }

  /** @throws SyncError DDL_UNSUPPORTED, CHECKPOINT_INVALID */
  *accept(item: SourceItem): Generator<Output> {
    switch (item.kind) {
      case 'begin':
        this.#open = opened(item);
        return;
      case 'rows':
        return yield* this.#rows(item);
      case 'commit':
        return yield* this.#commit(item.end);
      case 'ddl':
        return yield* this.#ddl(item);
      case 'heartbeat':
        yield { kind: 'boundary', end: item.end, seen: this.#seen, commitTimeUs: null, marked: false, rows: 0 };
    }
  }

  *#rows(item: Rows): Generator<Output> {
    const open = this.#open;
    if (!open)
      throw new SyncError('BINLOG_DECODE', `rows outside a transaction at ${item.at.file}:${item.at.pos}`, { details: { ...item.at } });
    const event = open.events;
    open.events += 1;
    if (item.table.database === checkpointTable.database) return yield* this.#own(open, item, event);
    if (open.marker || !this.#options.router(item.table)) return;
    const bytes = Math.ceil(item.bytes / item.rows.length);
    for (const [row, image] of item.rows.entries()) {
      const held = open.held;
      open.rows += 1;
      open.held = { table: item.table, event: this.#rowEvent(open, item, { event, row, image }), bytes };
      if (held) yield { kind: 'row', ...held };
    }
  }

  *#own(open: OpenTransaction, item: Rows, event: number): Generator<Output> {
    if (item.table.name !== signalTable.name) return this.#readMarker(open, item, event);
    open.signals ??= new Signals();
    for (const image of item.rows)
      if (!open.signals.take(item.table, image, open.marker !== null)) yield { kind: 'ignored', what: 'remedy', at: item.at };
  }

  /** Only the first row event decides that a transaction is a copy; a later one of the same copy carries the final position. */
  #readMarker(open: OpenTransaction, item: Rows, event: number): void {
    for (const image of item.rows) {
      const marker = readMarker(item.table, image);
      if (marker && (event === 0 || open.marker)) open.marker = marker;
    }
  }

  *#commit(end: Position): Generator<Output> {
    const open = this.#open;
    if (!open)
      throw new SyncError('BINLOG_DECODE', `commit without a begin at ${end.file}:${end.pos}`, {
        details: { file: end.file, pos: end.pos },
      });
    this.#open = null;
    const { held, marker, signals } = open;
    if (held) {
      const event: RowEvent = {
        ...held.event,
        transaction: { ...held.event.transaction, last: true, end: { file: end.file, pos: end.pos } },
      };
      yield { kind: 'row', table: held.table, event, bytes: held.bytes };
    }
    if (marker && marker.logId !== '' && marker.origin !== '')
      this.#seen = { ...this.#seen, [marker.origin]: { log: marker.logId, seq: marker.seq } };
    const { endpoint, now } = this.#options;
    for (const record of signals?.records({ endpoint, seen: this.#seen, tsMs: now() }) ?? []) yield { kind: 'signal', record };
    yield { kind: 'boundary', end, seen: this.#seen, commitTimeUs: open.begin.commitTimeUs, marked: marker !== null, rows: open.rows };
  }

  *#ddl(item: Extract<SourceItem, { kind: 'ddl' }>): Generator<Output> {
    if (touchesRoutedTable(item, this.#options.router)) {
      if (this.#options.ddl === 'stop') {
        const verb = /^\s*(?:\/\*.*?\*\/\s*)*(\w+\s+\w+)/s.exec(item.sql)?.[1] ?? 'DDL';
        throw new SyncError(
          'DDL_UNSUPPORTED',
          `${verb.toUpperCase()} on a routed table in database ${item.database || '(none)'} at ${item.at.file}:${item.at.pos}`,
          {
            details: { database: item.database, gtid: item.gtid, file: item.at.file, pos: item.at.pos },
          },
        );
      }
      yield { kind: 'ddl', database: item.database, sql: item.sql, end: item.end };
    }
    yield { kind: 'boundary', end: item.end, seen: this.#seen, commitTimeUs: null, marked: false, rows: 0 };
  }

  #rowEvent(open: OpenTransaction, item: Rows, at: { event: number; row: number; image: RowImage }): RowEvent {
    const { endpoint, region, connector, version, now } = this.#options;
    const { begin } = open;
    return {
      op: item.op,
      before: at.image.before,
      after: at.image.after,
      source: {
        version,
        connector,
        name: endpoint,
        db: item.table.database,
        table: item.table.name,
        tsMs: Math.floor(begin.commitTimeUs / 1000),
        tsUs: begin.commitTimeUs,
        serverId: begin.serverId,
        gtid: begin.gtid,
        file: item.at.file,
        pos: item.at.pos,
        event: at.event,
        row: at.row,
        origin: region,
        path: [region],
      },
      transaction: { id: open.id, totalOrder: open.rows, last: false, seen: this.#seen, end: null },
      tsMs: now(),
    };
  }
}

function opened(begin: Begin): OpenTransaction {
  const id = begin.gtid ?? `${begin.at.file}:${begin.at.pos}`;
  return { begin, id, events: 0, rows: 0, marker: null, signals: null, held: null };
}
