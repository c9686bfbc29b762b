import { SyncError } from '@lutra/model';
import { expect, test } from 'vitest';
import { withRecovery } from './recovery.js';
import type { Attempt } from './recovery.js';

const refusal = (name: string): SyncError =>
  new SyncError('TABLE_MISSING', 'is not there', { refused: { table: { database: 'shop', name, code: 'TABLE_MISSING' } } });
const options = (onUnsupported: 'suspend' | 'stop', signal = new AbortController().signal) =>
  ({ ownership: { leaseNumber: 1, signal }, live: { newest: { onUnsupported } } }) as const;

test('each table that is refused is suspended in the next run', async () => {
  const suspended: (string | undefined)[] = [];
  await withRecovery(async ({ refused }: Attempt) => {
    suspended.push(refused?.name);
    const [missing] = ['orders', 'items'].filter((name) => !suspended.includes(name));
    if (missing) throw refusal(missing);
  }, options('suspend'));
  expect(suspended).toEqual([undefined, 'orders', 'items']);
});

test('what is refused though it was suspended, or not to be suspended, or when the run is to end, is told', async () => {
  const given = [options('suspend'), options('stop'), options('suspend', AbortSignal.abort())];
  for (const [i, each] of given.entries()) {
    let runs = 0;
    const run = async (): Promise<void> => {
      runs += 1;
      throw refusal('orders');
    };
    await expect(withRecovery(run, each)).rejects.toEqual(refusal('orders'));
    expect(runs).toBe(i === 0 ? 2 : 1);
  }
});

test('a table of the target that was changed is read again at once, five times a minute at most; then it is told', async () => {
  const changed = new SyncError('TARGET_CHANGED', 'shop.t is not what it was');
  const told: string[] = [];
  const onChanged = ({ message }: SyncError): void => void told.push(message);
  let runs = 0;
  const often = (times: number) => async (): Promise<void> => {
    runs += 1;
    if (runs <= times) throw changed;
  };
  await withRecovery(often(5), { ...options('stop'), onChanged });
  expect([runs, told.length]).toEqual([6, 5]);
  runs = 0;
  await expect(withRecovery(often(6), { ...options('stop'), onChanged })).rejects.toBe(changed);
  await expect(withRecovery(often(9), options('stop', AbortSignal.abort()))).rejects.toBe(changed);
  expect([runs, told.length]).toEqual([7, 10]);
});
