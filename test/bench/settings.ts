/** What the figures depend on besides the code: the machine, and the servers' settings as they say themselves. */
import { cpus, loadavg, totalmem } from 'node:os';
import { createConnection, type ConnectionOptions, type RowDataPacket } from 'mysql2/promise';
import type { Bench } from './bench-stack.js';

export function loadAverage(): string {
  return (loadavg()[0] ?? 0).toFixed(1);
}

export function machine(): string {
  const [first] = cpus();
  const gigabytes = (totalmem() / 2 ** 30).toFixed(0);
  return `${cpus().length} cores (${first?.model.trim() ?? 'unknown'}), ${gigabytes} GB, load average ${loadavg()
    .map((load) => load.toFixed(1))
    .join(' ')} before the start, Node.js ${process.version}`;
}

/** A line for each server. @throws unless all of them are durable */
export async function serverSettings({ stack, replica }: Bench): Promise<string[]> {
  return [
    await settingsLine('source', stack.connection('a')),
    await settingsLine('target', stack.connection('b')),
    `${await settingsLine("replica of MySQL's own", replica.at)}, ${await replica.settings()}`,
  ];
}

export async function settingsLine(what: string, at: ConnectionOptions): Promise<string> {
  const connection = await createConnection(at);
  try {
    const sql =
      'SELECT VERSION() version, @@sync_binlog sync_binlog, @@innodb_flush_log_at_trx_commit flush_log, @@innodb_buffer_pool_size >> 20 pool';
    const [[row]] = await connection.query<RowDataPacket[]>(sql);
    if (String(row?.['sync_binlog']) !== '1' || String(row?.['flush_log']) !== '1') throw new Error(`the ${what} is not durable`);
    const settings = `sync_binlog=${row?.['sync_binlog']}, innodb_flush_log_at_trx_commit=${row?.['flush_log']}`;
    return `${what}: MySQL ${row?.['version']}, ${settings}, buffer pool ${row?.['pool']} MB`;
  } finally {
    connection.destroy();
  }
}
