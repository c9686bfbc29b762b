/**
 * Whether the tables that conflicts need are there as schemas/lutra.sql makes them, and the user may do with them what loader and control
 * do: lutra.signal (watermarks and resolutions), lutra.conflict (what was decided), lutra.skip (transactions that applications keep to
 * themselves).
 */
import { seesAll } from './check-privileges.js';
import { problem } from './problem.js';
import type { Problem } from './problem.js';
import type { ServerFacts } from './server-facts.js';
import type { Queries } from './session-options.js';
import { isTransactional, loadTables } from './target-table.js';
import type { TargetColumn, TargetTable } from './target-definition.js';

type Right = 'SELECT' | 'INSERT' | 'UPDATE' | 'DELETE' | 'TRIGGER';

interface Store {
  readonly name: 'signal' | 'conflict' | 'skip' | 'suspended' | 'file' | 'file_place' | 'file_missing';
  /** Begins the ids of its problems, where its name does not. */
  readonly id?: string;
  /** Column → type; with `?`, NULL is allowed. A longer varchar will do. */
  readonly columns: Readonly<Record<string, string>>;
  readonly primaryKey: string;
  /** Those without which work stops. */
  readonly rights: readonly Right[];
}

const written: readonly Right[] = ['SELECT', 'INSERT', 'UPDATE'];

const stores: readonly Store[] = [
  {
    name: 'signal',
    columns: { pipeline: 'varchar(12)', kind: 'varchar(16)', slot: 'int unsigned', n: 'bigint unsigned', content: 'longtext' },
    primaryKey: 'pipeline,kind,slot',
    rights: ['SELECT', 'INSERT', 'UPDATE', 'TRIGGER'],
  },
  {
    name: 'conflict',
    columns: {
      id: 'bigint unsigned',
      pipeline: 'varchar(100)',
      uid: 'varchar(12)',
      log_id: 'varchar(36)',
      seq: 'bigint',
      gtid: 'varchar(200)?',
      source_us: 'bigint',
      origin: 'varchar(48)',
      database_name: 'varchar(64)',
      table_name: 'varchar(64)',
      row_key: 'varchar(3072)',
      type: 'varchar(24)',
      policy: 'varchar(16)',
      winner: 'varchar(16)',
      final: 'tinyint',
      op: 'char(1)',
      before_row: 'longtext?',
      after_row: 'longtext?',
      existing_row: 'longtext?',
      result_row: 'longtext?',
      local_seq: 'bigint?',
      decided_at: 'timestamp(6)',
    },
    primaryKey: 'id',
    rights: ['SELECT', 'INSERT', 'UPDATE', 'TRIGGER'],
  },
  { name: 'skip', columns: { id: 'tinyint unsigned', n: 'bigint unsigned' }, primaryKey: 'id', rights: ['SELECT', 'UPDATE', 'TRIGGER'] },
];

const suspendedStore: Store = {
  name: 'suspended',
  columns: {
    pipeline: 'varchar(12)',
    database_name: 'varchar(64)',
    table_name: 'varchar(64)',
    code: 'varchar(64)',
    message: 'varchar(1000)',
    because: 'varchar(130)',
    log_id: 'varchar(36)',
    seq: 'bigint',
    suspended_at: 'timestamp(3)',
    ended_at: 'timestamp(3)?',
  },
  primaryKey: 'pipeline,database_name,table_name',
  rights: written,
};

const pathColumns = { path_hash: 'binary(32)', path: 'varbinary(4096)' };

const fileStores: readonly Store[] = [
  {
    name: 'file',
    id: 'file-store',
    columns: {
      root: 'varchar(48)',
      ...pathColumns,
      sha256: 'binary(32)',
      size: 'bigint unsigned',
      mtime_ns: 'bigint',
      dev: 'bigint unsigned',
      ino: 'bigint unsigned',
      pipeline: 'varchar(12)',
      n: 'bigint unsigned',
      state: 'varchar(16)',
      changed_at: 'timestamp(3)',
    },
    primaryKey: 'root,path_hash',
    rights: [...written, 'DELETE'],
  },
  {
    name: 'file_place',
    id: 'file-store',
    columns: { pipeline: 'varchar(12)', root: 'varchar(48)', n: 'bigint unsigned' },
    primaryKey: 'pipeline,root',
    rights: written,
  },
  {
    name: 'file_missing',
    id: 'file-store',
    columns: {
      id: 'bigint unsigned',
      pipeline: 'varchar(12)',
      root: 'varchar(48)',
      ...pathColumns,
      sha256: 'binary(32)?',
      database_name: 'varchar(64)',
      table_name: 'varchar(64)',
      row_key: 'longtext',
      found_at: 'timestamp(3)',
    },
    primaryKey: 'id',
    rights: [...written, 'DELETE'],
  },
];

/** Of a pipeline that has file rules. */
export async function checkFileStores(queries: Queries, server: ServerFacts): Promise<readonly Problem[]> {
  const problems: Problem[] = [];
  for (const store of fileStores) problems.push(...(await checkStore(queries, server, store)));
  return problems;
}

/**
 * Of a pipeline that suspends tables. One that an earlier schemas/lutra.sql left out is missed when the first table is to be suspended:
 * till then nothing stops.
 */
export async function checkSuspendedStore(queries: Queries, server: ServerFacts): Promise<readonly Problem[]> {
  const found = await checkStore(queries, server, suspendedStore);
  return found.map((one) => (one.id === 'suspended-missing' ? { ...one, severity: 'warning' } : one));
}

export async function checkConflictStores(queries: Queries, server: ServerFacts): Promise<readonly Problem[]> {
  const problems: Problem[] = [];
  for (const store of stores) problems.push(...(await checkStore(queries, server, store)));
  return problems;
}

async function checkStore(queries: Queries, server: ServerFacts, store: Store): Promise<readonly Problem[]> {
  const name = `lutra.${store.name}`;
  const fix = 'run schemas/lutra.sql on this server as an administrator';
  const { id = store.name } = store;
  const own = store.rights.includes('DELETE') ? `; GRANT DELETE ON ${name} TO ${server.account}` : '';
  const grant = `GRANT SELECT, INSERT, UPDATE, TRIGGER ON lutra.* TO ${server.account}${own}`;
  const [table] = await loadTables(queries, 'lutra', store.name);
  if (!table) return [problem('error', `${id}-missing`, `${name} does not exist, or the user may not see it`, `${fix}; ${grant}`)];
  const denied = server.grants.missing(store.rights, table);
  const wrong = seesAll(server, table) ? differences(table, store) : []; // what is hidden would look like what is missing
  return [
    ...(wrong.length === 0
      ? []
      : [problem('error', `${id}-shape`, `${name}: ${wrong.join('; ')}`, `move it out of the way (RENAME TABLE); then ${fix}`)]),
    ...(denied.length === 0 ? [] : [problem('error', `${id}-privileges`, `the user lacks ${denied.join(', ')} on ${name}`, grant)]),
    ...(store.name === 'conflict' ? checkRetention(server, table) : []),
  ];
}

/** Nothing stops without it. */
function checkRetention(server: ServerFacts, table: TargetTable): readonly Problem[] {
  if (server.grants.has('DELETE', table)) return [];
  const what = 'the user lacks DELETE on lutra.conflict: its rows are kept for ever';
  return [problem('warning', 'conflict-retention', what, `GRANT DELETE ON lutra.conflict TO ${server.account}`)];
}

function differences(table: TargetTable, { columns, primaryKey }: Store): readonly string[] {
  const found = new Map(table.columns.map((column) => [column.name, column]));
  const wrong = Object.entries(columns).flatMap(([name, wanted]) => {
    const column = found.get(name);
    const reason = column ? columnDifference(wanted, column) : 'is missing';
    return reason === null ? [] : [`column ${name} ${reason}`];
  });
  if (!isTransactional(table)) wrong.push(`the engine is ${table.engine}, not InnoDB`);
  if (table.primaryKey.join() !== primaryKey) wrong.push(`the primary key is not (${primaryKey.replaceAll(',', ', ')})`);
  if (table.triggers > 0) wrong.push('it has triggers');
  return wrong;
}

function columnDifference(wanted: string, column: TargetColumn): string | null {
  const nullable = wanted.endsWith('?');
  if (column.nullable !== nullable) return nullable ? 'does not allow NULL' : 'allows NULL';
  const type = wanted.replace('?', '');
  const characters = Number(/^varchar\((\d+)\)$/.exec(type)?.[1] ?? 0);
  if (characters > 0) return column.type === 'varchar' && (column.characters ?? 0) >= characters ? null : `is ${column.columnType}`;
  return withoutWidth(column.columnType) === type ? null : `is ${column.columnType}`;
}

/** Of whole numbers: MySQL 8.0.15 and MariaDB print it. */
function withoutWidth(columnType: string): string {
  return columnType.toLowerCase().replace(/^((?:tiny|small|medium|big)?int)\(\d+\)/, '$1');
}
