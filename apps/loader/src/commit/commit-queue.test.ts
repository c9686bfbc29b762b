import type { Checkpoint } from '@lutra/marker';
import { SyncError } from '@lutra/model';
import { expect, test } from 'vitest';
import { SourceTransaction } from '../assemble/source-transaction.js';
import { CommitQueue } from './commit-queue.js';
import type { Batch } from '../conflict/detect/buffered-transactions.js';

const first = {
  pipeline: 'c.p',
  part: 0,
  lane: 0,
  logId: 'L',
  logEpoch: 1,
  seq: -1,
  nextOffset: 0,
  gtid: null,
  sourceUs: 0,
  origin: 'a',
  path: ['a'],
  epoch: 1,
  replayUntil: -1,
} as unknown as Checkpoint;
const writer = { commit: async () => undefined, aside: async () => undefined };
const complete = (seq: number): SourceTransaction => {
  const event = { source: { gtid: null, tsUs: 1, origin: 'a', path: ['a'] }, transaction: { id: `u:${seq}`, seen: {} } };
  return new SourceTransaction(event as never, { log: 'L', logEpoch: 1, seq, nextOffset: seq + 1 }, -1);
};

/** Two source transactions as one of the target. */
const together = (one: SourceTransaction, two: SourceTransaction): Parameters<CommitQueue['commit']>[0] => ({
  position: two.position,
  event: two.event,
  ops: { c: 2 },
  transactions: 2,
  safe: false,
  statements: { sql: '', marks: [], expected: null },
  changes: { first: 0, list: [] },
  buffered: [one, two],
});

test('the detector is given each transaction with the checkpoint of its own', async () => {
  const [one, two] = [complete(1), complete(2)];
  const given: Batch[] = [];
  const queue = new CommitQueue({
    checkpoint: first,
    sourceRegion: 'a',
    writer,
    detector: { commit: async (batch: Batch) => void given.push(batch) },
    onCommitted: () => undefined,
  });
  await queue.commit(together(one, two));
  await queue.drained();
  const checkpoints = given.flatMap(({ transactions, checkpoint }) => [...transactions.map((each) => each.checkpoint), checkpoint]);
  expect(checkpoints.map(({ seq, nextOffset }) => [seq, nextOffset])).toEqual([
    [1, 2],
    [2, 3],
    [2, 3],
  ]);
});

test('what the detector refuses before it writes anything (a session) names its transaction', async () => {
  const [one, two] = [complete(1), complete(2)];
  const detector = {
    // As ConflictDetector.commit: requireSession() of all changes comes first.
    commit: async (batch: Batch) => {
      if (batch.transactions.some(({ position }) => position.seq === 2))
        throw new SyncError('SESSION_UNSUPPORTED', 'shop.t', { details: { table: 't' } });
    },
  };
  const queue = new CommitQueue({
    checkpoint: first,
    sourceRegion: 'a',
    writer,
    detector,
    onCommitted: () => undefined,
  });
  await queue.commit(together(one, two));
  const error = await queue.drained().catch((thrown: unknown) => thrown);
  expect((error as SyncError).details).toMatchObject({ transaction: 'u:2', seq: 2 });
});
