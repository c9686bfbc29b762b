/**
 * Capture's half of `lutra.suspended`: which table a loader does not write any more at this endpoint. Loaders write it behind their fence,
 * before anything that lies behind the position, so in the binlog it stands before whatever was committed without the table.
 */
import { suspensionCode, SyncError } from '@lutra/model';
import type { ErrorCode, RowImage, TableName, TableSchema } from '@lutra/model';

export const suspendedTable = { database: 'lutra', name: 'suspended' } as const;

export interface SuspendedRow {
  /** Its uid. */
  readonly pipeline: string;
  /** As it is called at the source of that pipeline. */
  readonly table: TableName;
  readonly code: ErrorCode;
  readonly message: string;
  /** `schema.table` there; '': suspended for itself. */
  readonly because: string;
}

/**
 * Null if this is another table, or says that nothing is suspended any more.
 * @throws SyncError CHECKPOINT_INVALID if the row cannot be read
 */
export function readSuspendedRow(table: Pick<TableSchema, 'database' | 'name'>, { after }: RowImage): SuspendedRow | null {
  if (table.database !== suspendedTable.database || table.name !== suspendedTable.name || after === null) return null;
  const { pipeline, database_name: database, table_name: name, code, message, because, ended_at: endedAt } = after;
  if (endedAt === undefined || ![pipeline, database, name, code, message, because].every((value) => typeof value === 'string'))
    throw new SyncError('CHECKPOINT_INVALID', 'lutra.suspended: a row that cannot be read; compare the table with schemas/lutra.sql');
  if (endedAt !== null) return null;
  return {
    pipeline: String(pipeline),
    table: { database: String(database), name: String(name) },
    code: suspensionCode(String(code)),
    message: String(message),
    because: String(because),
  };
}
