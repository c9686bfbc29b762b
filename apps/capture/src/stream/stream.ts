/**
 * The binlog from the log's last position on → records of the log. Reading and publishing go on side by side; the queue between them is
 * bounded, and the first failure of either ends both.
 */
import { announcedPattern, createRouter, SyncError } from '@lutra/model';
import type { Announced, Suspension } from '@lutra/model';
import type { CaptureRun } from '../capture-run.js';
import { LogWriter } from './log-writer.js';
import { Observers } from '../observe/observers.js';
import { read } from './read.js';
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
  const here = await suspendedHereFirst(run, verified, suspended);
  deps.status.update({ suspended });
  deps.metrics.queueCapacity.set({ name: run.endpoint.name }, queueBytes);
  const routes: Announced = {
    revision: verified.revision,
    tables: work.routes.map(announcedPattern),
    pipelines: work.pipelines,
    names: work.names,
    ...(suspended.length > 0 && { suspended }),
  };
  const observers = new Observers(run, verified, routes);
  const writer = writerOf(run, verified, observers);
  await allOrNone([read(run, verified, { writer, observers, routes, here }), writer.run(signal)], run);
}

/** After the claim: what an owner of the log had passed over until then stands at the server by now. @throws TablesSuspended */
async function suspendedHereFirst(run: CaptureRun, { state, start }: Verified, suspended: readonly Suspension[]): Promise<Here> {
  const { deps, work, source, during, sourceName } = run;
  const { writers } = work;
  const here = { writers, router: createRouter(work.routes, suspended), foldsNames: state.lowerCaseTableNames === 1 };
  const standing = await during(sourceName, () => deps.io.source.suspended(source, writers));
  const found = suspendedHere(standing, here, { where: `${start.file}:${start.pos}`, at: Date.now() });
  if (found.length > 0) throw new TablesSuspended(found);
  return here;
}

function writerOf(run: CaptureRun, { claim }: Verified, observers: Observers): LogWriter {
  const { endpoint, encoder, publisher, during, kafkaName } = run;
  return new LogWriter({
    publisher: { publish: (records) => during(`${kafkaName} to take ${records.length} records`, () => publisher.publish(records)) },
    during,
    encoder,
    log: claim.log,
    epoch: claim.epoch,
    nextSeq: claim.nextSeq,
    nextOffset: claim.nextOffset,
    queueBytes,
    batchBytes: Math.min(batchBytes, endpoint.topic.maxMessageBytes / 2),
    onAcknowledged: (records) => observers.acknowledged(records),
  });
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
