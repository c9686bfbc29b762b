/** Which of some processes of this machine has a connection from a local port: how a proxy knows its clients without being told. */
import { readdir, readFile, readlink } from 'node:fs/promises';

const established = '01';

export interface Ends {
  /** The port that the client connects from, and the one that it connects to. */
  readonly from: number;
  readonly to: number;
}

/** Undefined: none of them, or the connection is over already. */
export async function socketOwner(ends: Ends, processes: ReadonlyMap<number, string>): Promise<string | undefined> {
  const wanted = `socket:[${await inodeOf(ends)}]`;
  for (const [pid, name] of processes) {
    const folder = `/proc/${pid}/fd`;
    const descriptors = await readdir(folder).catch(() => []);
    const targets = await Promise.all(descriptors.map((fd) => readlink(`${folder}/${fd}`).catch(() => '')));
    if (targets.includes(wanted)) return name;
  }
  return undefined;
}

/** One local port serves connections to several servers, and old ones stay listed for a minute: only both ports name a connection. */
async function inodeOf({ from, to }: Ends): Promise<string> {
  const suffix = (port: number): string => `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const text = await readFile('/proc/net/tcp', 'latin1');
  const fields = text.split('\n').map((line) => line.trim().split(/\s+/));
  const found = fields.find(
    ([, local, remote, state]) => local?.endsWith(suffix(from)) && remote?.endsWith(suffix(to)) && state === established,
  );
  return found?.[9] ?? 'none';
}
