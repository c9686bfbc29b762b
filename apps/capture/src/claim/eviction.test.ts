import { SyncError } from '@lutra/model';
import type { PositionBackupStore } from '@lutra/registry';
import { expect, it } from 'vitest';
import { whoEvicted } from './eviction.js';

const taken = new SyncError('SERVER_ID_TAKEN', 'cut');
const reading = (read: () => Promise<null>): PositionBackupStore => ({ read }) as unknown as PositionBackupStore;
const held = new AbortController().signal;

it('a stranger, if ZooKeeper answers and the lease is still ours', async () => {
  expect(await whoEvicted(taken, { endpoint: 'a', logs: reading(async () => null), signal: held })).toBe(taken);
});

it('unknown, and tried again, while ZooKeeper is away', async () => {
  const logs = reading(() => Promise.reject(new SyncError('ZOOKEEPER_UNAVAILABLE', 'away')));
  expect(await whoEvicted(taken, { endpoint: 'a', logs, signal: held })).toMatchObject({ code: 'ZOOKEEPER_UNAVAILABLE', outcome: 'retry' });
});

it('our successor, if ZooKeeper tells upon being asked that the lease is lost', async () => {
  const lost = new AbortController();
  const logs = reading(async () => {
    lost.abort(new SyncError('LEASE_LOST', 'the session expired'));
    return null;
  });
  expect(await whoEvicted(taken, { endpoint: 'a', logs, signal: lost.signal })).toMatchObject({ code: 'LEASE_LOST' });
});

it('any other end is what it is', async () => {
  const other = new SyncError('SOURCE_PURGED', 'gone');
  expect(await whoEvicted(other, { endpoint: 'a', logs: reading(async () => null), signal: held })).toBe(other);
});
