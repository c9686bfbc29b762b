/**
 * Debian's headless Chromium with fonts for Latin and Chinese, without installing it. Like aria2 it brings its libc and its libraries. It
 * finds its own files beside the program that runs, which is the loader of its libc: that stands there as a copy, and starts the processes
 * of Chromium one by one (no zygote, which would run the loader without a program).
 */
import { chmod, copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { unpackPackages } from './apt.js';
import { cached } from './cache.js';
import { run } from './command.js';
import type { Log } from './server.js';

export interface Chromium {
  readonly executablePath: string;
  readonly args: readonly string[];
}

const packages = ['chromium-headless-shell', 'fontconfig-config', 'fonts-dejavu-core', 'fonts-wqy-zenhei', 'libc6'];

export async function chromium(log: Log): Promise<Chromium> {
  const root = await cached('chromium-headless-shell-1', async (draft) => {
    log('chromium: downloading (Debian bookworm)');
    await unpackPackages(packages, draft, { suite: 'bookworm', withDependencies: true });
    await copyFile(join(draft, 'lib/x86_64-linux-gnu/ld-linux-x86-64.so.2'), join(draft, 'usr/lib/chromium/loader'));
    const file = join(draft, 'chromium');
    await writeFile(file, launcher);
    await chmod(file, 0o755);
    await writeFile(join(draft, 'fonts.conf'), fonts);
    await run(file, ['--version']); // all that it loads is there
  });
  const executablePath = join(root, 'chromium');
  return { executablePath, args: ['--no-sandbox', '--no-zygote', `--browser-subprocess-path=${executablePath}`] };
}

const fonts = `<fontconfig><dir prefix="relative">usr/share/fonts</dir><cachedir prefix="xdg">fontconfig</cachedir></fontconfig>\n`;

const launcher = `#!/bin/sh
root=\${0%/*}
system=$root/lib/x86_64-linux-gnu:$root/usr/lib/x86_64-linux-gnu
libraries=$system:$root/usr/lib/x86_64-linux-gnu/pulseaudio:$root/usr/lib/chromium
export FONTCONFIG_FILE="$root/fonts.conf"
exec "$root/usr/lib/chromium/loader" --library-path "$libraries" "$root/usr/lib/chromium/chromium-headless-shell" "$@"
`;
