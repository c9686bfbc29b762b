/**
 * Initialising a data folder takes seconds, copying one does not: each version's is made once, kept in the cache and copied for
 * every server. root may log in over TCP from 127.0.0.1 with no password; these accounts are made while initialising, so they
 * are in no binary log.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cached } from './cache.js';
import { run } from './command.js';
import { type MysqlBinaries, mysqlBinaries } from './mysql-binaries.js';
import type { Log, MysqlVersion } from './server.js';

/** With --skip-name-resolve a TCP client is 127.0.0.1 and never localhost. One statement a line: mysqld reads it so. */
const accounts = `CREATE USER IF NOT EXISTS 'root'@'127.0.0.1' IDENTIFIED BY '';
GRANT ALL ON *.* TO 'root'@'127.0.0.1' WITH GRANT OPTION;
`;

export const asRoot: readonly string[] = process.getuid?.() === 0 ? ['--user=root'] : [];

export interface PreparedMysql {
  readonly binaries: MysqlBinaries;
  readonly template: string;
}

/** @param options of mysqld that count when the data are made; each list of them has a template of its own */
export async function prepareMysql(version: MysqlVersion, log: Log, options: readonly string[] = []): Promise<PreparedMysql> {
  const binaries = await mysqlBinaries(version, log);
  const name = [binaries.template, ...options.map((option) => option.replace(/^--/, ''))].join('-');
  const template = await cached(name, async (draft) => {
    log(`${name}: initialising`);
    await mkdir(join(draft, 'data'));
    await (version === 'mariadb-11.4' ? initialiseMariadb(binaries, draft) : initialiseMysql(binaries, draft, options));
  });
  return { binaries, template };
}

/** A copy of the template, without the identity of the server that made it. Three quarters of the data are zeros: they are left out. */
export async function copyTemplate(template: string, data: string): Promise<void> {
  await run('cp', ['-r', '--sparse=always', join(template, 'data'), data]);
  await rm(join(data, 'auto.cnf'), { force: true }); // holds server_uuid: each server makes its own
}

async function initialiseMysql({ mysqld }: MysqlBinaries, draft: string, options: readonly string[]): Promise<void> {
  const file = join(draft, 'accounts.sql');
  await writeFile(file, accounts);
  const args = [...mysqld.args, '--initialize-insecure', ...asRoot, ...options, `--datadir=${draft}/data`, `--init-file=${file}`];
  await run(mysqld.command, args, { env: mysqld.env, timeoutMs: 120_000 });
}

/** `normal` authentication gives root@127.0.0.1 without a password, too. */
async function initialiseMariadb({ mysqld, root }: MysqlBinaries, draft: string): Promise<void> {
  const paths = [`--basedir=${root}`, `--datadir=${draft}/data`, `--lc-messages-dir=${root}/share`];
  const args = ['--no-defaults', ...asRoot, ...paths, '--auth-root-authentication-method=normal', '--skip-test-db', '--force'];
  await run(join(root, 'scripts/mariadb-install-db'), args, { cwd: root, env: mysqld.env, timeoutMs: 120_000 });
}
