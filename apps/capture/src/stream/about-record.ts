/** What is said of a record that cannot be written: the row or the table that it is about, and where that stands in the source's binlog. */
import { rowKey, tableName } from '@lutra/model';
import type { ControlRecord, RowEvent, SyncError, TableSchema } from '@lutra/model';

export interface About {
  readonly database: string;
  readonly table: string;
  readonly key: string | undefined;
  readonly file?: string;
  readonly pos?: number;
  readonly gtid?: string | null;
}

export function aboutRow(table: TableSchema, { before, after, source: { file, pos, gtid } }: RowEvent): About {
  return { database: table.database, table: table.name, key: rowKey(table, after ?? before), file, pos, gtid };
}

export function aboutControl(control: ControlRecord): About | null {
  if (control.kind === 'resolution') {
    const { database, table, key } = control;
    return { database, table, key: rowKey({ primaryKey: Object.keys(key) }, key) };
  }
  if (control.kind !== 'ddl') return null;
  const { id: gtid, position, tables } = control;
  const { database, name: table } = tables[0] ?? { database: control.database, name: '*' };
  return { database, table, key: undefined, file: position.file, pos: position.pos, gtid };
}

export function withAbout(error: SyncError, about: About): SyncError {
  const { key, file, pos, gtid } = about;
  const at = file === undefined ? '' : ` (${file}:${pos}${gtid ? `, ${gtid}` : ''})`;
  const what = `${tableName({ database: about.database, name: about.table })}${key ? `, ${key}` : ''}${at}`;
  return error.again(`${what}: ${error.message}`, { cause: error, details: { ...about } });
}
