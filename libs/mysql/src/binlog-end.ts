/** Where a server's binlog ends, and which server says so. */
import { textOf } from './server-facts.js';
import type { FilePosition } from '@lutra/model';
import type { Queries } from './session-options.js';

export interface BinlogEnd extends FilePosition {
  /** null: it has no uuid. */
  readonly server: string | null;
  /** null: it writes none. */
  readonly gtidSet: string | null;
}

/** All that is visible to a read before it stands before this position. */
export async function readBinlogEnd(queries: Queries): Promise<BinlogEnd> {
  const [row] = await queries.query('SELECT VERSION() AS version');
  const version = textOf(row, 'version');
  const isMariadb = /mariadb/i.test(version);
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isNew = !isMariadb && (major > 8 || (major === 8 && minor >= 2));
  const [end] = await queries.query(isNew ? 'SHOW BINARY LOG STATUS' : 'SHOW MASTER STATUS');
  const [server] = isMariadb ? [] : await queries.query('SELECT @@server_uuid AS uuid');
  const gtidSet = textOf(end, 'Executed_Gtid_Set').replaceAll('\n', '');
  return {
    file: textOf(end, 'File'),
    pos: Number(textOf(end, 'Position')),
    server: isMariadb ? null : textOf(server, 'uuid'),
    gtidSet: gtidSet === '' ? null : gtidSet,
  };
}
