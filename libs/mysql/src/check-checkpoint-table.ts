/** Whether lutra.checkpoint can do its three works: keep the position, mark, and fence (which needs `epoch` NOT NULL and InnoDB). */
import { checkpointColumns, checkpointTable } from '@lutra/marker';
import type { CheckpointColumn } from '@lutra/marker';
import { tableName } from '@lutra/model';
import { seesAll } from './check-privileges.js';
import { problem } from './problem.js';
import type { Problem } from './problem.js';
import type { ServerFacts } from './server-facts.js';
import type { Queries } from './session-options.js';
import { isTransactional, loadTables } from './target-table.js';
import type { TargetColumn, TargetTable } from './target-definition.js';

const fix = 'run schemas/lutra.sql on this server as an administrator';

/** For a table that is right but for these columns: it was made by an earlier schemas/lutra.sql. */
const added: ReadonlyMap<string, string> = new Map([
  ['column replay_until is missing', 'ADD COLUMN replay_until BIGINT NOT NULL DEFAULT -1'],
  ['column routes is missing', "ADD COLUMN routes VARCHAR(48) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT ''"],
]);

const wholeNumbers = [
  'part',
  'lane',
  'log_epoch',
  'seq',
  'next_offset',
  'source_us',
  'epoch',
  'n',
  'replay_until',
] as const satisfies readonly CheckpointColumn[];
const long: Partial<Record<CheckpointColumn, number>> = { pipeline: 64, log_id: 36, gtid: 200, origin: 48, path: 1000, routes: 45 };

export type CheckpointRight = 'SELECT' | 'INSERT' | 'UPDATE' | 'TRIGGER';

export async function checkCheckpointTable(
  queries: Queries,
  server: ServerFacts,
  rights: readonly CheckpointRight[],
): Promise<readonly Problem[]> {
  const name = tableName(checkpointTable);
  const grant = `GRANT ${rights.join(', ')} ON lutra.* TO ${server.account}`;
  const [table] = await loadTables(queries, checkpointTable.database, checkpointTable.name);
  if (!table) return [problem('error', 'checkpoint-missing', `${name} does not exist, or the user may not see it`, `${fix}; ${grant}`)];
  const denied = server.grants.missing(rights, table);
  const wrong = seesAll(server, table) ? differences(table) : []; // what is hidden would look like what is missing
  return [
    ...(wrong.length === 0 ? [] : [problem('error', 'checkpoint-shape', `${name}: ${wrong.join('; ')}`, fixOf(wrong))]),
    ...(denied.length === 0 ? [] : [problem('error', 'checkpoint-privileges', `the user lacks ${denied.join(', ')} on ${name}`, grant)]),
  ];
}

function fixOf(wrong: readonly string[]): string {
  const parts = wrong.map((what) => added.get(what));
  return parts.every((part) => part !== undefined) ? `ALTER TABLE lutra.checkpoint ${parts.join(', ')}` : fix;
}

function differences(table: TargetTable): readonly string[] {
  const columns = new Map(table.columns.map((column) => [column.name, column]));
  const wrong = checkpointColumns.flatMap((name) => {
    const column = columns.get(name);
    const reason = column ? columnDifference(name, column) : 'is missing';
    return reason === null ? [] : [`column ${name} ${reason}`];
  });
  if (!isTransactional(table)) wrong.push(`the engine is ${table.engine}, not InnoDB`);
  if (table.primaryKey.join() !== 'pipeline,part,lane') wrong.push('the primary key is not (pipeline, part, lane)');
  if (table.triggers > 0) wrong.push('it has triggers');
  return wrong;
}

function columnDifference(name: CheckpointColumn, column: TargetColumn): string | null {
  if (column.nullable !== (name === 'gtid')) return column.nullable ? 'allows NULL' : 'does not allow NULL';
  const isWhole = (wholeNumbers as readonly string[]).includes(name);
  if (isWhole)
    return column.type === 'bigint' || ((name === 'part' || name === 'lane') && column.type === 'int') ? null : `is ${column.columnType}`;
  return column.type === 'varchar' && (column.characters ?? 0) >= (long[name] ?? 0) ? null : `is ${column.columnType}`;
}
