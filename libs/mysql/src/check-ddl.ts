/** Whether schema changes can be carried out at a target, and what a person answers can be written down there. */
import type { Route } from '@lutra/model';
import { problem } from './problem.js';
import type { Problem } from './problem.js';
import { rowsIfAllowed } from './server-facts.js';
import type { ServerFacts } from './server-facts.js';
import type { Queries } from './session-options.js';
import type { TargetTable } from './target-definition.js';
import { isTransactional, loadTables } from './target-table.js';

export interface DdlChecks {
  /** Of the pipelines from this source. */
  readonly routes: readonly Route[];
  /** Some kind of statement is to be applied; else a person answers, and may answer `run`. */
  readonly applies: boolean;
  /** Something comes back from the target. */
  readonly bothWays: boolean;
}

const written = ['SELECT', 'INSERT', 'UPDATE'];
const toApply = ['CREATE', 'ALTER', 'DROP', 'INDEX', 'REFERENCES'];
const holds = 'each schema change holds its pipeline (DDL_HELD)';

export async function ddlProblems(
  queries: Queries,
  server: ServerFacts,
  { routes, applies, bothWays }: DdlChecks,
): Promise<readonly Problem[]> {
  if (server.flavor === 'mariadb') {
    const what = `Lutra does not run schema changes on MariaDB yet: ${holds}`;
    return applies ? [problem('error', 'ddl-mariadb', what, 'set "default" of the pipeline\'s ddl to "stop" or "ignore"')] : [];
  }
  const [table] = await loadTables(queries, 'lutra', 'ddl');
  const grant = `GRANT ${written.join(', ')} ON lutra.ddl TO ${server.account}`;
  const denied = server.grants.missing(written, { database: 'lutra', name: 'ddl' });
  const problems: Problem[] = [];
  if (!table) {
    const fix = `run schemas/lutra.sql on this server as an administrator; ${grant}`;
    problems.push(problem('error', 'ddl-missing', `lutra.ddl does not exist, or the user may not see it: ${holds}`, fix));
  } else {
    if (denied.length > 0)
      problems.push(problem('error', 'ddl-privileges', `the user lacks ${denied.join(', ')} on lutra.ddl: ${holds}`, grant));
    problems.push(...shape(table));
  }
  const rights = [...statementRights(server, routes), ...(await sessionRights(queries, server))];
  return [...problems, ...rights, ...(applies ? witness(server, bothWays) : [])];
}

/** In the order of schemas/lutra.sql. */
const columns =
  'pipeline record part incarnation n log_id seq state statement sql_here tables before_it origin path answer kept begun_at ended_at'.split(
    ' ',
  );

function shape(table: TargetTable): readonly Problem[] {
  const found = new Set(table.columns.map(({ name }) => name));
  const wrong = columns.filter((name) => !found.has(name)).map((name) => `column ${name} is missing`);
  if (!isTransactional(table)) wrong.push(`the engine is ${table.engine}, not InnoDB`);
  if (table.primaryKey.join() !== 'pipeline,record,part') wrong.push('the primary key is not (pipeline, record, part)');
  if (wrong.length === 0) return [];
  const isOlder = wrong.join() === 'column kept is missing';
  const fix = isOlder
    ? 'ALTER TABLE lutra.ddl ADD COLUMN kept LONGTEXT NULL DEFAULT NULL AFTER answer'
    : 'move it out of the way (RENAME TABLE); then run schemas/lutra.sql on this server as an administrator';
  return [problem('error', 'ddl-shape', `lutra.ddl: ${wrong.join('; ')}`, fix)];
}

function statementRights({ grants, account }: ServerFacts, routes: readonly Route[]): readonly Problem[] {
  const databases = [...new Set(routes.map(({ schema, to }) => to?.schema ?? schema))];
  return databases.flatMap((database) => {
    const own = routes.filter(({ schema, to }) => (to?.schema ?? schema) === database);
    const lacks = (privilege: string): boolean =>
      !grants.covers(privilege, database) &&
      !own.every(({ table, to }) => !/[*?]/.test(`${database}${table}`) && grants.has(privilege, { database, name: to?.table ?? table }));
    const missing = toApply.filter(lacks);
    if (missing.length === 0) return [];
    const what = `the user lacks ${missing.join(', ')} on ${grants.objectOf(database)} to carry schema changes out: ${holds}`;
    return [problem('error', 'ddl-privileges', what, `GRANT ${missing.join(', ')} ON ${grants.objectOf(database)} TO ${account}`)];
  });
}

/** Both ways: what a seed creates here would go back to the source as a schema change. MariaDB has no witness yet, and creates without. */
export async function checkCreateWitness(queries: Queries, server: ServerFacts): Promise<readonly Problem[]> {
  if (server.flavor === 'mariadb') return [];
  const back = 'the tables that a seed creates here would go back to the source as schema changes';
  const refused = (why: string, fix: string): readonly Problem[] => [problem('error', 'table-create-witness', `${why}: ${back}`, fix)];
  if (!isOn(server.variables.get('gtid_mode')))
    return refused('gtid_mode is not ON', 'turn GTIDs on; or create the tables here by hand before the seed');
  if ((await rowsIfAllowed(queries, "SET SESSION gtid_next = 'AUTOMATIC'")) !== null) return [];
  return refused('the user may not set gtid_next', `GRANT SESSION_VARIABLES_ADMIN ON *.* TO ${server.account}`);
}

/** A session is told each of them; what it has it is told again, so nothing changes. */
const told: readonly (readonly [variable: string, value: string])[] = [
  ['gtid_next', "'AUTOMATIC'"],
  ...[
    'innodb_strict_mode',
    'explicit_defaults_for_timestamp',
    'default_collation_for_utf8mb4',
    'sql_require_primary_key',
    'sql_generate_invisible_primary_key',
    'restrict_fk_on_non_standard_key',
  ].map((name) => [name, `@@SESSION.${name}`] as const),
];

/** Tried, not read from grants: which right is asked for differs by version. */
async function sessionRights(queries: Queries, { variables, account }: ServerFacts): Promise<readonly Problem[]> {
  const denied: string[] = [];
  for (const [name, value] of told) {
    const isKnown = name === 'gtid_next' ? isOn(variables.get('gtid_mode')) : variables.has(name);
    if (isKnown && (await rowsIfAllowed(queries, `SET SESSION ${name} = ${value}`)) === null) denied.push(name);
  }
  if (denied.length === 0) return [];
  const what = `the user may not set ${denied.join(', ')}, and so cannot run a statement in the session of its source: ${holds}`;
  return [problem('error', 'ddl-privileges', what, `GRANT SESSION_VARIABLES_ADMIN ON *.* TO ${account}`)];
}

function isOn(value: string | undefined): boolean {
  return value?.toUpperCase() === 'ON';
}

export const turnOnGtids = ['enforce_gtid_consistency = ON', 'gtid_mode = OFF_PERMISSIVE', 'gtid_mode = ON_PERMISSIVE', 'gtid_mode = ON']
  .map((assignment) => `SET PERSIST ${assignment}`)
  .join('; ');

function witness({ variables }: ServerFacts, bothWays: boolean): readonly Problem[] {
  if (isOn(variables.get('gtid_mode'))) return [];
  if (bothWays) {
    const back = 'gtid_mode is not ON: a schema change that is applied here would go back to the source as one of the target';
    return [problem('error', 'ddl-witness', `${back}, so each one holds its pipeline (DDL_HELD)`, turnOnGtids)];
  }
  const what = 'gtid_mode is not ON: where a loader or the server ends amid a schema change, its pipeline may hold (undecided)';
  return [problem('warning', 'ddl-witness', what, 'turn GTIDs on; or compare the table, and answer done or run')];
}
