/**
 * Who reads the binlog under our server id, so that the server cut us off? Most often the capture that took over from us: its dump begins
 * before ZooKeeper can tell us that our session is over. That needs no person. Only who still holds the lease has met a stranger.
 */
import { SyncError, toSyncError } from '@lutra/model';
import { aborted } from '@lutra/runtime';
import type { PositionBackupStore } from '@lutra/registry';

/**
 * What ended a leadership, told rightly: SERVER_ID_TAKEN stays only while the lease is ours for certain.
 * ZOOKEEPER_UNAVAILABLE: nobody can say; it is tried again, and nothing is read before ZooKeeper answers.
 */
export async function whoEvicted(
  thrown: unknown,
  of: { endpoint: string; logs: PositionBackupStore; signal: AbortSignal },
): Promise<unknown> {
  if (!(thrown instanceof SyncError) || thrown.code !== 'SERVER_ID_TAKEN') return thrown;
  try {
    await of.logs.read(of.endpoint); // whatever it says: with the answer comes the news of our session
  } catch (error) {
    return toSyncError(error);
  }
  return of.signal.aborted ? aborted(of.signal) : thrown;
}
