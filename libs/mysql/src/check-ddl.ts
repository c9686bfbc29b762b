/** Whether schema changes can be carried out at a target, and what a person answers can be written down there. */
import type { Route } from '@lutra/model';
import { problem } from './problem.js';
import type { Problem } from './problem.js';
import type { ServerFacts } from './server-facts.js';
import type { Queries } from './session-options.js';
import { loadTables } from './target-table.js';

export interface DdlChecks {
  /** Of the pipelines from this source. */
  readonly routes: readonly Route[];
  /** Some kind of statement is to be applied; else answers alone are written down. */
  readonly applies: boolean;
}

const written = ['SELECT', 'INSERT', 'UPDATE'];
const toApply = ['CREATE', 'ALTER', 'DROP', 'INDEX', 'REFERENCES'];
const holds = 'each schema change holds its pipeline (DDL_HELD)';

export async function ddlProblems(queries: Queries, server: ServerFacts, { routes, applies }: DdlChecks): Promise<readonly Problem[]> {
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
  } else if (denied.length > 0)
    problems.push(problem('error', 'ddl-privileges', `the user lacks ${denied.join(', ')} on lutra.ddl: ${holds}`, grant));
  return applies ? [...problems, ...statementRights(server, routes), ...sessionRights(server)] : problems;
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

/** SUPER has it, and what sets gtid_next. */
function sessionRights({ grants, account }: ServerFacts): readonly Problem[] {
  if (['SESSION_VARIABLES_ADMIN', 'SYSTEM_VARIABLES_ADMIN', 'SUPER'].some((privilege) => grants.hasGlobal(privilege))) return [];
  const what = `the user lacks SESSION_VARIABLES_ADMIN, and so cannot run a statement in the session of its source: ${holds}`;
  return [problem('error', 'ddl-privileges', what, `GRANT SESSION_VARIABLES_ADMIN ON *.* TO ${account}`)];
}
