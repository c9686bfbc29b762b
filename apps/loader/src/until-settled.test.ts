import { SyncError } from '@lutra/model';
import { expect, test } from 'vitest';
import { untilSettled } from './until-settled.js';

const unsettled = (seq: number): SyncError => new SyncError('ROW_CONFLICT', 'both sides', { details: { unsettled: true, seq } });
const options = (signal = new AbortController().signal) => {
  const again: number[] = [];
  return { again, with: { signal, onAgain: (seq: number) => void again.push(seq) } };
};

test('each one that met a conflict is settled, however many there are', async () => {
  const { again, with: given } = options();
  const inTheLog = [7, 1007, 5000];
  let attempts = 0;
  await untilSettled(async (settled) => {
    attempts += 1;
    const met = inTheLog.find((seq) => !settled.has(seq));
    if (met !== undefined) throw unsettled(met);
  }, given);
  expect([attempts, again]).toEqual([4, [7, 1007, 5000]]);
});

test('what fails though it was settled, or for another reason, or when the run is to end, is told', async () => {
  const { again, with: given } = options();
  await expect(untilSettled(async () => Promise.reject(unsettled(7)), given)).rejects.toEqual(unsettled(7));
  expect(again).toEqual([7]);
  const other = new SyncError('ROW_CONFLICT', 'other', { details: { seq: 7 } });
  await expect(untilSettled(async () => Promise.reject(other), given)).rejects.toBe(other);
  const ended = options(AbortSignal.abort());
  await expect(untilSettled(async () => Promise.reject(unsettled(7)), ended.with)).rejects.toEqual(unsettled(7));
  expect(ended.again).toEqual([]);
});
