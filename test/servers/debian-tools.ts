/**
 * aria2 1.36.0 and rsync 3.2.7 of Debian bookworm, without installing them. They run with their own libc and libraries, so it does not
 * matter what this machine has. LUTRA_ARIA2 names another aria2c.
 */
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { unpackPackages } from './apt.js';
import { cached } from './cache.js';
import { run } from './command.js';
import type { Log } from './server.js';

/** Path of a program that becomes aria2c: its pid is that of aria2c. */
export async function aria2c(log: Log): Promise<string> {
  return process.env['LUTRA_ARIA2'] || (await tool({ name: 'aria2-1.36.0', packageName: 'aria2', program: 'aria2c' }, log));
}

export function rsync(log: Log): Promise<string> {
  return tool({ name: 'rsync-3.2.7', packageName: 'rsync', program: 'rsync' }, log);
}

interface Tool {
  readonly name: string;
  readonly packageName: string;
  readonly program: string;
}

async function tool({ name, packageName, program }: Tool, log: Log): Promise<string> {
  const root = await cached(name, async (draft) => {
    log(`${name}: downloading (Debian bookworm)`);
    await unpackPackages([packageName, 'libc6'], draft, { suite: 'bookworm', withDependencies: true });
    const file = join(draft, program);
    await writeFile(file, launcher(program));
    await chmod(file, 0o755);
    await run(file, ['--version']); // all that it loads is there
  });
  return join(root, program);
}

function launcher(program: string): string {
  return `#!/bin/sh
root=\${0%/*}
libraries=$root/lib/x86_64-linux-gnu:$root/usr/lib/x86_64-linux-gnu
exec "$root/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2" --library-path "$libraries" "$root/usr/bin/${program}" "$@"
`;
}
