/** The nodes of those who want a lease: `<id>-<sequence>`. */
import { setTimeout as delay } from 'node:timers/promises';
import { SyncError } from '@lutra/model';
import type { Logger } from '@lutra/telemetry';
import type { Connection } from './connection.js';
import { isLoss, isNoNode, translate } from './faults.js';
import type { Session } from './session.js';

/** A negative number has a dash of its own. */
const suffix = /[^-]-(\d{10})$/;

/** First to last; [] if nobody ever wanted it. */
export async function contenders(connection: Connection, path: string, onChange?: () => void): Promise<readonly string[]> {
  const names = (await connection.getChildren(path, onChange)) ?? [];
  return inOrder(names, path);
}

/**
 * The order of the sequence numbers, whatever the ids before them.
 * @throws SyncError INTERNAL for a node that is not a contender's, or after 2^31 contenders, when ZooKeeper's counter turns negative
 */
export function inOrder(names: readonly string[], path: string): readonly string[] {
  const sequence = (name: string): number => {
    const digits = suffix.exec(name)?.[1];
    if (digits === undefined) throw new SyncError('INTERNAL', `${path}/${name} is not a lease's node; remove it`, { details: { path } });
    return Number(digits);
  };
  return names.toSorted((a, b) => sequence(a) - sequence(b));
}

export interface Removal {
  readonly path: string;
  readonly id: string;
  /** The number of the session that owns the nodes. When it is over they are gone. */
  readonly session: number;
}

/** Removes all nodes of a contender, and keeps trying until that is done or their session is over. Never throws. */
export async function removeContender(session: Session, removal: Removal, logger: Logger): Promise<void> {
  while (!session.stopped && session.number === removal.session) {
    try {
      const connection = await session.connected();
      if (session.number !== removal.session) return;
      await removeNow(connection, removal).catch((error: unknown) => {
        if (isLoss(error)) connection.abandon('a request was lost');
        throw error;
      });
      return;
    } catch (error) {
      if (session.stopped) return;
      if (!isLoss(error)) {
        logger.error({ err: translate(error, removal.path), lease: removal.path }, 'cannot remove our node of a lease; trying again');
        await delay(1_000, undefined, { ref: false });
      }
    }
  }
}

async function removeNow(connection: Connection, { path, id }: Removal): Promise<void> {
  await connection.barrier(path);
  const names = (await connection.getChildren(path)) ?? [];
  for (const name of names.filter((candidate) => candidate.startsWith(id))) {
    await connection.remove(`${path}/${name}`, -1).catch((error: unknown) => {
      if (!isNoNode(error)) throw error;
    });
  }
}
