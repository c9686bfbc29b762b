/**
 * Where in the log a pipeline is to go on. Each answer is on the safe side of what was asked for: all that it leaves behind, the place that
 * was named has. A time is the poorest of them: it is Kafka's, of another clock than whoever names it, and a transaction is published
 * behind its commit; hence a minute more.
 */
import type { Checkpoint } from '@lutra/marker';
import { SyncError } from '@lutra/model';
import type { ResumePosition } from '@lutra/model';
import { positionWithin } from './dump-position.js';
import { firstPosition, lastPosition, positionAt, positionBefore } from './log-search.js';
import type { LogEnds } from './log-search.js';
import type { RewindTo } from './recovery.schemas.js';
import type { TopicReader } from './topic-reader.js';

const clocksMs = 60_000;

/** @throws SyncError CONFIG_INVALID (the log is not there yet), LOG_START_LOST, LOG_TRUNCATED, LOG_FOREIGN, KAFKA_* */
export async function positionTo(log: TopicReader, checkpoint: Checkpoint, to: RewindTo): Promise<ResumePosition> {
  const ends = await log.ends();
  if (checkpoint.nextOffset > ends.end)
    throw new SyncError('LOG_TRUNCATED', `${log.topic} ends at offset ${ends.end}, before the checkpoint (${checkpoint.nextOffset})`);
  const position = await search(log, ends, { checkpoint, to });
  if (!position) throw await startLost(log, ends, to);
  if (position.log === checkpoint.logId) return position;
  throw new SyncError('LOG_FOREIGN', `${log.topic} has log id ${position.log}, the checkpoint ${checkpoint.logId}`);
}

interface Asked {
  readonly checkpoint: Checkpoint;
  readonly to: RewindTo;
}

async function search(log: TopicReader, ends: LogEnds, { checkpoint, to }: Asked): Promise<ResumePosition | null> {
  if ('seq' in to) return positionOfSeq(log, ends, { checkpoint, seq: to.seq });
  if ('offset' in to) {
    if (to.offset <= ends.end) return positionBefore(log, ends, to.offset);
    throw new SyncError('CONFIG_INVALID', `${log.topic} ends at offset ${ends.end}`, { details: { end: ends.end } });
  }
  if ('time' in to) {
    const offset = await log.offsetAt(Date.parse(to.time) - clocksMs);
    return offset === null ? lastPosition(log, ends) : positionBefore(log, ends, offset);
  }
  return positionWithin(log, ends, to);
}

/** One that was applied is counted back from the checkpoint. */
async function positionOfSeq(
  log: TopicReader,
  ends: LogEnds,
  { checkpoint, seq }: { readonly checkpoint: Checkpoint; readonly seq: number },
): Promise<ResumePosition | null> {
  if (seq <= checkpoint.seq) {
    const offset = checkpoint.nextOffset - 1 - (checkpoint.seq - seq);
    return offset < ends.start - 1 ? null : positionAt(log, ends, { seq, offset });
  }
  const last = await lastPosition(log, ends);
  if (last && seq <= last.seq) return positionAt(log, ends, { seq, offset: ends.end - 1 });
  const end = last ? `the last whole transaction of ${log.topic} has seq ${last.seq}` : `${log.topic} holds no whole transaction`;
  throw new SyncError('CONFIG_INVALID', end, { details: { seq } });
}

async function startLost(log: TopicReader, ends: LogEnds, to: RewindTo): Promise<SyncError> {
  const earliest = ends.start === ends.end ? null : await firstPosition(log, ends);
  const instead = earliest ? `the earliest that can be had is seq ${earliest.seq}` : 'it holds no whole transaction';
  const what = Object.entries(to).map(([name, value]) => `${name} ${value}`);
  return new SyncError('LOG_START_LOST', `${log.topic}: ${what.join(', ')} was removed; ${instead}`, {
    details: { ...to, ...(earliest && { earliest: earliest.seq }) },
  });
}
