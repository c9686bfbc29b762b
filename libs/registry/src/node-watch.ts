/**
 * Calls back when a node may have changed: it was created, written or removed, or there is a new connection. What stands in it is another
 * question, so a change back and forth may go unseen.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Connection } from './connection.js';
import { isLoss } from './faults.js';
import type { Session } from './session.js';
import { untilWoken } from './waiting.js';

const retryMs = 5_000;

/** Returns a function that ends it. `onChange` must not throw. */
export function watchNode(session: Session, path: string, onChange: () => void): () => void {
  const ending = new AbortController();
  void watch(session, path, { onChange, signal: ending.signal });
  return () => ending.abort();
}

interface Watching {
  readonly onChange: () => void;
  readonly signal: AbortSignal;
}

async function watch(session: Session, path: string, { onChange, signal }: Watching): Promise<void> {
  while (!signal.aborted && !session.stopped) {
    let connection: Connection | undefined;
    try {
      connection = await session.connected({ signal });
      await untilChange({ session, connection, path }, { onChange, signal });
    } catch (error) {
      if (signal.aborted || session.stopped) return;
      if (isLoss(error)) connection?.abandon('a request was lost');
      else await delay(retryMs, undefined, { signal }).catch(() => undefined); // ended: the loop sees it
    }
  }
}

interface Watched {
  readonly session: Session;
  readonly connection: Connection;
  readonly path: string;
}

async function untilChange({ session, connection, path }: Watched, { onChange, signal }: Watching): Promise<void> {
  let isChanged = false;
  let wake = (): void => undefined;
  const changed = (): void => {
    isChanged = true;
    wake();
  };
  await connection.exists(path, changed);
  onChange();
  await untilWoken(signal, (woken) => {
    wake = woken;
    if (isChanged || connection.over) queueMicrotask(woken);
    const off = session.onChange(woken);
    return () => {
      off();
      wake = () => undefined;
    };
  }).finally(() => connection.unwatch('exists', path, changed));
}
