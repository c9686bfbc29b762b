/** The source's binlog, item by item → records, in the order of the log. */
import { createRouter } from '@lutra/model';
import type { Announced, Position, Seen, SourceItem, TableName } from '@lutra/model';
import type { CaptureRun } from '../capture-run.js';
import { warnOnce } from '../observe/ignored.js';
import type { LogWriter } from './log-writer.js';
import type { Observers } from '../observe/observers.js';
import type { Boundary, IgnoredDdl, Output } from './output.js';
import { isOwnTable } from './own-tables.js';
import type { SignalRecord } from './signals.js';
import { knownPosition } from '../verify/start-position.js';
import { requireCurrentRoutes } from '../claim/routes-check.js';
import { suspendedHere, TablesSuspended } from './suspended-here.js';
import type { Here } from './suspended-here.js';
import { TransactionTracker } from './transactions.js';
import type { Verified } from '../verify/verify.js';

/** Bytes of decoded rows that may wait. */
const bufferBytes = 512 * 1024;
/** At most this often while the position moves, and this often while it does not. */
const movingMs = 1_000;
const idleMs = 10_000;

interface Destination {
  readonly writer: LogWriter;
  readonly observers: Observers;
  /** What the log announces from here on. */
  readonly routes: Announced;
  /** What loaders may suspend here. */
  readonly here: Here;
}

/** Reads until the signal aborts. @throws SyncError SOURCE_*, what cannot be replicated */
export async function read(run: CaptureRun, verified: Verified, to: Destination): Promise<void> {
  const { endpoint } = run;
  const { seen, resolutions, publishedThrough } = verified.claim.tail;
  const heartbeats = new Heartbeats(endpoint.name, to.writer);
  const outputs = new OutputWriter(run, to, { heartbeats, published: new PublishedResolutions(resolutions) });
  const tracker = trackerOf(run, verified, to);
  // First of all records: a log that ended before it would not say where to go on.
  await heartbeats.now({ position: verified.start, seen, resolutions, publishedThrough });
  const server = verified.state.serverUuid;
  await to.writer.control({ kind: 'routes', endpoint: endpoint.name, ...to.routes, server, tsMs: Date.now() });
  for await (const item of itemsOf(run, verified, to)) for (const output of tracker.accept(item)) await outputs.write(output);
}

function trackerOf({ work, endpoint }: CaptureRun, { state, claim }: Verified, { routes, here }: Destination): TransactionTracker {
  const { seen, publishedThrough } = claim.tail;
  return new TransactionTracker({
    endpoint: endpoint.name,
    region: endpoint.region,
    connector: state.flavor,
    version: state.version,
    router: here.router,
    forwarded: createRouter(work.forwarded, routes.suspended),
    ddl: endpoint.ddl,
    foldsNames: here.foldsNames,
    seen,
    publishedThrough,
    now: Date.now,
  });
}

function itemsOf(run: CaptureRun, { claim, start }: Verified, { observers, here }: Destination): AsyncIterable<SourceItem> {
  const { deps, endpoint, source, signal } = run;
  const { progress, prepared } = observers;
  return deps.io.source.read({
    ...source,
    serverId: endpoint.serverId,
    start: start.gtidSet === null ? start : { gtidSet: start.gtidSet },
    known: knownPosition(claim),
    wants: (table: TableName) => isOwnTable(table) || here.router(table) !== null,
    onFiltered: () => progress.filtered(),
    onSourceEnd: (end) => {
      progress.looked(end);
      prepared.look(Date.now());
    },
    onPrepared: (now) => prepared.changed(now),
    bufferBytes,
    logger: deps.logger,
    signal,
  });
}

interface Writing {
  readonly heartbeats: Heartbeats;
  readonly published: PublishedResolutions;
}

class OutputWriter {
  readonly #run: CaptureRun;
  readonly #to: Destination;
  readonly #heartbeats: Heartbeats;
  readonly #warn: ReturnType<typeof warnOnce>;
  readonly #published: PublishedResolutions;

  constructor(run: CaptureRun, to: Destination, { heartbeats, published }: Writing) {
    this.#run = run;
    this.#to = to;
    this.#heartbeats = heartbeats;
    this.#warn = warnOnce(run.deps.logger);
    this.#published = published;
  }

  write(output: Output): Promise<void> | void {
    switch (output.kind) {
      case 'row':
        return this.#to.writer.row(output.table, output.event);
      case 'ddl':
        return this.#ddl(output);
      case 'signal':
        return this.#signal(output.record);
      case 'suspended':
        return this.#suspended(output);
      case 'ignored':
        this.#to.observers.progress.ignored(output.what);
        return this.#warn(output);
      case 'boundary':
        return this.#boundary(output);
    }
  }

  #ddl({ database, sql, statement, tables, end: position }: IgnoredDdl): Promise<void> {
    const record = {
      kind: 'ddl',
      endpoint: this.#run.endpoint.name,
      database,
      sql,
      statement,
      tables,
      position,
      tsMs: Date.now(),
    } as const;
    return this.#to.writer.control(record);
  }

  /** At once: a loader holds the locks of rows until it reads its watermark in the topic. */
  #signal(record: SignalRecord): Promise<void> | void {
    return this.#published.takes(record) ? undefined : this.#to.writer.control(record);
  }

  /** The log leaves out what loaders suspend here, from between two transactions on. @throws TablesSuspended */
  async #suspended({ rows, at }: Extract<Output, { kind: 'suspended' }>): Promise<void> {
    const { deps, work, during } = this.#run;
    const found = suspendedHere(rows, this.#to.here, { where: `${at.file}:${at.pos}`, at: Date.now() });
    if (found.length > 0) throw new TablesSuspended(found);
    // It costs nothing by what this process knows: that must be the newest.
    await during('ZooKeeper, for the newest routes', () => requireCurrentRoutes(deps.tree, work, { announced: null, announcedAt: null }));
  }

  #boundary(boundary: Boundary): Promise<void> {
    const { observers, writer } = this.#to;
    observers.progress.boundary(boundary, writer);
    return this.#heartbeats.maybe(boundary, this.#published.left);
  }
}

interface HeartbeatPosition {
  readonly position: Position;
  readonly seen: Seen;
  /** Of what lies behind the position, what is in the log already: so many resolutions, and the rows up to this transaction. */
  readonly resolutions: number;
  readonly publishedThrough: string | null;
}

/**
 * Heartbeat records: they carry the full position, so that it advances while no row is published, and so that the tail is short to read.
 */
class Heartbeats {
  readonly #endpoint: string;
  readonly #writer: LogWriter;
  #lastAt = 0;
  #last = '';

  constructor(endpoint: string, writer: LogWriter) {
    this.#endpoint = endpoint;
    this.#writer = writer;
  }

  /** Call between transactions only. */
  async maybe(boundary: Boundary, resolutions = 0): Promise<void> {
    const elapsed = Date.now() - this.#lastAt;
    if (elapsed < movingMs) return;
    if (elapsed < idleMs && this.#last === `${boundary.end.file}:${boundary.end.pos}`) return;
    const { end: position, seen, publishedThrough } = boundary;
    await this.now({ position, seen, resolutions, publishedThrough });
  }

  async now(heartbeat: HeartbeatPosition): Promise<void> {
    const { position } = heartbeat;
    this.#lastAt = Date.now();
    this.#last = `${position.file}:${position.pos}`;
    await this.#writer.control({ kind: 'heartbeat', endpoint: this.#endpoint, ...heartbeat, tsMs: Date.now() });
  }
}

/**
 * Which resolution records are in the log already. A restart reads the binlog again from the log's last position, and behind that position
 * the log may hold resolutions. Published once more, an older one would stand behind a newer one of its row, and undo it. They come in the
 * same order, so their number tells them (tail.ts). A watermark may come twice.
 */
export class PublishedResolutions {
  #left: number;

  /** @param count that stand in the log behind its position */
  constructor(count: number) {
    this.#left = count;
  }

  /** How many of them are still to come; a heartbeat carries it. */
  get left(): number {
    return this.#left;
  }

  /** To be called once for each record, in the order of the binlog. */
  takes({ kind }: Pick<SignalRecord, 'kind'>): boolean {
    if (kind !== 'resolution' || this.#left === 0) return false;
    this.#left -= 1;
    return true;
  }
}
