/**
 * Online schema-change tools, as they are released: gh-ost, built from its Go module by this machine's own `go` with its settings
 * (mirrors and checksums are theirs), and pt-online-schema-change of Debian, which brings
 * its libc and its Perl.
 * Both are to be run on MySQL 9.7; on MySQL 8.0.15 neither gets to its end.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { unpackPackages } from './apt.js';
import { cached } from './cache.js';
import { run } from './command.js';
import type { Log } from './server.js';
import type { ServerCommand } from './watchdog.js';

const ghOstVersion = '1.1.8';
const ghOstModule = 'github.com/github/gh-ost';

export async function ghOst(log: Log): Promise<ServerCommand> {
  const root = await cached(`gh-ost-${ghOstVersion}`, async (draft) => {
    log(`gh-ost: building ${ghOstVersion} from its Go module`);
    const work = join(draft, '.build');
    await mkdir(work);
    // As a dependency: its versions are not all known to a proxy, but one that is asked for by name is had.
    await writeFile(join(work, 'go.mod'), `module lutra/tools\n\ngo 1.23.0\n\nrequire ${ghOstModule} v${ghOstVersion}\n`);
    const args = ['build', '-mod=mod', '-ldflags', `-X main.AppVersion=${ghOstVersion}`, '-o', join(draft, 'gh-ost')];
    await run('go', [...args, `${ghOstModule}/go/cmd/gh-ost`], { cwd: work, env: { CGO_ENABLED: '0' } });
    await rm(work, { recursive: true });
  });
  return { command: join(root, 'gh-ost'), args: [] };
}

export async function ptOnlineSchemaChange(log: Log): Promise<ServerCommand> {
  const root = await cached('percona-toolkit-3.2.1', async (draft) => {
    log('pt-online-schema-change: downloading percona-toolkit 3.2.1 (Debian bookworm)');
    await unpackPackages(['percona-toolkit', 'libdbd-mysql-perl', 'libc6'], draft, { suite: 'bookworm', withDependencies: true });
  });
  const [system, libraries] = [`${root}/lib/x86_64-linux-gnu`, `${root}/usr/lib/x86_64-linux-gnu`];
  const modules = [`${libraries}/perl5/5.36`, `${root}/usr/share/perl5`, `${libraries}/perl-base`];
  modules.push(`${libraries}/perl/5.36`, `${root}/usr/share/perl/5.36`);
  const perl = ['--library-path', `${system}:${libraries}`, `${root}/usr/bin/perl`, ...modules.map((folder) => `-I${folder}`)];
  return {
    command: `${system}/ld-linux-x86-64.so.2`,
    args: [...perl, `${root}/usr/bin/pt-online-schema-change`],
    env: { MARIADB_PLUGIN_DIR: `${libraries}/libmariadb3/plugin` },
  };
}
