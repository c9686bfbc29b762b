/** Whether a server can be a target: what would refuse or falsify rows, and what is known to surprise. Writes nothing. */
import { createRouter, tableName } from '@lutra/model';
import type { Route, TableName } from '@lutra/model';
import { checkCheckpointTable } from './check-checkpoint-table.js';
import { loadRouted } from './check-source-tables.js';
import { quoteTable } from './literal.js';
import { tableDifferences } from './match-tables.js';
import { problem } from './problem.js';
import type { Problem } from './problem.js';
import { isDenied, readServer, rowsIfAllowed, setGlobal, textOf } from './server-facts.js';
import type { ServerFacts } from './server-facts.js';
import { Session } from './session.js';
import type { ConnectionOptions, Queries } from './session.js';
import { asSource, isTransactional, loadTables } from './target-table.js';
import type { ForeignKey, TargetTable } from './target-table.js';

export interface TargetFacts {
  /** Of the pipelines from this source. */
  readonly routes: readonly Route[];
  /** The source's server, to compare tables with; null: only the target is looked at. */
  readonly source: ConnectionOptions | null;
  /** Another pipeline of the channel goes the other way. */
  readonly twoWay: boolean;
}

/**
 * @throws SyncError *_UNAVAILABLE, *_DENIED if one of the servers cannot be asked at all
 */
export async function checkTarget(options: ConnectionOptions, facts: TargetFacts): Promise<readonly Problem[]> {
  const session = await Session.open(options, 'target');
  try {
    const server = await readServer(session);
    return [
      ...checkSettings(server),
      ...(await checkCheckpointTable(session, server, ['SELECT', 'INSERT', 'UPDATE'])),
      ...(facts.source ? await compareTables(session, server, { ...facts, source: facts.source }) : []),
    ];
  } finally {
    await session.close();
  }
}

const packetBytes = 64 * 1024 * 1024;
const leastPacketBytes = 4 * 1024 * 1024;

function checkSettings(server: ServerFacts): readonly Problem[] {
  const on = (variable: string): boolean => ['ON', '1'].includes(server.variables.get(variable)?.toUpperCase() ?? '');
  const problems: Problem[] = [];
  for (const variable of ['read_only', 'super_read_only'].filter(on)) {
    problems.push(
      problem(
        'error',
        'read-only',
        `${variable} is ON: the loader waits until the server takes writes`,
        setGlobal(server, variable, 'OFF'),
      ),
    );
  }
  const packet = Number(server.variables.get('max_allowed_packet') ?? 0);
  if (packet < packetBytes) {
    const what = `max_allowed_packet is ${packet} bytes: a transaction's text, and each row in it, must fit`;
    problems.push(
      problem(
        packet < leastPacketBytes ? 'error' : 'warning',
        'max-allowed-packet',
        what,
        setGlobal(server, 'max_allowed_packet', String(packetBytes)),
      ),
    );
  }
  const format = server.variables.get('binlog_format');
  if (on('log_bin') && format === 'STATEMENT') {
    problems.push(
      problem(
        'error',
        'binlog-format',
        'binlog_format is STATEMENT: the server refuses changes under READ COMMITTED',
        setGlobal(server, 'binlog_format', 'ROW'),
      ),
    );
  }
  return problems;
}

async function compareTables(
  target: Queries,
  server: ServerFacts,
  facts: TargetFacts & { readonly source: ConnectionOptions },
): Promise<readonly Problem[]> {
  const source = await Session.open(facts.source, 'source');
  try {
    const router = createRouter(facts.routes);
    const problems: Problem[] = [];
    let autoIncrement = false;
    for (const from of await loadRouted(source, (table) => router(table) !== null)) {
      const name = router(from) ?? from;
      const to = (await loadTables(target, name.database, name.name)).find((table) => table.name === name.name);
      problems.push(...(to ? await checkTable(target, { server, from, to, router }) : [await missingTable(source, from, name)]));
      autoIncrement ||= to?.columns.some((column) => column.autoIncrement) ?? false;
    }
    return [...problems, ...(facts.twoWay && autoIncrement ? checkAutoIncrement(server) : [])];
  } finally {
    await source.close();
  }
}

/** With the statement that creates it, where the names are the same. */
async function missingTable(source: Queries, from: TargetTable, name: TableName): Promise<Problem> {
  const shown = tableName(from) === tableName(name) ? await rowsIfAllowed(source, `SHOW CREATE TABLE ${quoteTable(from)}`) : null;
  const statement = shown?.[0] && textOf(shown[0], 'Create Table');
  const mend = statement ? `USE ${from.database}; ${statement}` : `create ${tableName(name)} as ${tableName(from)} is at the source`;
  return problem('error', 'table-missing', `${tableName(name)} does not exist at the target, or the user may not see it`, mend);
}

interface Pair {
  readonly server: ServerFacts;
  readonly from: TargetTable;
  readonly to: TargetTable;
  readonly router: (table: TableName) => TableName | null;
}

async function checkTable(target: Queries, pair: Pair): Promise<readonly Problem[]> {
  const { from, to } = pair;
  const name = tableName(to);
  const problems: Problem[] = [];
  if (!isTransactional(to)) {
    problems.push(problem('error', 'table-engine', `${name} is ${to.engine}, not InnoDB`, `ALTER TABLE ${quoteTable(to)} ENGINE = InnoDB`));
  }
  // whose columns the user may not see at all
  const differences = to.columns.length === 0 ? [] : tableDifferences(asSource(from), to);
  if (differences.length > 0)
    problems.push(
      problem('error', 'table-differs', `${name}: ${differences.join('; ')}`, `make it as ${tableName(from)} is at the source`),
    );
  if (to.triggers > 0) {
    problems.push(
      problem(
        'warning',
        'table-triggers',
        `${name} has triggers: they fire for applied rows too`,
        'let them do nothing where @lutra_apply = 1',
      ),
    );
  }
  return [...problems, ...checkForeignKeys(pair), ...(await checkRights(target, pair))];
}

/** What a key does to children must happen at the target as it does at the source, whether or not it is in the binlog. */
function checkForeignKeys({ from, to, router }: Pair): readonly Problem[] {
  const shape = (key: ForeignKey, parent: TableName): string =>
    [key.columns.join(), tableName(parent), key.parentColumns.join(), key.onDelete, key.onUpdate]
      .join(' ')
      .toLowerCase()
      .replaceAll('no action', 'restrict');
  const have = new Set(to.foreignKeys.map((key) => shape(key, key.parent)));
  return from.foreignKeys
    .filter((key) => !['RESTRICT', 'NO ACTION'].includes(key.onDelete) || !['RESTRICT', 'NO ACTION'].includes(key.onUpdate))
    .filter((key) => !have.has(shape(key, router(key.parent) ?? key.parent)))
    .map((key) => {
      const what = `${tableName(to)} lacks foreign key ${key.name} of ${tableName(from)} (ON DELETE ${key.onDelete}, ON UPDATE ${key.onUpdate}): what it does to rows would not happen`;
      return problem('error', 'foreign-key-missing', what, 'declare the same foreign key at the target');
    });
}

/** EXPLAIN needs the privileges of the statement and runs nothing. */
async function checkRights(target: Queries, { to, server }: Pair): Promise<readonly Problem[]> {
  const table = quoteTable(to);
  const column = to.columns.find((candidate) => !candidate.generated)?.name.replaceAll('`', '``') ?? '';
  const trials = {
    SELECT: `SELECT 1 FROM ${table} LIMIT 0`,
    INSERT: `EXPLAIN INSERT INTO ${table} () VALUES ()`,
    UPDATE: `EXPLAIN UPDATE ${table} SET \`${column}\` = \`${column}\` WHERE FALSE`,
    DELETE: `EXPLAIN DELETE FROM ${table} WHERE FALSE`,
  };
  const denied: string[] = [];
  for (const [right, sql] of Object.entries(trials)) if (await isDenied(target, sql)) denied.push(right);
  if (denied.length === 0) return [];
  return [
    problem(
      'error',
      'table-privileges',
      `the user lacks ${denied.join(', ')} on ${tableName(to)}`,
      `GRANT SELECT, INSERT, UPDATE, DELETE ON ${table} TO ${server.account}`,
    ),
  ];
}

function checkAutoIncrement(server: ServerFacts): readonly Problem[] {
  if (Number(server.variables.get('auto_increment_increment')) > 1) return [];
  const what = 'auto_increment_increment is 1 while both sides take writes: both will give the same numbers to different rows';
  const mend = `${setGlobal(server, 'auto_increment_increment', '2')}; ${setGlobal(server, 'auto_increment_offset', '1')} on one side, 2 on the other`;
  return [problem('warning', 'auto-increment', what, mend)];
}
