/**
 * The binlog from the log's last position on → records of the log. Reading and publishing go on side by side; the queue between them is
 * bounded, and the first failure of either ends both.
 */
import type { Publisher } from '@lutra/bus';
import { SyncError } from '@lutra/model';
import type { Suspension } from '@lutra/model';
import type { CaptureRun } from '../capture-run.js';
import { DdlCopies } from '../ddl/copies.js';
import { barriersOf } from './barriers.js';
import { Edits } from './edits.js';
import { LogWriter } from './log-writer.js';
import type { Acknowledged } from './log-writer.js';
import { Observers } from '../observe/observers.js';
import { read } from './read.js';
import { Resyncs } from '../resync/resyncs.js';
import { routesFor, Routing } from './routing.js';
import { seedWaits } from '../seed/seed-run.js';
import { fatally, Seeding } from '../seed/seeding.js';
import { suspendedHere, TablesSuspended } from './suspended-here.js';
import type { Here } from './suspended-here.js';
import { stillSuspended } from './unreadable.js';
import type { Verified } from '../verify/verify.js';

/** Bytes of encoded records that may wait; and of one produce request. */
const queueBytes = 1024 * 1024;
const batchBytes = 512 * 1024;

/** @param met tables that this process could not read. @throws what ended it */
export async function stream(run: CaptureRun, verified: Verified, met: readonly Suspension[]): Promise<void> {
  const { deps, work, signal } = run;
  const { tail } = verified.claim;
  const suspended = stillSuspended(tail.announced?.suspended ?? [], met, work.routes);
  run.suspended = suspended;
  const { revision, state } = verified;
  const routes = routesFor(work, { revision, suspended, foldsNames: state.lowerCaseTableNames === 1 });
  await requireNoneSuspendedHere(run, verified, routes.here);
  deps.status.update({ suspended });
  deps.metrics.queueCapacity.set({ name: run.endpoint.name }, queueBytes);
  const routing = new Routing(routes);
  const edits = new Edits(run, verified, routing);
  const observers = new Observers(run, verified, routes.announced);
  // It needs the writer, which tells it what was acknowledged.
  const acknowledged = (records: readonly Acknowledged[]): void => {
    observers.acknowledged(records);
    seeding.acknowledged(records);
    barriers.acknowledged(records);
  };
  const writer = writerOf(run, verified, acknowledged);
  const seeding: Seeding = new Seeding(run, verified, { writer, routing, lagMs: () => observers.progress.lagMs() });
  const barriers = barriersOf(run, {
    server: verified.state.serverUuid,
    log: fatally(run, writer),
    places: seeding.places,
    pollMs: (deps.seedWaits ?? seedWaits).pollMs,
  });
  const resyncs = new Resyncs(run, { routing, asks: seeding });
  const copies = new DdlCopies((gtid) => run.during(run.sourceName, () => deps.io.source.copy(run.source, gtid)));
  const reading = read(run, verified, { writer, observers, routing, edits, seeding, resyncs, copies });
  await allOrNone([reading, writer.run(signal), edits.watch(), seeding.run(), barriers.run(), resyncs.run()], run);
}

/** After the claim: what an owner of the log had passed over until then stands at the server by now. @throws TablesSuspended */
async function requireNoneSuspendedHere(run: CaptureRun, { start }: Verified, here: Here): Promise<void> {
  const { deps, source, during, sourceName } = run;
  const standing = await during(sourceName, () => deps.io.source.suspended(source, here.writers));
  const found = suspendedHere(standing, here, { where: `${start.file}:${start.pos}`, at: Date.now() });
  if (found.length > 0) throw new TablesSuspended(found);
}

function writerOf(run: CaptureRun, { claim }: Verified, onAcknowledged: (records: readonly Acknowledged[]) => void): LogWriter {
  const { endpoint, encoder, publisher, during, kafkaName } = run;
  return new LogWriter({
    publisher: { publish: (records) => during(`${kafkaName} to take ${countOf(records)} records`, () => publisher.publish(records)) },
    during,
    encoder,
    log: claim.log,
    epoch: claim.epoch,
    nextSeq: claim.nextSeq,
    nextOffset: claim.nextOffset,
    queueBytes,
    batchBytes: Math.min(batchBytes, endpoint.topic.maxMessageBytes / 2),
    onAcknowledged,
  });
}

function countOf(records: Parameters<Publisher['publish']>[0]): number {
  return 'batch' in records ? records.count : records.length;
}

/** Waits for all; the first failure, or what else ended the leadership, ends the others and is the one thrown. */
async function allOrNone(tasks: readonly Promise<void>[], run: Pick<CaptureRun, 'end' | 'reason'>): Promise<void> {
  let failure: unknown;
  const watched = tasks.map((task) =>
    task.then(
      () => run.end(),
      (error: unknown) => {
        failure ??= error;
        run.end(error);
      },
    ),
  );
  await Promise.all(watched);
  // The tasks only say that they were aborted; the reason says why.
  if (run.reason instanceof SyncError) throw run.reason;
  if (failure !== undefined) throw failure;
}
