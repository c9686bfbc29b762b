/** Which of some processes of this machine has a connection from a local port: how a proxy knows its clients without being told. */
import { readdir, readFile, readlink } from 'node:fs/promises';

/** Undefined: none of them, or the connection is over already. */
export async function socketOwner(localPort: number, processes: ReadonlyMap<number, string>): Promise<string | undefined> {
  const wanted = `socket:[${await inodeOf(localPort)}]`;
  for (const [pid, name] of processes) {
    const folder = `/proc/${pid}/fd`;
    const descriptors = await readdir(folder).catch(() => []);
    const targets = await Promise.all(descriptors.map((fd) => readlink(`${folder}/${fd}`).catch(() => '')));
    if (targets.includes(wanted)) return name;
  }
  return undefined;
}

async function inodeOf(localPort: number): Promise<string> {
  const suffix = `:${localPort.toString(16).toUpperCase().padStart(4, '0')}`;
  const text = await readFile('/proc/net/tcp', 'latin1');
  const fields = text.split('\n').map((line) => line.trim().split(/\s+/));
  // The proxy's own end of the same connection has this port as its remote one.
  return fields.find((field) => field[1]?.endsWith(suffix) && field[3] !== '0A')?.[9] ?? 'none';
}
