/**
 * ★ The table of contents of the loader: one pipeline, topic → target.
 *
 *   take over in the database (fence), with the newest routes → read the topic from the checkpoint → epoch and seq rule, whole transactions
 *   → route, build statements → one target transaction: checkpoint (marker, fence) first, then the rows; where the target takes writes
 *   of its own, see that nobody changed them meanwhile, or settle the conflict (conflict/guard.ts) → COMMIT
 *
 * The checkpoint row is committed with the data, so a restart, at any instant, goes on exactly after what was applied. Any failure
 * ends the run; the next one starts from the checkpoint again.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { RecordDecoder } from '@lutra/avro';
import { BusAdmin, requestTimeoutFor, subscribe } from '@lutra/bus';
import type { BusOptions } from '@lutra/bus';
import type { EventQueues } from '@lutra/host';
import { createRouter, rowsTopic, toSyncError } from '@lutra/model';
import type { TableName } from '@lutra/model';
import type { ConnectionOptions } from '@lutra/mysql';
import { openPassword } from '@lutra/registry';
import type { Keyring, Registry, SchemaStore } from '@lutra/registry';
import type { StatusReporter } from '@lutra/runtime';
import type { Logger, Metrics, Traces } from '@lutra/telemetry';
import { Applier } from './applier.js';
import type { ApplierOptions } from './applier.js';
import { guardFor } from './conflict/guard-for.js';
import type { Guarding } from './conflict/guard-for.js';
import type { Remedy } from './conflict/remedy.js';
import { TargetTables } from './conflict/target-tables.js';
import { LogReader } from './log-reader.js';
import type { Place } from './log-reader.js';
import { Progress } from './progress.js';
import { RouteCheck } from './route-check.js';
import type { RouteCheckOptions } from './route-check.js';
import { suspend, suspensionsOf } from './suspending.js';
import { refusedTable } from './suspensions.js';
import type { Refused } from './suspensions.js';
import { TableMatcher } from './table-matcher.js';
import { sayApplied, skipOf, takeOverTarget } from './take-over.js';
import { TargetWriter } from './target-writer.js';
import { untilSettled } from './until-settled.js';
import type { LoaderWork } from './wanted.js';

export interface LoaderDeps {
  readonly registry: Registry;
  readonly schemas: SchemaStore;
  readonly secretKey: Keyring;
  readonly metrics: Metrics;
  readonly traces?: Traces | null;
  readonly logger: Logger;
  readonly status: StatusReporter;
  readonly events: EventQueues;
}

/** Bytes of SQL of one target transaction, and of one Kafka fetch. */
const batchBytes = 256 * 1024;
/** Of SQL where the target takes writes of its own: statements name the row before too, and each transaction waits for its watermark. */
const guardedBatchBytes = 384 * 1024;
const fetchBytes = 256 * 1024;
/** Of a record whose decoding is worth a turn of the event loop. */
const largeBytes = 1024 * 1024;
/** A pipeline without rows still saves its place now and then, so that retention does not pass it. */
const saveProgressMs = 10 * 60 * 1000;
/** Loaders of other pipelines wait for our place. */
const saveProgressForOthersMs = 1_000;

/** After so many transactions one at a time the cause is gone, or was never in one of them. */
const cautiousTransactions = 2_000;

interface Lead {
  readonly leaseNumber: number;
  readonly signal: AbortSignal;
}

/** One run of it. `merge` and `settled`: see ApplierOptions. */
interface Attempt extends Lead {
  /** A table whose definition at the target ended the run before: it is suspended. */
  readonly refused: Refused | null;
  readonly merge: boolean;
  readonly settled: ReadonlySet<number>;
}

/**
 * One ownership: works until the signal aborts or something fails. What a merged target transaction was refused is tried once more, one
 * source transaction at a time: the good ones before it take effect, and the bad one is named.
 */
export async function runLoader(deps: LoaderDeps, work: LoaderWork, lead: Lead): Promise<void> {
  for (let refused: Refused | null = null; ;) {
    try {
      return await runMerged(deps, work, { ...lead, refused });
    } catch (thrown) {
      const found = work.onUnsupported === 'suspend' && !lead.signal.aborted ? refusedTable(thrown) : null;
      // Refused although it is suspended: then it is another cause.
      if (!found || (found.database === refused?.database && found.name === refused.name)) throw thrown;
      refused = found;
    }
  }
}

async function runMerged(deps: LoaderDeps, work: LoaderWork, lead: Pick<Attempt, 'leaseNumber' | 'signal' | 'refused'>): Promise<void> {
  try {
    await loadOrSettle(deps, work, { ...lead, merge: true });
  } catch (thrown) {
    const error = toSyncError(thrown);
    const isBatch = error.outcome === 'stop' && error.details['alone'] === false && error.code !== 'TABLE_SUSPENDED';
    if (!isBatch || lead.signal.aborted) throw thrown;
    deps.logger.warn({ code: error.code, details: error.details }, 'the target refused a batch; applying one transaction at a time');
    await loadOrSettle(deps, work, { ...lead, refused: null, merge: false });
  }
}

function loadOrSettle(deps: LoaderDeps, work: LoaderWork, lead: Omit<Attempt, 'settled'>): Promise<void> {
  const attempt = (settled: ReadonlySet<number>): Promise<void> => load(deps, work, { ...lead, settled });
  return untilSettled(attempt, {
    signal: lead.signal,
    onAgain: (seq) => deps.logger.info({ seq }, 'a huge transaction met a conflict: it begins once more, and is settled row by row'),
  });
}

async function load(deps: LoaderDeps, work: LoaderWork, lead: Attempt): Promise<void> {
  const { status, logger, metrics } = deps;
  const { during } = status.waits;
  const name = work.id;
  const topic = rowsTopic(work.source.name);
  const ended = new AbortController();
  const signal = AbortSignal.any([lead.signal, ended.signal]);
  const target = connectionOf(deps, work);
  const bus = busOf(deps, work);
  metrics.disconnected(name, 'kafka', 'target');
  const admin = new BusAdmin(bus);
  const of = { pipeline: work.id, topic, leaseNumber: lead.leaseNumber, signal };
  const owned = `its row in lutra.checkpoint at ${target.host}:${target.port}, ZooKeeper or ${kafkaOf(work)}`;
  const checkpoint = await during(owned, () => takeOverTarget({ pipelines: deps.registry.pipelines, admin }, target, of)).catch(
    async (error: unknown) => {
      await admin.close();
      throw error;
    },
  );
  metrics.connected.set({ name, to: 'target' }, 1);
  const { epoch, logId: log, seq, nextOffset: offset, replayUntil } = checkpoint;
  logger.info({ epoch, log, seq, offset, replayUntil }, 'took the pipeline over');
  const writer = new TargetWriter(target, { pipeline: work.id, part: 0, lane: 0, epoch }, (seconds) =>
    metrics.applySeconds.observe({ name }, seconds),
  );
  const tables = new TargetTables((database, name) => writer.loadTable(database, name));
  let guarding: Guarding | null = null;
  // A target that does not answer must not keep an ended run for as long as an answer may take.
  signal.addEventListener('abort', () => void writer.dispose(), { once: true });
  try {
    const routes = routeCheckOf(deps, work, { begins: log === '', signal });
    // Not before the fence: who takes over after us looks after us, so routes that were once in force never go back to older ones.
    const newest = await during('ZooKeeper, for the newest routes', () => routes.requireNewest(checkpoint.routes ?? null));
    await sayApplied(target, checkpoint, newest);
    const router = createRouter(work.routes);
    const suspensions = await suspensionsOf(deps, work, { target, checkpoint, router, fingerprints: routes.fingerprints });
    if (lead.refused && !suspensions.has(lead.refused)) await suspensions.refuse(lead.refused);
    status.update({ suspended: suspensions.tables });
    const isSuspended = (table: TableName): boolean => suspensions.hasTarget(table);
    guarding = guardFor(deps, work, { writer, tables, isSuspended, target, checkpoint, signal });
    const matcher = new TableMatcher({
      router,
      load: (database, table) => writer.loadTable(database, table),
      isSuspended: (table) => suspensions.has(table),
    });
    const progress = new Progress(deps, { pipeline: work.id, topic, admin, seq });
    const reader = new LogReader(topic, checkpoint, (await during(kafkaOf(work), () => admin.offsets(topic))).start);
    metrics.connected.set({ name, to: 'kafka' }, 1);
    metrics.queueCapacity.set({ name }, batchBytesOf(work));
    const decoder = new RecordDecoder({ ids: deps.schemas });
    const skip = await during('ZooKeeper', () => skipOf(deps.registry, work.id, checkpoint));
    const applier = applierOf(deps, work, {
      lead,
      checkpoint,
      writer,
      tables: matcher,
      guard: guarding?.guard ?? null,
      skip,
      progress,
      ended,
    });
    status.update({ state: 'running', waitingFor: null, epoch, log, seq, offset, routes: routes.fingerprints });
    void deps.schemas.prefetch?.(`${topic}-`);
    let savedAt = Date.now();
    for await (const batch of subscribe({ ...bus, topic, offset: reader.startOffset, maxBytes: fetchBytes, signal, during })) {
      let passed: Place | null = null;
      progress.batch(batch);
      for (const raw of batch) {
        const size = raw.value?.length ?? 0;
        if (size > largeBytes) await nextTurn();
        const decoded = decoder.decode(raw);
        const step = reader.accept(
          decoded instanceof Promise ? await during('the schema of a record (ZooKeeper or the schema registry)', () => decoded) : decoded,
        );
        if (size > largeBytes) await nextTurn();
        switch (step.kind) {
          case 'row':
            // Rows of other pipelines' tables move the place as well; on a busy topic hardly a batch ends with a control record.
            passed = step.event.transaction.last ? step.place : null;
            routes.requireProven();
            progress.row(step.event, step.place);
            await applier.row(step.table, step.event, step.place);
            break;
          case 'control': {
            if (routes.differs(step.control)) {
              // What lies before the record is applied in any case; nothing behind it, before we know who is behind.
              await applier.flush();
              await applier.settled();
              const { control } = step;
              await during('ZooKeeper, for the newest routes', () => routes.requireCarried(control));
            }
            passed = step.place;
            const ended = await suspend({ suspensions, applier, matcher, status }, step.control, step.place);
            if (step.control.kind === 'remedy' && guarding?.concerns(step.control) && !suspensions.has(remedied(step.control))) {
              routes.requireProven();
              progress.remedy(step.place);
              await applier.remedy(step.control, step.place);
            } else applier.passed(step.place);
            progress.control(step.control, step.place);
            // What is written here from now on has seen what the log left out; its windows begin anew, with the tables that came back.
            if (guarding && step.control.kind === 'routes' && routes.isProven) await applier.saveProgress(step.place);
            if (guarding && ended) return await applier.settled();
            break;
          }
          case 'forget':
            await applier.forget();
            break;
          case 'nothing':
        }
      }
      progress.batchDone(applier, batch.at(-1));
      await applier.flush();
      if (!lead.merge && progress.transactions >= cautiousTransactions) break;
      if (passed && routes.isProven && Date.now() - savedAt > (work.guard?.thirds.length ? saveProgressForOthersMs : saveProgressMs)) {
        await applier.saveProgress(passed);
        savedAt = Date.now();
      }
    }
    await applier.settled();
  } catch (thrown) {
    // A refusal may rest on a definition that somebody has changed since: then it is none.
    if (toSyncError(thrown).outcome === 'stop' && !lead.signal.aborted) await writer.requireSameTables();
    throw thrown;
  } finally {
    metrics.disconnected(name, 'kafka', 'target');
    ended.abort();
    await Promise.allSettled([writer.dispose(), admin.close(), guarding?.close()]);
  }
}

interface ApplierParts extends Pick<ApplierOptions, 'checkpoint' | 'guard' | 'skip' | 'tables'> {
  readonly lead: Attempt;
  readonly writer: TargetWriter;
  readonly progress: Progress;
  /** Aborted when a commit fails. */
  readonly ended: AbortController;
}

function applierOf({ registry, logger, metrics, status }: LoaderDeps, work: LoaderWork, parts: ApplierParts): Applier {
  const { lead, checkpoint, writer, tables, guard, skip, progress, ended } = parts;
  return new Applier({
    checkpoint,
    sourceRegion: work.source.region,
    targetRegion: work.target.region,
    forwards: work.forwards,
    carriedOn: work.carriedOn,
    tables,
    writer,
    guard,
    settled: lead.settled,
    merge: lead.merge,
    skip,
    batchBytes: batchBytesOf(work),
    onSkipped: async ({ log, seq, reason }) => {
      logger.warn({ seq, reason }, 'skipped a transaction; its rows are in lutra.skipped');
      metrics.skipOrders.inc({ name: work.id });
      const omission = {
        kind: 'skip',
        what: 'transaction',
        tables: [],
        where: `seq ${seq}`,
        at: Date.now(),
        record: { log, seq },
      } as const;
      await registry.omissions.add(`pipeline@${work.id}`, [omission]);
      await registry.skips.remove(work.id);
    },
    during: status.waits.during,
    onCommitted: (committed) => progress.committed(committed),
    onFailed: (error) => ended.abort(toSyncError(error)),
  });
}

function routeCheckOf({ registry }: LoaderDeps, work: LoaderWork, run: Pick<RouteCheckOptions, 'begins' | 'signal'>): RouteCheck {
  const { channels, revision } = registry;
  return new RouteCheck({ channels, revision, id: work.id, routes: work.routes, forwards: work.forwards, ...run });
}

function batchBytesOf({ guard }: LoaderWork): number {
  return guard ? guardedBatchBytes : batchBytes;
}

function connectionOf({ secretKey }: LoaderDeps, { target }: LoaderWork): ConnectionOptions {
  const { host, port, user, tls, publicKey } = target;
  return { host, port, user, password: openPassword(secretKey, target), tls, publicKey };
}

function busOf({ logger }: LoaderDeps, { id, source, sourceRegion: { kafka } }: LoaderWork): BusOptions {
  const requestTimeoutMs = requestTimeoutFor(source.topic.maxMessageBytes);
  return { brokers: kafka.brokers, tls: kafka.tls, clientId: `lutra-loader-${id}`, logger, requestTimeoutMs };
}

function remedied({ database, table }: Remedy): TableName {
  return { database, name: table };
}

/** For messages. */
function kafkaOf({ sourceRegion: { name, kafka } }: LoaderWork): string {
  return `Kafka of region ${name} (${kafka.brokers.join(', ')})`;
}
