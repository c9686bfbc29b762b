/**
 * One process places in a root. The lease says who should; this says who does: a holder that slept through the end of its lease still
 * listens on its socket in `.lutra/lock`, and the next one waits until it has let go or is dead, which the kernel tells at once and across
 * containers (Node has no flock, and process ids differ between containers). Root and holders are on one machine: a network file system is
 * served, not placed in.
 *
 * Each contender first listens, then looks at all others. Of two that look at once the one that listened last sees the other: at most one
 * sees nobody. Sockets of the dead are removed by a holder alone, and a contender whose own was removed (it was bound and did not listen
 * yet) is none.
 */
import { randomUUID } from 'node:crypto';
import * as fs from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Folder, ignoring } from './disk.js';

export interface HeldLock {
  release(): Promise<void>;
}

interface LockOptions {
  readonly signal: AbortSignal;
  /** Somebody else holds it. Called once. */
  readonly onWait?: () => void;
}

/** @throws the signal's reason */
export async function acquireLock(path: string, { signal, onWait }: LockOptions): Promise<HeldLock> {
  const root = await Folder.ofRoot(fs, path);
  const own = await root.ownFolder('.lutra');
  const folder = await own.ownFolder('lock');
  const close = async (): Promise<void> => {
    for (const each of [folder, own, root]) await each.close();
  };
  try {
    for (let hasTold = false; ; hasTold = true) {
      const release = await contend(folder);
      if (release) return { release: async () => await release().finally(close) };
      if (!hasTold) onWait?.();
      await sleep(100 + Math.random() * 100, undefined, { signal });
    }
  } catch (error) {
    await close();
    throw signal.aborted ? signal.reason : error;
  }
}

async function contend(folder: Folder): Promise<(() => Promise<void>) | null> {
  const name = randomUUID();
  const server = await listen(folder.at(name));
  const release = async (): Promise<void> => await new Promise((resolve) => server.close(() => resolve())); // removes its file
  try {
    const others = (await folder.names()).filter((other) => other !== name);
    const alive = await Promise.all(others.map(async (other) => await listens(folder.at(other))));
    if (!alive.includes(true) && (await folder.stat(name)) !== null) {
      for (const dead of others) await ignoring(folder.unlink(dead), 'ENOENT');
      return release;
    }
  } catch (error) {
    await release();
    throw error;
  }
  await release();
  return null;
}

async function listen(path: string): Promise<Server> {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  server.unref();
  return server;
}

/** A process that stands still listens, too. What is refused is dead; of anything else it is not known. */
async function listens(path: string): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', ({ code }: NodeJS.ErrnoException) => {
      resolve(code !== 'ECONNREFUSED' && code !== 'ENOENT' && code !== 'ENOTSOCK');
    });
  });
}
