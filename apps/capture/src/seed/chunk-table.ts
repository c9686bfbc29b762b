/** A table as chunks of it are read: its definition, and which of its columns tell rows apart. */
import { SyncError, tableName } from '@lutra/model';
import type { TableName } from '@lutra/model';
import { keysOf, planChunks } from '@lutra/mysql';
import type { ChunkPlan, KeyCollations, Keys, TargetTable } from '@lutra/mysql';
import type { SeedSession } from './seed-session.js';
import type { Watch } from './windows.js';

export interface ChunkTable {
  readonly name: TableName;
  readonly plan: ChunkPlan;
  readonly keys: Keys;
  /** Of the primary key and of unique keys. */
  readonly keyColumns: readonly string[];
  /** A foreign key changes its rows, and the binlog does not say so. */
  readonly changesUnseen: boolean;
  readonly watch: Watch;
}

/** Texts are told apart to the byte: touches.ts says why that is enough for rows that are there. */
export const exactly: KeyCollations = {
  of: () => ({ known: (text: string) => text, ask: async (texts) => new Map([...texts].map((text) => [text, text])) }),
};

export interface Defined {
  readonly table: TargetTable;
  readonly watch: Watch;
  readonly collations: KeyCollations;
  readonly logsCascades: boolean;
  /** It may have no key: all of it is read at once. */
  readonly mayBeKeyless?: boolean;
}

/** @throws SyncError SEED_REFUSED, SOURCE_* */
export async function chunkTable(
  session: SeedSession,
  { table, watch, collations, logsCascades, mayBeKeyless = false }: Defined,
): Promise<ChunkTable> {
  const { database, name, engine } = table;
  // Others show a change before it is in the binlog's file, and lock nothing.
  if (engine.toLowerCase() !== 'innodb')
    throw new SyncError('SEED_REFUSED', `${tableName(table)} is ${engine}, not InnoDB`, { details: { database, table: name } });
  const plan = await planChunks(session, table, { mayBeKeyless });
  const keyColumns = [...new Set([...plan.table.primaryKey, ...table.uniqueKeys.flatMap(({ columns }) => columns)])];
  const isActive = (rule: string): boolean => rule !== 'RESTRICT' && rule !== 'NO ACTION';
  const isChanged = table.foreignKeys.some(({ onDelete, onUpdate }) => isActive(onDelete) || isActive(onUpdate));
  return {
    name: { database, name },
    plan,
    keys: keysOf(plan.schema, table, collations),
    keyColumns,
    changesUnseen: isChanged && !logsCascades,
    watch,
  };
}
