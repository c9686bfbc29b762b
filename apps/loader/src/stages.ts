/** The stages of a run, put together from what the target, the log and ZooKeeper say now. */
import { createRouter } from '@lutra/model';
import type { TableName } from '@lutra/model';
import { Applier } from './assemble/applier.js';
import { createDetector } from './conflict/detect/create-detector.js';
import type { Detection } from './conflict/detect/create-detector.js';
import { TargetTables } from './conflict/detect/table-book.js';
import type { LoaderRun, Owned } from './loader-run.js';
import { LogReader } from './read/log-reader.js';
import { Progress } from './observe/progress.js';
import { RouteCheck } from './read/route-check.js';
import type { Skip } from './assemble/skip.js';
import { suspensionsOf } from './plan/suspending.js';
import type { Suspensions } from './plan/suspensions.js';
import { TableMatcher } from './plan/table-matcher.js';
import { groupOf, sayApplied, skipOf } from './recover/take-over.js';
import type { LoaderWork } from './assignments.js';

export interface Stages {
  readonly reader: LogReader;
  readonly routes: RouteCheck;
  readonly suspensions: Suspensions;
  readonly matcher: TableMatcher;
  readonly detection: Detection | null;
  readonly applier: Applier;
  readonly progress: Progress;
}

/** Bytes of SQL of one target transaction. */
const batchBytes = 256 * 1024;
/** Where the target takes writes of its own: statements name the row before too, and each transaction waits for its watermark. */
const detectingBatchBytes = 384 * 1024;

/** @throws SyncError CONFIG_BEHIND, CONFIG_OUTDATED, TABLE_SUSPENDED; TARGET_*, KAFKA_*, ZOOKEEPER_UNAVAILABLE */
export async function prepare(run: LoaderRun, owned: Owned): Promise<Stages> {
  const { deps, work, topic, target, admin, signal, during, attempt } = run;
  const { checkpoint, writer } = owned;
  const tables = new TargetTables((database, name) => writer.loadTable(database, name));
  const routes = await routesOf(run, owned);
  const suspensions = await suspensionsOf(run, owned, routes.fingerprints);
  if (attempt.refused && !suspensions.has(attempt.refused)) await suspensions.refuse(attempt.refused);
  deps.status.update({ suspended: suspensions.tables });
  const isSuspended = (table: TableName): boolean => suspensions.hasTarget(table);
  const detection = createDetector(deps, work, { writer, tables, isSuspended, target, checkpoint, signal });
  if (detection) run.closing(() => detection.close());
  const matcher = new TableMatcher({
    router: createRouter(work.routes),
    load: (database, table) => writer.loadTable(database, table),
    isSuspended: (table) => suspensions.has(table),
  });
  const progress = new Progress(deps, { pipeline: work.id, group: groupOf(work.uid), topic, admin, seq: checkpoint.seq });
  const { start } = await during(run.kafkaName, () => admin.offsets(topic));
  const reader = new LogReader(topic, checkpoint, start);
  deps.metrics.connected.set({ name: work.id, to: 'kafka' }, 1);
  deps.metrics.queueCapacity.set({ name: work.id }, batchBytesOf(work));
  const skip = await during('ZooKeeper', () => skipOf(deps.registry, work.uid, checkpoint));
  const applier = applierOf(run, owned, { matcher, detection, progress, skip });
  return { reader, routes, suspensions, matcher, detection, applier, progress };
}

/** The routes are read after the fence: a later owner reads them later, so routes never go back to an older version. */
async function routesOf({ deps, work, target, signal, during }: LoaderRun, { checkpoint }: Owned): Promise<RouteCheck> {
  const { channels, revision } = deps.registry;
  const check = new RouteCheck({ channels, revision, work, begins: checkpoint.logId === '', signal });
  const newest = await during('ZooKeeper, for the newest routes', () => check.requireNewest(checkpoint.routes ?? null));
  await sayApplied(deps.io.target.sayRoutes, target, { checkpoint, routes: newest });
  return check;
}

interface ApplierParts extends Pick<Stages, 'matcher' | 'detection' | 'progress'> {
  readonly skip: Skip | null;
}

function applierOf(run: LoaderRun, { checkpoint, writer }: Owned, { matcher, detection, progress, skip }: ApplierParts): Applier {
  const { deps, work, attempt, during } = run;
  return new Applier({
    checkpoint,
    name: work.id,
    sourceRegion: work.source.region,
    targetRegion: work.target.region,
    forwards: work.forwards,
    forwarded: work.forwarded,
    tables: matcher,
    writer,
    detector: detection?.detector ?? null,
    resolved: attempt.resolved,
    skip,
    batchBytes: batchBytesOf(work),
    onSkipped: (skipped) => tellSkipped(run, skipped),
    during,
    onCommitted: (committed) => progress.committed(committed),
    onFailed: (error) => run.end(error),
    onRefused: ({ code, details }) => deps.logger.warn({ code, details }, 'the target refused a batch; applying one transaction at a time'),
  });
}

async function tellSkipped({ deps, work }: LoaderRun, { log, seq, reason }: Skip): Promise<void> {
  const { logger, metrics, registry } = deps;
  logger.warn({ seq, reason }, 'skipped a transaction; its rows are in lutra.skipped');
  metrics.skipOrders.inc({ name: work.id });
  const what = { kind: 'skip', what: 'transaction', tables: [], where: `seq ${seq}`, at: Date.now(), record: { log, seq } } as const;
  await registry.omissions.add(`pipeline@${work.uid}`, [what]);
  await registry.skips.remove(work.uid);
}

function batchBytesOf({ detector }: LoaderWork): number {
  return detector ? detectingBatchBytes : batchBytes;
}
