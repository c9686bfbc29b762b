/** The stages of a run, put together from what the target, the log and ZooKeeper say now. */
import type { AppliedRoutes, Checkpoint } from '@lutra/marker';
import { createRouter, followedRoutes } from '@lutra/model';
import type { Router, TableName } from '@lutra/model';
import { Applier } from './assemble/applier.js';
import { createDetector } from './conflict/detect/create-detector.js';
import type { Detection } from './conflict/detect/create-detector.js';
import { TargetTables } from './conflict/detect/table-book.js';
import type { DdlTarget } from './ddl/carry-out.js';
import { carriedRouter, isLeftOut } from './ddl/concern.js';
import { apartWhereShared } from './ddl/shared-tables.js';
import { filesOf } from './files/files-of-run.js';
import type { StageFiles } from './files/files-room.js';
import type { LoaderRun, Owned } from './loader-run.js';
import { LogReader } from './read/log-reader.js';
import { Progress } from './observe/progress.js';
import { RouteCheck } from './read/route-check.js';
import type { Skip } from './assemble/skip.js';
import { suspensionsOf } from './plan/suspending.js';
import type { Suspensions } from './plan/suspensions.js';
import { TableMatcher } from './plan/table-matcher.js';
import { MissingRows } from './seed/missing-rows.js';
import type { SeedProgressWriter } from './seed/seed-progress.js';
import { seedingOf, seedPartsOf, seedProgressOf } from './seed/seed-stages.js';
import type { Seeding } from './seed/seeding.js';
import { Seeds } from './seed/seeds.js';
import { groupOf, sayApplied, skipOf } from './recover/take-over.js';
import type { LoaderWork } from './assignments.js';

export interface Stages {
  readonly router: Router;
  /** Of a table of the source: it is suspended, or waits for its seed. */
  isLeftOut(table: TableName): boolean;
  readonly reader: LogReader;
  readonly routes: RouteCheck;
  readonly suspensions: Suspensions;
  readonly matcher: TableMatcher;
  readonly detection: Detection | null;
  readonly applier: Applier;
  readonly ddl: DdlTarget;
  readonly seeds: Seeds;
  readonly seeding: Seeding;
  readonly seedProgress: SeedProgressWriter;
  readonly progress: Progress;
  /** Null: no row names a file. */
  readonly files: StageFiles | null;
  /** What an operator ordered; passed already, perhaps. */
  readonly skip: Skip | null;
}

/** Bytes of SQL of one target transaction. */
const batchBytes = 256 * 1024;
/** Where the target takes writes of its own: statements name the row before too, and each transaction waits for its watermark. */
const detectingBatchBytes = 384 * 1024;
/** Of a chunk of rows that were read at the source: one text, unless its rows are wide. */
const chunkPieceBytes = 1024 * 1024;

/** @throws SyncError CONFIG_BEHIND, CONFIG_REGRESSED, TABLE_SUSPENDED; TARGET_*, KAFKA_*, ZOOKEEPER_UNAVAILABLE */
export async function prepare(run: LoaderRun, owned: Owned): Promise<Stages> {
  const { deps, work, topic, admin, during, attempt } = run;
  const { checkpoint } = owned;
  const { routes, applied } = await checkedRoutes(run, { work, checkpoint, begins: checkpoint.logId === '' });
  const progress = new Progress(deps, { pipeline: work.id, group: groupOf(work.uid), topic, admin, seq: checkpoint.seq });
  const { start } = await during(run.kafkaName, () => admin.offsets(topic));
  const reader = new LogReader(topic, checkpoint, start);
  deps.metrics.connected.set({ name: work.id, to: 'kafka' }, 1);
  // An order in a tree that has regressed may be an old one.
  const skip = routes.isRegressed ? null : await during('ZooKeeper', () => skipOf(deps.registry, work.uid, checkpoint));
  const stages = await stagesFor(run, { ...owned, checkpoint: { ...checkpoint, routes: applied } }, { reader, routes, progress, skip });
  const { refused } = attempt;
  const isRefused = refused && createRouter(work.routes)(refused) !== null && !stages.suspensions.has(refused);
  if (!isRefused) return stages;
  await stages.suspensions.refuse(refused);
  deps.status.update({ suspended: stages.suspensions.tables });
  return stages;
}

/** What the work of now asks for; the reader, the check of the routes and what is counted may go on from the stages before. */
export async function stagesFor(
  run: LoaderRun,
  owned: Owned,
  { reader, routes, progress, skip }: Pick<Stages, 'reader' | 'routes' | 'progress' | 'skip'>,
): Promise<Stages> {
  const { deps, work, target, signal } = run;
  const { checkpoint, writer } = owned;
  const tables = new TargetTables((database, name) => writer.loadTable(database, name));
  const suspensions = await suspensionsOf(run, owned, routes.fingerprints);
  deps.status.update({ suspended: suspensions.tables });
  const isSuspended = (table: TableName): boolean => suspensions.hasTarget(table);
  const parts = await seedPartsOf(run, checkpoint);
  const seeds = new Seeds({ uid: work.uid, region: work.source.region }, parts);
  const isOut = (table: TableName): boolean => suspensions.has(table) || seeds.isWaiting(table);
  const replaces = (table: TableName): boolean => seeds.replaces(table);
  const files = await filesOf(run, owned);
  const detection = createDetector(deps, work, {
    writer,
    tables,
    isSuspended,
    target,
    checkpoint,
    newest: () => run.live.newest,
    signal,
    replaces,
    files,
  });
  const seedProgress = seedProgressOf(run, seeds);
  run.closing(async () => {
    seedProgress.close();
    await detection?.close();
  });
  const bothWays = work.ddl?.bothWays ?? (work.detector?.back.length ?? 0) > 0;
  const followed = createRouter(followedRoutes(work.routes, { uid: work.uid, bothWays }));
  const router = apartWhereShared({ router: followed, routes: work.routes, others: work.ddl?.others ?? [] });
  const carried = { router, isSuspended: isOut };
  const matcher = new TableMatcher({
    router,
    here: detection?.parts.peers ?? null,
    load: (database, table) => writer.loadTable(database, table),
    isSuspended: (table) => isLeftOut(table, carried),
  });
  deps.metrics.queueCapacity.set({ name: work.id }, batchBytesOf(work));
  const pieceBytes = chunkPieceBytes;
  const isSourceSuspended = (table: TableName): boolean => suspensions.has(table);
  const seeding = seedingOf(run, owned, { seeds, matcher, detection, pieceBytes, files, isSuspended: isSourceSuspended });
  if (parts.length > 0) seedProgress.changed(true);
  const missing = detection ? null : new MissingRows({ writer, pipeline: work.uid, replaces });
  const ahead = skip && skip.seq > checkpoint.seq && (skip.answer ?? 'skip') === 'skip' ? skip : null;
  const applier = applierOf(run, owned, { matcher, detection, progress, skip: ahead, seeding, missing, files });
  const ddl = deps.ddl.targetOf(run, owned, { router: carriedRouter(carried) });
  return {
    router,
    isLeftOut: isOut,
    reader,
    routes,
    suspensions,
    matcher,
    detection,
    seeds,
    seeding,
    seedProgress,
    applier,
    ddl,
    progress,
    files,
    skip,
  };
}

/** Behind a schema change, at whose place `owned` has the checkpoint: what is known of the tables of the target is read again. */
export async function stagesAnew(run: LoaderRun, owned: Owned, before: Stages): Promise<Stages> {
  before.seedProgress.close();
  await before.detection?.close();
  before.progress.handedOver(before.applier);
  await owned.writer.forget();
  return stagesFor(run, owned, before);
}

interface ToCheck {
  readonly work: LoaderWork;
  readonly checkpoint: Checkpoint;
  /** See RouteCheckOptions. */
  readonly begins: boolean;
}

/** The routes are read after the fence: a later owner reads them later, so routes never go back to an older version. */
export async function checkedRoutes(
  { deps, target, signal, during }: LoaderRun,
  { work, checkpoint, begins }: ToCheck,
): Promise<{ readonly routes: RouteCheck; readonly applied: AppliedRoutes }> {
  const check = new RouteCheck({ tree: deps.tree, work, begins, signal });
  const before = checkpoint.routes ? { ...checkpoint.routes, at: Math.floor(checkpoint.sourceUs / 1000) } : null;
  const applied = await during('ZooKeeper, for the newest routes', () => check.requireNewest(before));
  await sayApplied(deps.io.target.sayRoutes, target, { checkpoint, routes: applied });
  return { routes: check, applied };
}

type ApplierParts = Pick<Stages, 'matcher' | 'detection' | 'progress' | 'skip' | 'seeding' | 'files'> & {
  readonly missing: MissingRows | null;
};

function applierOf(run: LoaderRun, { checkpoint, writer }: Owned, { matcher, detection, progress, ...parts }: ApplierParts): Applier {
  const { deps, work, resolved, readAhead, during } = run;
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
    leftOut: detection?.leftOut ?? null,
    resolved,
    readAhead,
    ...parts,
    batchBytes: batchBytesOf(work),
    onSkipped: (skipped) => tellSkipped(run, skipped),
    during,
    onCommitted: (committed) => {
      detection?.leftOut.committed(committed.position.seq);
      progress.committed(committed);
    },
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
