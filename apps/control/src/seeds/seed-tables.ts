/** What a seed would read and meet: the tables of the source that a pipeline carries, and what the target has of them. Writes nothing. */
import { createRouter, pipelineRoutes, SyncError, tableName } from '@lutra/model';
import type { PipelineInput, TableName } from '@lutra/model';
import { loadTables, ownKeyed, quoteName, quoteTable, quoteText, Session } from '@lutra/mysql';
import type { ConnectionOptions, Queries, ResultRow } from '@lutra/mysql';

export interface FoundTable {
  readonly source: TableName;
  readonly target: TableName;
  /** By the statistics of the server. */
  readonly rows: number;
  readonly bytes: number;
  /** Columns of the primary key, or of the unique key that stands for it, each with its type; none: it has none. */
  readonly key: readonly { readonly name: string; readonly type: string }[];
}

/** Tables without any key: the name at the source → why it is not copied whole; null: it is. */
export type Keyless = ReadonlyMap<string, string | null>;

/** Rows by the target's statistics; null: the table is not there. */
export type AtTarget = (table: FoundTable) => number | null;

/** Of the patterns those that the pipeline carries. */
export async function tablesOf(
  source: Queries,
  pipeline: Pick<PipelineInput, 'routes' | 'exclude'>,
  patterns: readonly string[],
): Promise<readonly FoundTable[]> {
  const router = createRouter(pipelineRoutes(pipeline));
  const asked = createRouter(patterns.map(patternOf));
  await freshStatistics(source);
  const rows = await source.query(
    "SELECT TABLE_SCHEMA AS db, TABLE_NAME AS name, TABLE_ROWS AS estimate, DATA_LENGTH AS bytes FROM information_schema.TABLES WHERE TABLE_TYPE = 'BASE TABLE' ORDER BY TABLE_SCHEMA, TABLE_NAME",
  );
  const found = rows.flatMap((row) => {
    const table = nameOf(row);
    const target = asked(table) && router(table);
    return target ? [{ source: table, target, rows: numberOf(row['estimate']), bytes: numberOf(row['bytes']) }] : [];
  });
  const keys = await keysOf(source, [...new Set(found.map((table) => table.source.database))]);
  const promoted = await promotedKeys(
    source,
    found.map((table) => table.source).filter((table) => !keys.has(tableName(table))),
  );
  return found.map((table) => ({ ...table, key: keys.get(tableName(table.source)) ?? promoted.get(tableName(table.source)) ?? [] }));
}

/** Of tables without a primary key. Which unique key stands for it, the definition says: one table at a time, where there may be one. */
async function promotedKeys(source: Queries, tables: readonly TableName[]): Promise<ReadonlyMap<string, FoundTable['key']>> {
  const databases = [...new Set(tables.map(({ database }) => database))];
  if (databases.length === 0) return new Map();
  const rows = await source.query(
    `SELECT DISTINCT TABLE_SCHEMA AS db, TABLE_NAME AS name FROM information_schema.STATISTICS
      WHERE NON_UNIQUE = 0 AND NULLABLE = '' AND TABLE_SCHEMA IN (${databases.map(quoteText).join(', ')})`,
  );
  const candidates = new Set(rows.map((row) => tableName(nameOf(row))));
  const keys = new Map<string, FoundTable['key']>();
  for (const { database, name } of tables.filter((table) => candidates.has(tableName(table))))
    for (const table of (await loadTables(source, database, name)).filter((loaded) => loaded.name === name)) {
      const typeOf = (column: string): string => table.columns.find((one) => one.name === column)?.type ?? '';
      const key = ownKeyed(table).primaryKey.map((column) => ({ name: column, type: typeOf(column) }));
      keys.set(tableName(table), key);
    }
  return keys;
}

/** A server keeps its statistics for a day. MariaDB has no such setting, and reads a comment. */
async function freshStatistics(queries: Queries): Promise<void> {
  await queries.query('SET /*!80000 SESSION information_schema_stats_expiry = 0, */ @lutra_statistics = 0');
}

async function keysOf(source: Queries, databases: readonly string[]): Promise<ReadonlyMap<string, FoundTable['key']>> {
  if (databases.length === 0) return new Map();
  const rows = await source.query(
    `SELECT s.TABLE_SCHEMA AS db, s.TABLE_NAME AS name, s.COLUMN_NAME AS part, c.DATA_TYPE AS type
      FROM information_schema.STATISTICS s JOIN information_schema.COLUMNS c USING (TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME)
      WHERE s.INDEX_NAME = 'PRIMARY' AND s.TABLE_SCHEMA IN (${databases.map(quoteText).join(', ')}) ORDER BY 1, 2, s.SEQ_IN_INDEX`,
  );
  const parts = Map.groupBy(rows, (row) => tableName(nameOf(row)));
  return new Map([...parts].map(([table, own]) => [table, own.map((row) => ({ name: textOf(row['part']), type: textOf(row['type']) }))]));
}

export async function tablesAtTarget(options: ConnectionOptions, tables: readonly FoundTable[]): Promise<AtTarget> {
  const databases = [...new Set(tables.map(({ target }) => target.database))];
  const found = new Map<string, number>();
  if (databases.length > 0) {
    const session = await Session.open(options, 'target');
    try {
      await freshStatistics(session);
      const rows = await session.query(
        `SELECT TABLE_SCHEMA AS db, TABLE_NAME AS name, TABLE_ROWS AS estimate FROM information_schema.TABLES
          WHERE TABLE_TYPE = 'BASE TABLE' AND TABLE_SCHEMA IN (${databases.map(quoteText).join(', ')})`,
      );
      for (const row of rows) found.set(tableName(nameOf(row)), numberOf(row['estimate']));
    } finally {
      await session.close();
    }
  }
  return ({ target }) => found.get(tableName(target)) ?? null;
}

/**
 * Whether each table takes the condition, as one expression. `1) OR (1` would leave the parentheses that capture puts around it, so it is
 * prepared without them too; a server prepares one statement only, and runs nothing of it.
 * @throws SyncError CONFIG_INVALID
 */
export async function requireWhere(session: Session, where: string, tables: readonly FoundTable[]): Promise<void> {
  for (const { source } of tables) {
    for (const condition of [where, `(${where}\n)`]) {
      const text = quoteText(`SELECT 1 FROM ${quoteTable(source)} WHERE ${condition}`);
      const prepare = `SET @lutra_text = ${text}; PREPARE ${quoteName('lutra_where')} FROM @lutra_text; DEALLOCATE PREPARE ${quoteName('lutra_where')}`;
      await session.execute(prepare).catch((error: unknown) => {
        const { code, message } = session.translate(error, 'prepare the condition');
        if (code.endsWith('_UNAVAILABLE')) throw session.translate(error, 'prepare the condition');
        throw new SyncError('CONFIG_INVALID', `where: ${tableName(source)} does not take it: ${message}`);
      });
    }
  }
}

export function patternOf(text: string): { readonly schema: string; readonly table: string } {
  const [schema = '', table = ''] = text.split('.');
  return { schema, table };
}

function nameOf(row: ResultRow): TableName {
  return { database: textOf(row['db']), name: textOf(row['name']) };
}

function textOf(value: ResultRow[string] | undefined): string {
  return value === null || value === undefined ? '' : value.toString();
}

/** Digits, or NULL of what is not known. */
function numberOf(value: ResultRow[string] | undefined): number {
  return Number(textOf(value)) || 0;
}
