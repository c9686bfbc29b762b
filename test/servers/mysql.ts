/**
 * MySQL 8.0, MySQL 9.7 and MariaDB 11.4, set up the way a source or target of Lutra is: row binlog with full images and full
 * metadata, GTIDs, durable commits. Little memory; `extra` overrides anything.
 */
import { join } from 'node:path';
import { ChildServer } from './child-server.js';
import { ExternalServer } from './external-server.js';
import type { Recipe } from './launch.js';
import { logsIn } from './mysql-login.js';
import { asRoot, copyTemplate, prepareMysql } from './mysql-template.js';
import type { MysqlOptions, MysqlServer, MysqlVersion } from './server.js';

const user = 'root';

export function mysqlServer(options: MysqlOptions): MysqlServer {
  const name = options.name ?? kindOf(options.version);
  if (options.external) return new ExternalMysql(name, options.version, new URL(options.external));
  return new ChildMysql(options.version, recipe(name, options));
}

class ChildMysql extends ChildServer implements MysqlServer {
  readonly version: MysqlVersion;
  readonly user = user;
  readonly password = '';

  constructor(version: MysqlVersion, steps: Recipe) {
    super(steps);
    this.version = version;
  }

  get flavor(): 'mysql' | 'mariadb' {
    return flavorOf(this.version);
  }

  get url(): string {
    return `mysql://${user}:@${this.host}:${this.port}`;
  }
}

class ExternalMysql extends ExternalServer implements MysqlServer {
  readonly version: MysqlVersion;
  readonly flavor: 'mysql' | 'mariadb';
  readonly user: string;
  readonly password: string;
  readonly url: string;

  constructor(name: string, version: MysqlVersion, url: URL) {
    super(name, url.hostname, Number(url.port || 3306));
    this.version = version;
    this.flavor = flavorOf(version);
    this.user = decodeURIComponent(url.username);
    this.password = decodeURIComponent(url.password);
    this.url = url.href;
  }
}

function recipe(name: string, { version, serverId, lowerCaseTableNames = 0, extra = [] }: MysqlOptions): Recipe {
  const names = lowerCaseTableNames === 0 ? [] : [`--lower-case-table-names=${lowerCaseTableNames}`];
  const prepared = (): ReturnType<typeof prepareMysql> => prepareMysql(version, () => undefined, names);
  return {
    name,
    ports: 1,
    fill: async (folder) => copyTemplate((await prepared()).template, join(folder, 'data')),
    command: async (folder, [port = 0]) => {
      const { mysqld } = (await prepared()).binaries;
      const dialect = flavorOf(version) === 'mysql' ? mysqlOptions : mariadbOptions(serverId);
      const args = [
        ...mysqld.args,
        ...asRoot,
        ...paths(folder, port),
        ...common,
        `--server-id=${serverId}`,
        ...dialect,
        ...names,
        ...extra,
      ];
      return { ...mysqld, args };
    },
    answers: (port) => logsIn(port, user),
  };
}

function paths(folder: string, port: number): string[] {
  return [
    `--datadir=${folder}/data`,
    `--socket=${folder}/mysqld.sock`,
    `--pid-file=${folder}/mysqld.pid`,
    `--tmpdir=${folder}`,
    '--bind-address=127.0.0.1',
    `--port=${port}`,
  ];
}

const common = [
  '--skip-name-resolve',
  '--innodb-buffer-pool-size=128M',
  // A machine has places for the native requests of some 25 servers; one more does not start.
  '--innodb-use-native-aio=OFF',
  '--performance-schema=OFF',
  '--log-bin=binlog',
  '--binlog-row-image=FULL',
  '--binlog-row-metadata=FULL',
];

const mysqlOptions = ['--gtid-mode=ON', '--enforce-gtid-consistency=ON'];

/**
 * What MySQL does by default: row format, a synced binlog that holds what replication applied. A GTID domain per server. No TLS
 * unless a certificate comes with `extra`: MariaDB 11.4 makes one at every start, which takes up to 8 s of CPU.
 */
function mariadbOptions(serverId: number): string[] {
  const binlog = ['--binlog-format=ROW', '--sync-binlog=1', '--log-slave-updates=ON'];
  return [...binlog, '--gtid-strict-mode=ON', `--gtid-domain-id=${serverId}`, '--skip-ssl'];
}

function flavorOf(version: MysqlVersion): 'mysql' | 'mariadb' {
  return version === 'mariadb-11.4' ? 'mariadb' : 'mysql';
}

function kindOf(version: MysqlVersion): string {
  return version === 'mariadb-11.4' ? version : `mysql-${version}`;
}
