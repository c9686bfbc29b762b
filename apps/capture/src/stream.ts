/**
 * The binlog from the log's last position on → records of the log. Reading and publishing go on side by side; the queue between them is
 * bounded, and the first failure of either ends both.
 */
import { announcedPattern, SyncError } from '@lutra/model';
import type { Announced, Suspension } from '@lutra/model';
import type { CaptureRun } from './capture-run.js';
import { LogWriter } from './log-writer.js';
import { Observers } from './observers.js';
import { read } from './read.js';
import { stillSuspended } from './unreadable.js';
import type { Verified } from './verify.js';

/** Bytes of encoded records that may wait; and of one produce request. */
const queueBytes = 1024 * 1024;
const batchBytes = 512 * 1024;

/** @param met tables that this process could not read. @throws what ended it */
export async function stream(run: CaptureRun, verified: Verified, met: readonly Suspension[]): Promise<void> {
  const { deps, work, signal } = run;
  const { tail } = verified.claim;
  const suspended = stillSuspended(tail.announced?.suspended ?? [], met, work.routes);
  deps.status.update({ suspended });
  deps.metrics.queueCapacity.set({ name: run.endpoint.name }, queueBytes);
  const routes: Announced = {
    revision: verified.revision,
    tables: work.routes.map(announcedPattern),
    pipelines: work.pipelines,
    ...(suspended.length > 0 && { suspended }),
  };
  const observers = new Observers(run, verified, routes);
  const writer = writerOf(run, verified, observers);
  await allOrNone([read(run, verified, { writer, observers, routes }), writer.run(signal)], run);
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
