import { SyncError } from '@lutra/model';
import type { Logger } from '@lutra/telemetry';
import { expect, test } from 'vitest';
import { withRecovery } from './recovery.js';
import type { Attempt } from './recovery.js';

const unresolved = (seq: number): SyncError =>
  new SyncError('ROW_CONFLICT', 'both sides', { refused: { conflict: true, transaction: { log: 'l', seq } } });
const options = (signal = new AbortController().signal) => {
  const again: unknown[] = [];
  const logger = { info: ({ seq }: { seq: unknown }) => void again.push(seq), warn: () => undefined } as unknown as Logger;
  return { again, with: { ownership: { leaseNumber: 1, signal }, live: { newest: { onUnsupported: 'stop' } }, logger } as const };
};

test('each one that met a conflict is resolved, however many there are', async () => {
  const { again, with: given } = options();
  const inTheLog = [7, 1007, 5000];
  let attempts = 0;
  await withRecovery(async ({ resolved }: Attempt) => {
    attempts += 1;
    const met = inTheLog.find((seq) => !resolved.has(seq));
    if (met !== undefined) throw unresolved(met);
  }, given);
  expect([attempts, again]).toEqual([4, [7, 1007, 5000]]);
});

test('what fails though it was resolved, or for another reason, or when the run is to end, is told', async () => {
  const { again, with: given } = options();
  await expect(withRecovery(async () => Promise.reject(unresolved(7)), given)).rejects.toEqual(unresolved(7));
  expect(again).toEqual([7]);
  const other = new SyncError('ROW_CONFLICT', 'other', { details: { seq: 7 } });
  await expect(withRecovery(async () => Promise.reject(other), given)).rejects.toBe(other);
  const ended = options(AbortSignal.abort());
  await expect(withRecovery(async () => Promise.reject(unresolved(7)), ended.with)).rejects.toEqual(unresolved(7));
  expect(ended.again).toEqual([]);
});
