/**
 * A folder of this process alone, for what aria2 is told by files. While we live we listen on a socket in it, which the kernel tells to
 * whoever asks, of another container too (process ids differ there). So what the killed have left is known, and goes.
 */
import { once } from 'node:events';
import { lstat, mkdtemp, readdir, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import type { Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const prefix = 'lutra-aria2-';
const socket = 'alive';

export class OwnFolder {
  readonly path: string;
  readonly #alive: Server;

  private constructor(path: string, alive: Server) {
    this.path = path;
    this.#alive = alive;
  }

  static async make(): Promise<OwnFolder> {
    await removeOfTheDead();
    const path = await mkdtemp(join(tmpdir(), prefix));
    const alive = createServer((who) => who.destroy()).unref();
    alive.listen(join(path, socket));
    await once(alive, 'listening');
    return new OwnFolder(path, alive);
  }

  async remove(): Promise<void> {
    this.#alive.close();
    await rm(this.path, { recursive: true, force: true });
  }
}

async function removeOfTheDead(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const path = join(tmpdir(), name);
    if (!name.startsWith(prefix) || !(await isOurs(path)) || !(await isDead(join(path, socket)))) continue;
    await rm(path, { recursive: true, force: true }).catch(() => undefined); // it is in the way of nobody
  }
}

/** Whose name it is says nothing: anybody may write there. */
async function isOurs(path: string): Promise<boolean> {
  const stats = await lstat(path).catch(() => null); // it has gone
  return stats?.isDirectory() === true && stats.uid === process.getuid?.();
}

/** Refused: somebody has listened there, and nobody does. No socket: it is being made. */
async function isDead(path: string): Promise<boolean> {
  const asked = connect(path);
  const answer = await once(asked, 'connect').then(
    () => 'alive',
    (error: NodeJS.ErrnoException) => error.code,
  );
  asked.destroy();
  return answer === 'ECONNREFUSED';
}
