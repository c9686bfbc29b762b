/** What the server of the target is, as far as schema changes ask. */
import type { Queries } from '@lutra/mysql';

/** @throws SyncError TARGET_* */
export async function isMariadb(queries: Queries): Promise<boolean> {
  const [row] = await queries.query('SELECT VERSION() AS version');
  return /mariadb/i.test(String(row?.['version']));
}

/** @throws SyncError TARGET_* */
export async function hasGtids(queries: Queries): Promise<boolean> {
  const [row] = await queries.query("SHOW GLOBAL VARIABLES LIKE 'gtid_mode'");
  return row?.['Value'] === 'ON';
}
