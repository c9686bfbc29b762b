/** The source's binlog, item by item → records, in the order of the log. */
import { tableName } from '@lutra/model';
import type { Announced, Position, Seen, SourceItem, TableName } from '@lutra/model';
import type { CaptureRun } from '../capture-run.js';
import type { DdlCopies } from '../ddl/copies.js';
import { warnOnce } from '../observe/ignored.js';
import type { Edits } from './edits.js';
import type { LogWriter } from './log-writer.js';
import type { Observers } from '../observe/observers.js';
import type { Boundary, Output, SchemaChange } from './output.js';
import { isOwnTable } from './own-tables.js';
import type { SignalRecord } from './signals.js';
import { knownPosition } from '../verify/start-position.js';
import { PublishedResolutions } from './published-resolutions.js';
import { requireCurrentRoutes } from '../claim/routes-check.js';
import type { Resyncs } from '../resync/resyncs.js';
import type { Routing } from './routing.js';
import type { Seeding } from '../seed/seeding.js';
import { suspendedHere, TablesSuspended } from './suspended-here.js';
import { TransactionTracker } from './transactions.js';
import type { Verified } from '../verify/verify.js';

/** Bytes of events that may wait. */
const bufferBytes = 512 * 1024;
/** At most this often while the position moves, and this often while it does not. */
const movingMs = 1_000;
const idleMs = 10_000;

interface Destination {
  readonly writer: LogWriter;
  readonly observers: Observers;
  readonly routing: Routing;
  readonly edits: Edits;
  readonly seeding: Seeding;
  readonly resyncs: Resyncs;
  readonly copies: DdlCopies;
}

/** Reads until the signal aborts. @throws SyncError SOURCE_*, what cannot be replicated */
export async function read(run: CaptureRun, verified: Verified, to: Destination): Promise<void> {
  const { endpoint } = run;
  const { seen, resolutions, publishedThrough } = verified.claim.tail;
  const heartbeats = new Heartbeats(endpoint.name, to.writer);
  const tracker = trackerOf(run, verified, to);
  const announce = announcing(run, verified, to);
  const outputs = new OutputWriter(run, to, { heartbeats, published: new PublishedResolutions(resolutions), tracker, announce });
  // First of all records: a log that ended before it would not say where to go on.
  await heartbeats.now({ position: verified.start, seen, resolutions, publishedThrough });
  await announce(to.routing.now.announced);
  await to.seeding.announced({ end: verified.start, seen }, { publishedThrough, resolutions });
  const { places } = to.seeding;
  for await (const item of itemsOf(run, verified, to)) {
    const visit = places.enter();
    if (visit) await visit;
    if (item.kind === 'begin') places.left();
    const recorded = to.resyncs.accept(item);
    if (recorded) await recorded;
    const asked = to.copies.accept(item);
    if (asked) await asked;
    for (const output of tracker.accept(item)) await outputs.write(output);
    places.leave();
  }
}

type Announce = (routes: Announced) => Promise<void>;

function announcing({ endpoint }: CaptureRun, { state: { serverUuid: server } }: Verified, { writer }: Destination): Announce {
  return (routes) => writer.control({ kind: 'routes', endpoint: endpoint.name, ...routes, server, tsMs: Date.now() });
}

function trackerOf(
  { endpoint, deps }: CaptureRun,
  { state, claim }: Verified,
  { routing: { now }, seeding: { windows }, copies }: Destination,
): TransactionTracker {
  const { seen, publishedThrough } = claim.tail;
  return new TransactionTracker({
    endpoint: endpoint.name,
    region: endpoint.region,
    connector: state.flavor,
    version: state.version,
    router: now.here.router,
    forwarded: now.forwarded,
    level: () => deps.level.current,
    copies,
    foldsNames: now.here.foldsNames,
    seen,
    publishedThrough,
    now: Date.now,
    onRows: (rows) => windows.rows(rows),
  });
}

function itemsOf(run: CaptureRun, { claim, start }: Verified, { observers, routing }: Destination): AsyncIterable<SourceItem> {
  const { deps, endpoint, source, signal } = run;
  const { progress, prepared } = observers;
  return deps.io.source.read({
    ...source,
    serverId: endpoint.serverId,
    start: start.gtidSet === null ? { file: start.file, pos: start.pos } : { gtidSet: start.gtidSet },
    known: knownPosition(claim),
    wants: (table: TableName) => isOwnTable(table) || routing.now.here.router(table) !== null,
    filter: () => routing.version,
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
  readonly tracker: TransactionTracker;
  readonly announce: Announce;
}

class OutputWriter {
  readonly #run: CaptureRun;
  readonly #to: Destination;
  readonly #heartbeats: Heartbeats;
  readonly #warn: ReturnType<typeof warnOnce>;
  readonly #published: PublishedResolutions;
  readonly #tracker: TransactionTracker;
  readonly #announce: Announce;

  constructor(run: CaptureRun, to: Destination, { heartbeats, published, tracker, announce }: Writing) {
    this.#run = run;
    this.#to = to;
    this.#heartbeats = heartbeats;
    this.#warn = warnOnce(run.deps.logger);
    this.#published = published;
    this.#tracker = tracker;
    this.#announce = announce;
  }

  write(output: Output): Promise<void> | void {
    switch (output.kind) {
      case 'row':
        return this.#to.writer.row(output.table, output.event);
      case 'rows':
        return this.#to.writer.unread(output.table, output, output.read);
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

  async #ddl({ record, tables, open }: SchemaChange): Promise<void> {
    this.#to.seeding.statement(tables);
    if (!record) return;
    const { deps, source, during, sourceName } = this.#run;
    const collation = open && (await during(sourceName, () => deps.io.source.collation(source, open)));
    const { id, statement, doubt } = record;
    deps.logger.info({ id, statement, tables: tables.map(tableName), doubt }, 'a schema change is published');
    await this.#to.writer.control({ ...record, session: { ...record.session, collationDatabase: collation } });
  }

  /** At once: a loader holds the locks of rows until it reads its watermark in the topic. */
  #signal(record: SignalRecord): Promise<void> | void {
    return this.#published.takes(record) ? undefined : this.#to.writer.control(record);
  }

  /** The log leaves out what loaders suspend here, from between two transactions on. @throws TablesSuspended */
  async #suspended({ rows, at }: Extract<Output, { kind: 'suspended' }>): Promise<void> {
    const { deps, work, during } = this.#run;
    const found = suspendedHere(rows, this.#to.routing.now.here, { where: `${at.file}:${at.pos}`, at: Date.now() });
    if (found.length > 0) throw new TablesSuspended(found);
    // It costs nothing by what this process knows: that must be the newest.
    await during('ZooKeeper, for the newest routes', () => requireCurrentRoutes(deps.tree, work, { announced: null, announcedAt: null }));
  }

  async #boundary(boundary: Boundary): Promise<void> {
    const { observers, writer, edits, seeding } = this.#to;
    observers.progress.boundary(boundary, writer);
    if (edits.isReady && boundary.publishedThrough === null) await this.#edited(boundary);
    else await this.#heartbeats.maybe(boundary, this.#published.left);
    await seeding.reached(boundary, this.#published.left);
  }

  /** The configuration of now is in force from here on. */
  async #edited({ end: position, seen, publishedThrough }: Boundary): Promise<void> {
    const run = this.#run;
    const routes = await this.#to.edits.take(`${position.file}:${position.pos}`);
    const { here, forwarded, announced } = this.#to.routing.now;
    this.#tracker.follow({ router: here.router, forwarded });
    if (!routes) return;
    run.suspended = announced.suspended ?? [];
    run.deps.status.update({ suspended: run.suspended });
    await this.#heartbeats.now({ position, seen, resolutions: this.#published.left, publishedThrough });
    await this.#announce(announced);
    await this.#to.seeding.announced({ end: position, seen }, { publishedThrough, resolutions: this.#published.left });
    run.deps.logger.info({ revision: announced.revision, tables: announced.tables, from: position }, 'goes on with other routes');
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
