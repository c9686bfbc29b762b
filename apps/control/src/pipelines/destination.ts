/** A position in a log as the checkpoint row has it. Pure. */
import type { ResumePosition } from '@lutra/model';
import type { Destination } from '@lutra/mysql';

export function destinationOf({ log, epoch, seq, nextOffset, source }: ResumePosition): Omit<Destination, 'replayUntil'> {
  return {
    logId: log,
    logEpoch: epoch,
    seq,
    nextOffset,
    gtid: source?.gtid ?? null,
    sourceUs: source?.tsUs ?? 0,
    origin: source?.origin ?? '',
    path: source?.path ?? [],
  };
}
