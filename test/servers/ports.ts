/**
 * Free ports of 127.0.0.1, and whose they are. Ports are taken from below the kernel's ephemeral range: while a killed server is
 * down, an outgoing connection could be given its port, and a client that keeps trying to reconnect could even connect to
 * itself (TCP simultaneous open). A port can still be lost between the check and the server's own bind: callers retry.
 */
import { readdir, readFile, readlink } from 'node:fs/promises';
import { createServer } from 'node:net';

const lowest = 15_000;

export async function freePorts(count: number): Promise<number[]> {
  const range = await readFile('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').catch(() => '32768');
  const highest = Math.max(Number.parseInt(range, 10) - 1, lowest + 5000);
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = lowest + Math.floor(Math.random() * (highest - lowest));
    if (await isFree(port)) ports.add(port);
  }
  return [...ports];
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => probe.close(() => resolve(true)));
  });
}

/** Whether this very process listens on the port; a stranger that got the port first must not pass for our server. */
export async function listens(pid: number, port: number): Promise<boolean> {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const inodes = new Set<string>();
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    const text = await readFile(table, 'latin1').catch(() => '');
    for (const line of text.split('\n')) {
      const fields = line.trim().split(/\s+/);
      if (fields[1]?.endsWith(suffix) && fields[3] === '0A') inodes.add(`socket:[${fields[9]}]`); // 0A: LISTEN
    }
  }
  if (inodes.size === 0) return false;
  const folder = `/proc/${pid}/fd`;
  const targets = await Promise.all((await readdir(folder).catch(() => [])).map((fd) => readlink(`${folder}/${fd}`).catch(() => '')));
  return targets.some((target) => inodes.has(target));
}
