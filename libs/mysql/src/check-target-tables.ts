/** Whether the target's tables can hold what the source's tables hold, and do with it what they do. */
import { createRouter, createRuleFinder, tableName } from '@lutra/model';
import type { ConflictRule, Route, TableName } from '@lutra/model';
import { checkAutoIncrement } from './check-auto-increment.js';
import { checkConflicts } from './check-conflicts.js';
import { checkSameNames } from './check-name-case.js';
import { rulesWithoutTable } from './check-rules.js';
import { loadRouted } from './check-source-tables.js';
import { quoteName, quoteTable } from './literal.js';
import { tableDifferences } from './match-tables.js';
import { problem } from './problem.js';
import type { Problem } from './problem.js';
import { isDenied, logsCascades, readServer, rowsIfAllowed, textOf } from './server-facts.js';
import type { ServerFacts } from './server-facts.js';
import { Session } from './session.js';
import type { ConnectionOptions, Queries } from './session-options.js';
import { asSource, isTransactional, loadTables } from './target-table.js';
import type { ForeignKey, TargetTable } from './target-table.js';

interface Comparison {
  readonly routes: readonly Route[];
  readonly source: ConnectionOptions;
  readonly twoWay: boolean;
  readonly rules: readonly ConflictRule[];
}

export async function checkTargetTables(
  target: Queries,
  server: ServerFacts,
  { routes, source, twoWay, rules }: Comparison,
): Promise<readonly Problem[]> {
  const session = await Session.open(source, 'source');
  try {
    const router = createRouter(routes);
    const sourceServer = await readServer(session);
    const cascadesArrive = logsCascades(sourceServer);
    const logged = { sourceLogsCascades: cascadesArrive, targetLogsCascades: logsCascades(server) };
    const ruleOf = createRuleFinder(rules);
    const problems: Problem[] = [...checkSameNames(sourceServer, server)];
    let autoIncrement = false;
    const names: TableName[] = [];
    for (const from of await loadRouted(session, (table) => router(table) !== null)) {
      const name = router(from) ?? from;
      names.push(name);
      const to = (await loadTables(target, name.database, name.name)).find((table) => table.name === name.name);
      if (!to) problems.push(await missingTable(session, from, name));
      else problems.push(...(await checkTable(target, { server, router, cascadesArrive, from, to })));
      // whose columns the user may not see at all
      if (to && to.columns.length > 0 && from.columns.length > 0)
        problems.push(...checkConflicts({ rule: ruleOf(name), from, to, ...logged, twoWay }));
      autoIncrement ||= to?.columns.some((column) => column.autoIncrement) ?? false;
    }
    problems.push(...rulesWithoutTable(rules, router, names));
    return [...problems, ...(twoWay && autoIncrement ? checkAutoIncrement(sourceServer, server) : [])];
  } finally {
    await session.close();
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
  /** As rows of their own: then the target needs no keys that cause them. */
  readonly cascadesArrive: boolean;
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
  if (differences.length > 0) {
    const mend = `make it as ${tableName(from)} is at the source`;
    problems.push(problem('error', 'table-differs', `${name}: ${differences.join('; ')}`, mend));
  }
  if (to.triggers > 0) {
    const what = `${name} has triggers: they fire for applied rows too`;
    problems.push(problem('warning', 'table-triggers', what, 'let them do nothing where @lutra_apply = 1'));
  }
  return [...problems, ...checkForeignKeys(pair), ...(await checkRights(target, pair))];
}

/** What a key does to children, and the binlog does not show, must happen at the target too. */
function checkForeignKeys({ from, to, router, cascadesArrive }: Pair): readonly Problem[] {
  if (cascadesArrive) return [];
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
  const column = quoteName(to.columns.find((candidate) => !candidate.generated)?.name ?? '');
  const trials = {
    SELECT: `SELECT 1 FROM ${table} LIMIT 0`,
    INSERT: `EXPLAIN INSERT INTO ${table} () VALUES ()`,
    UPDATE: `EXPLAIN UPDATE ${table} SET ${column} = ${column} WHERE FALSE`,
    DELETE: `EXPLAIN DELETE FROM ${table} WHERE FALSE`,
  };
  const denied: string[] = [];
  for (const [right, sql] of Object.entries(trials)) if (await isDenied(target, sql)) denied.push(right);
  if (denied.length === 0) return [];
  const mend = `GRANT SELECT, INSERT, UPDATE, DELETE ON ${table} TO ${server.account}`;
  return [problem('error', 'table-privileges', `the user lacks ${denied.join(', ')} on ${tableName(to)}`, mend)];
}
