/** Whether the target's tables can hold what the source's tables hold, and do with it what they do. */
import { createRouter, createRuleFinder, isStop, tableName } from '@lutra/model';
import type { ConflictRule, FollowedRoute, TableName } from '@lutra/model';
import { withAlterAdvice } from './alter-advice.js';
import { checkAutoIncrement } from './check-auto-increment.js';
import { checkConflicts } from './check-conflicts.js';
import { checkFiles, checkSharedPaths, type TableFiles } from './check-files.js';
import { checkCreateWitness } from './check-ddl.js';
import { checkSameNames } from './check-name-case.js';
import { rulesWithoutTable } from './check-rule-tables.js';
import { checkSession } from './check-session.js';
import { compareDefinitions } from './compare-definitions.js';
import { loadRouted } from './check-source-tables.js';
import { checkPrivileges, seesAll, toRead, toWrite } from './check-privileges.js';
import { checkTriggers } from './check-triggers.js';
import { checkValueSizes } from './check-value-sizes.js';
import { quoteTable } from './literal.js';
import { definitionDifferences } from './match-tables.js';
import { ofTable, problem } from './problem.js';
import type { Problem } from './problem.js';
import { suspended } from './suspended-problems.js';
import { logsCascades, readServer, rowsIfAllowed, textOf } from './server-facts.js';
import type { ServerFacts } from './server-facts.js';
import { Session } from './session.js';
import type { ConnectionOptions, Queries } from './session-options.js';
import { isTransactional, loadTables } from './target-table.js';
import type { ForeignKey, TargetTable } from './target-definition.js';

interface Comparison {
  readonly routes: readonly FollowedRoute[];
  readonly source: ConnectionOptions;
  readonly twoWay: boolean;
  readonly rules: readonly ConflictRule[];
  readonly forwards?: boolean | undefined;
  /** A table that cannot be written is suspended, and does not stop the pipeline. */
  readonly suspends?: boolean | undefined;
  /** A seed creates the tables that are missing. */
  readonly creates?: boolean | undefined;
  /** topic.maxMessageBytes of the source's endpoint. */
  readonly maxMessageBytes?: number | undefined;
}

export async function checkTargetTables(
  target: Queries,
  server: ServerFacts,
  { routes, source, twoWay, rules, forwards = false, suspends = false, creates = false, maxMessageBytes }: Comparison,
): Promise<readonly Problem[]> {
  const session = await Session.open(source, 'source');
  try {
    const router = createRouter(routes);
    const sourceServer = await readServer(session);
    const sameFlavor = sourceServer.flavor === server.flavor;
    const sameVersion = sameFlavor && sourceServer.version === server.version;
    const cascadesArrive = logsCascades(sourceServer);
    const logged = { sourceLogsCascades: cascadesArrive, targetLogsCascades: logsCascades(server) };
    const ruleOf = createRuleFinder(rules);
    const problems: Problem[] = [...checkSameNames(sourceServer, server)];
    let autoIncrement = false;
    let isCreated = false;
    const taken: (TableFiles & { readonly name: TableName })[] = [];
    for (const from of await loadRouted(session, (table) => router(table) !== null && router.shadow(table) !== 'implied')) {
      const name = router(from) ?? from;
      const rule = ruleOf(name);
      const files = router.filesOf(from);
      taken.push({ table: from, name, files });
      const to = (await loadTables(target, name.database, name.name)).find((table) => table.name === name.name);
      const found = to
        ? await checkTable(target, { server, sourceServer, router, cascadesArrive, from, to })
        : [creates ? createdTable(server, { from, name }) : await missingTable(session, server, { from, name })];
      const told = [
        ...(suspends ? suspended('target', from, found) : found),
        ...checkPrivileges(sourceServer, from, toRead).map(atSource),
        ...checkValueSizes({ from, source: sourceServer, target: server, maxMessageBytes }),
      ];
      if (to && seesAll(server, to) && seesAll(sourceServer, from))
        told.push(
          ...checkConflicts({ rule, from, to, sameFlavor, ...logged, twoWay }),
          ...compareDefinitions({ from, to, sameVersion, sameFlavor, twoWay, policy: rule.policy, router }),
        );
      if (seesAll(sourceServer, from)) told.push(...(await checkFiles(target, { files, rule, from, to, twoWay })));
      if (to)
        told.push(...(await checkSession(target, { source: sourceServer, target: server, from, to, decided: !isStop(rule), forwards })));
      problems.push(...ofTable(from, told));
      isCreated ||= creates && to === undefined;
      autoIncrement ||= to?.columns.some((column) => column.autoIncrement) ?? false;
    }
    problems.push(...rulesWithoutTable(rules, router, namesOf(taken)));
    problems.push(...checkSharedPaths(taken, twoWay));
    if (twoWay && autoIncrement) problems.push(...checkAutoIncrement(sourceServer, server));
    if (twoWay && isCreated) problems.push(...(await checkCreateWitness(target, server)));
    return problems.map((found) => withAlterAdvice(found, twoWay));
  } finally {
    await session.close();
  }
}

function namesOf(taken: readonly { readonly name: TableName }[]): readonly TableName[] {
  return taken.map(({ name }) => name);
}

/** Without it the two tables cannot be compared. */
function atSource(found: Problem): Problem {
  return { ...found, what: `at the source, ${found.what}` };
}

/** With the statement that creates it, where the names are the same. */
async function missingTable(
  source: Queries,
  server: ServerFacts,
  { from, name }: { from: TargetTable; name: TableName },
): Promise<Problem> {
  if (!server.grants.has('SELECT', name)) {
    const what = `the user has no right to see whether ${tableName(name)} exists at the target`;
    const grant = `GRANT ${toWrite.join(', ')} ON ${server.grants.objectOf(name.database)} TO ${server.account}`;
    return problem('error', 'table-unseen', what, grant);
  }
  const shown = tableName(from) === tableName(name) ? await rowsIfAllowed(source, `SHOW CREATE TABLE ${quoteTable(from)}`) : null;
  const statement = shown?.[0] && textOf(shown[0], 'Create Table');
  const fix = statement ? `USE ${from.database}; ${statement}` : `create ${tableName(name)} as ${tableName(from)} is at the source`;
  return problem('error', 'table-missing', `${tableName(name)} does not exist at the target`, fix);
}

const toCreate = ['CREATE', 'REFERENCES'];

function createdTable(server: ServerFacts, { from, name }: { from: TargetTable; name: TableName }): Problem {
  const missing = server.grants.missing([...toWrite, ...toCreate], name);
  if (missing.length === 0) {
    return problem(
      'warning',
      'table-created',
      `${tableName(name)} does not exist at the target: the seed creates it as ${tableName(from)} is`,
      null,
    );
  }
  const what = `${tableName(name)} does not exist at the target, and the user lacks ${missing.join(', ')} to create and write it`;
  const grant = `GRANT ${[...toWrite, ...toCreate].join(', ')} ON ${server.grants.objectOf(name.database)} TO ${server.account}`;
  return problem('error', 'table-create-privileges', what, grant);
}

interface Pair {
  readonly server: ServerFacts;
  readonly sourceServer: ServerFacts;
  readonly from: TargetTable;
  readonly to: TargetTable;
  readonly router: (table: TableName) => TableName | null;
  /** As rows of their own: then the target needs no keys that cause them. */
  readonly cascadesArrive: boolean;
}

async function checkTable(target: Queries, pair: Pair): Promise<readonly Problem[]> {
  const { server, sourceServer, from, to } = pair;
  const name = tableName(to);
  const problems: Problem[] = [];
  if (!isTransactional(to)) {
    problems.push(problem('error', 'table-engine', `${name} is ${to.engine}, not InnoDB`, `ALTER TABLE ${quoteTable(to)} ENGINE = InnoDB`));
  }
  // What is hidden from the user looks like what is not there.
  const differences = seesAll(server, to) && seesAll(sourceServer, from) ? definitionDifferences(from, to) : [];
  if (differences.length > 0) {
    const fix = `make it as ${tableName(from)} is at the source`;
    problems.push(problem('error', 'table-differs', `${name}: ${differences.join('; ')}`, fix));
  }
  return [...problems, ...(await checkTriggers(target, to)), ...checkForeignKeys(pair), ...checkPrivileges(server, to, toWrite)];
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
