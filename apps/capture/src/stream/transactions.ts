/**
 * Source items → what the topic gets. Pure: no I/O, no clock of its own. It recognises the marker, leaves out what is not routed,
 * counts the rows of a transaction and holds one row back, because only the commit tells which row is the last.
 *
 * A transaction that begins with lutra.checkpoint was written by a loader: it moves `seen`, and is published again only for pipelines that
 * forward, with its origin and one region more on its path; else its origin serves everybody. One that begins with a request to be skipped
 * (own-tables.ts) is not published at all. What lutra.signal asks for is published behind the transaction; what lutra.suspended says is
 * handed on before its end. "Begins" means: before its first routed row. What was handed on cannot be taken back, so a request behind a row
 * is not heeded; a marker there, which no loader leaves unless a trigger writes before it, ends capture: published as new, the copy would
 * go round for ever.
 */
import { checkpointTable, readMarker, readSuspendedRow, signalTable } from '@lutra/marker';
import type { Marker, SuspendedRow } from '@lutra/marker';
import { SyncError } from '@lutra/model';
import type { FilePosition, ImageBytes, Origin, Position, RowEvent, RowImage, Seen, SourceItem } from '@lutra/model';
import type { Boundary, Output } from './output.js';
import { asksToSkip, ownDatabases } from './own-tables.js';
import { requireBefore } from '../verify/published-through.js';
import { schemaChange } from './schema-change.js';
import type { SchemaOptions } from './schema-change.js';
import { Signals } from './signals.js';
import { requireUnrouted } from './statement-change.js';

export interface TrackerOptions extends Omit<SchemaOptions, 'isPast'> {
  /** The rows of what comes, up to this transaction, are in the log already (tail.ts); null: none are. */
  readonly publishedThrough: string | null;
  /** Told of rows before they are handed over, or are not; `published`: as an ordinary change of the source. */
  onRows?(rows: { readonly item: Rows; readonly at: FilePosition; readonly published: boolean }): void;
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
  skipped: boolean;
  signals: Signals | null;
  suspended: readonly SuspendedRow[];
  held: Extract<Output, { kind: 'row' | 'rows' }> | null;
}

interface RoutedRow {
  readonly item: Rows;
  /** Number of the rows event in its transaction, and of the row in it, from 0. */
  readonly event: number;
  readonly row: number;
  readonly image: RowImage;
  readonly origin: Origin;
}

export class TransactionTracker {
  #options: TrackerOptions;
  #seen: Seen;
  #publishedThrough: string | null;
  #open: OpenTransaction | null = null;

  constructor(options: TrackerOptions) {
    this.#options = options;
    this.#seen = options.seen;
    this.#publishedThrough = options.publishedThrough;
  }

  /** Between two transactions. */
  follow(rules: Pick<TrackerOptions, 'router' | 'forwarded'>): void {
    this.#options = { ...this.#options, ...rules };
  }

  /** @throws SyncError DDL_UNSUPPORTED, BINLOG_UNSUPPORTED, CHECKPOINT_INVALID, LOOP_DETECTED, SOURCE_BEHIND */
  *accept(item: SourceItem): Generator<Output> {
    switch (item.kind) {
      case 'begin':
        if (this.#publishedThrough !== null) requireBefore(this.#publishedThrough, item.at);
        this.#open = opened(item);
        return;
      case 'rows':
        return yield* this.#rows(item);
      case 'commit':
        return yield* this.#commit(item.end);
      case 'ddl':
        return yield* this.#ddl(item);
      case 'statement':
        return requireUnrouted(item, this.#options);
      case 'heartbeat':
        yield this.#boundary(item.end);
    }
  }

  *#rows(item: Rows): Generator<Output> {
    const open = this.#open;
    if (!open)
      throw new SyncError('BINLOG_DECODE', `rows outside a transaction at ${item.at.file}:${item.at.pos}`, { details: { ...item.at } });
    const event = open.events;
    open.events += 1;
    if (!open.marker && ownDatabases.has(item.table.database) && asksToSkip(item)) {
      if (open.rows === 0) open.skipped = true;
      else yield { kind: 'ignored', what: 'skip', at: item.at };
    }
    if (item.table.database === checkpointTable.database) return yield* this.#own(open, item);
    const { onRows, router: ordinary } = this.#options;
    const published = !open.skipped && !open.marker && this.#publishedThrough === null && ordinary(item.table) !== null;
    onRows?.({ item, at: open.begin.at, published });
    if (open.skipped || this.#publishedThrough !== null) return;
    const origin = this.#originOf(open);
    const router = open.marker ? this.#options.forwarded : this.#options.router;
    if (!origin || !router(item.table)) return;
    if (item.images) yield* this.#unread(open, { item, event, origin }, item.images);
    else yield* this.#routed(open, { item, event, origin });
  }

  /** Null: nobody said where it was first committed, so nothing of it goes on. */
  #originOf({ marker }: OpenTransaction): Origin | null {
    const { region } = this.#options;
    if (!marker) return { origin: region, path: [region] };
    return marker.origin === '' ? null : { origin: marker.origin, path: [...marker.path, region] };
  }

  *#routed(open: OpenTransaction, { item, event, origin }: Omit<RoutedRow, 'row' | 'image'>): Generator<Output> {
    for (const [row, image] of item.rows.entries()) {
      const held = open.held;
      open.rows += 1;
      open.held = { kind: 'row', table: item.table, event: this.#rowEvent(open, { item, event, origin, row, image }) };
      if (held) yield held;
    }
  }

  /** The same of rows that nobody has looked into: all but the last one are handed over at once. */
  *#unread(open: OpenTransaction, of: Omit<RoutedRow, 'row' | 'image'>, images: ImageBytes): Generator<Output> {
    const { item } = of;
    const { table } = item;
    const before = images.rows - 1;
    if (open.held) yield open.held;
    if (before > 0) {
      open.rows += 1;
      const event = this.#rowEvent(open, { ...of, row: 0, image: unread });
      yield { kind: 'rows', table, event, images: { ...images, end: images.last, rows: before }, read: () => item.rows.slice(0, before) };
    }
    open.rows += Math.max(1, before);
    const event = this.#rowEvent(open, { ...of, row: before, image: unread });
    open.held = { kind: 'rows', table, event, images: { ...images, from: images.last, rows: 1 }, read: () => item.rows.slice(before) };
  }

  /** Not the last one yet: that is known at the commit. */
  #rowEvent({ begin, id, rows }: OpenTransaction, { item, event, origin, row, image }: RoutedRow): RowEvent {
    const { endpoint, connector, version, now } = this.#options;
    return {
      op: item.op,
      before: image.before,
      after: image.after,
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
        event,
        flags: item.flags,
        row,
        origin: origin.origin,
        path: origin.path,
      },
      transaction: { id, totalOrder: rows, last: false, seen: this.#seen, session: rows === 1 ? begin.session : null, end: null },
      tsMs: now(),
    };
  }

  *#own(open: OpenTransaction, item: Rows): Generator<Output> {
    open.suspended = [...open.suspended, ...item.rows.flatMap((image) => readSuspendedRow(item.table, image) ?? [])];
    if (item.table.name !== signalTable.name) return this.#readMarker(open, item);
    if (open.skipped) return;
    open.signals ??= new Signals();
    for (const image of item.rows)
      if (!open.signals.take(item.table, image, open.marker !== null)) yield { kind: 'ignored', what: 'resolution', at: item.at };
  }

  /** A later marker of the same copy carries the final position. */
  #readMarker(open: OpenTransaction, item: Rows): void {
    for (const image of item.rows) {
      const marker = readMarker(item.table, image);
      if (!marker) continue;
      if (open.marker || open.rows === 0) open.marker = marker;
      else if (!marker.takeOver && marker.origin !== '') throw misplaced(open, marker);
    }
  }

  *#commit(end: Position): Generator<Output> {
    const open = this.#open;
    if (!open)
      throw new SyncError('BINLOG_DECODE', `commit without a begin at ${end.file}:${end.pos}`, {
        details: { file: end.file, pos: end.pos },
      });
    this.#open = null;
    if (open.id === this.#publishedThrough) this.#publishedThrough = null;
    const { held, marker, signals, suspended } = open;
    if (suspended.length > 0) yield { kind: 'suspended', rows: suspended, at: open.begin.at };
    if (held) {
      const event: RowEvent = {
        ...held.event,
        transaction: { ...held.event.transaction, last: true, end: { file: end.file, pos: end.pos } },
      };
      yield { ...held, event };
    }
    if (marker && marker.logId !== '') this.#seen = seenWith(this.#seen, marker);
    const { endpoint, now } = this.#options;
    for (const record of signals?.records({ endpoint, seen: this.#seen, tsMs: now() }) ?? []) yield { kind: 'signal', record };
    yield this.#boundary(end, open);
  }

  *#ddl(item: Extract<SourceItem, { kind: 'ddl' }>): Generator<Output> {
    const change = schemaChange(item, { ...this.#options, seen: this.#seen, isPast: this.#publishedThrough !== null });
    if (change) yield change;
    yield this.#boundary(item.end);
  }

  #boundary(end: Position, after?: OpenTransaction): Boundary {
    const { marker = null, skipped = false, rows = 0, begin } = after ?? {};
    return {
      kind: 'boundary',
      end,
      seen: this.#seen,
      commitTimeUs: begin?.commitTimeUs ?? null,
      marked: marker !== null,
      skipped,
      rows,
      publishedThrough: this.#publishedThrough,
    };
  }
}

const unread: RowImage = { before: null, after: null };

function seenWith(seen: Seen, { pipeline: uid, logId: log, seq }: Marker): Seen {
  return { ...seen, [uid]: { log, seq } };
}

function opened(begin: Begin): OpenTransaction {
  const id = begin.gtid ?? `${begin.at.file}:${begin.at.pos}`;
  return { begin, id, events: 0, rows: 0, marker: null, skipped: false, signals: null, suspended: [], held: null };
}

function misplaced({ begin, id }: OpenTransaction, { pipeline }: Marker): SyncError {
  const message = `transaction ${id} changes rows of routed tables before it writes the row of pipeline ${pipeline} (its uid) to lutra.checkpoint`;
  return new SyncError('LOOP_DETECTED', message, { details: { gtid: begin.gtid, ...begin.at, pipeline } });
}
