/** Client programs of MySQL 9.7, for what is measured beside Lutra. They speak to MySQL 8.0, too. Like the server they bring their libc. */
import { unpackPackages } from './apt.js';
import { cached } from './cache.js';
import type { Log } from './server.js';
import type { ServerCommand } from './watchdog.js';

export type MysqlClient = 'mysql' | 'mysqldump';

export async function mysqlClient(program: MysqlClient, log: Log): Promise<ServerCommand> {
  const root = await cached('mysql-client-9.7', async (draft) => {
    log('mysql-9.7: downloading its client programs from Debian sid');
    await unpackPackages(['mysql-client-core', 'libc6'], draft, { withDependencies: true });
  });
  const args = ['--library-path', `${root}/usr/lib/x86_64-linux-gnu`, `${root}/usr/bin/${program}`, '--no-defaults'];
  return { command: `${root}/usr/lib64/ld-linux-x86-64.so.2`, args };
}
