/** What a server lacks to be an endpoint, as an administrator sees it. Only reads. */
import { reservedSchemas, SyncError } from '@lutra/model';
import type { PreparedStep } from '@lutra/model';
import { turnOnGtids } from '../check-ddl.js';
import { checkCheckpointTable } from '../check-checkpoint-table.js';
import { checkFilters, checkRelay } from '../check-source.js';
import { checkSourceSettings, settingsToSet } from '../check-source-settings.js';
import { checkReadOnly, packetToSet } from '../check-target.js';
import { Grants } from '../grants.js';
import { quoteText } from '../literal.js';
import { problem } from '../problem.js';
import type { Problem } from '../problem.js';
import { readServer, textOf } from '../server-facts.js';
import type { ServerFacts } from '../server-facts.js';
import type { Queries } from '../session-options.js';
import { lutraTables } from './lutra-tables.js';
import { missingOf, rightsOf } from './rights.js';
import type { Uses } from './rights.js';
import { accountText } from './steps.js';
import type { StepContext } from './steps.js';

export interface PrepareWant extends StepContext, Omit<Uses, 'keyless'> {
  /** Something comes back from it, too. */
  readonly bothWays: boolean;
}

export interface SchemaSize {
  readonly name: string;
  readonly tables: number;
  /** As the server estimates them. */
  readonly rows: number;
  readonly bytes: number;
}

export interface Look {
  readonly version: string;
  /** The user is there. */
  readonly userExists: boolean;
  /** Of those that are no system's, by name. */
  readonly schemas: readonly SchemaSize[];
  readonly missing: readonly PreparedStep[];
  /** What a person has to do, and what should be. */
  readonly problems: readonly Problem[];
}

/** @throws SyncError *_UNAVAILABLE, *_DENIED: the administrator lacks a right */
export async function lookAt(queries: Queries, want: PrepareWant): Promise<Look> {
  const server = await readServer(queries);
  const grants = await grantsOf(queries, want, server);
  const schemas = await schemasOf(queries);
  const { version } = server;
  const refused = unsupported(server);
  if (refused.length > 0) return { version, userExists: grants !== null, schemas, missing: [], problems: refused };
  const missing = [
    ...(await settingSteps(queries, server, want)),
    ...(await tableSteps(queries)),
    ...(grants ? [] : [{ kind: 'user' as const }]),
    ...(await grantSteps(queries, server, { want, grants: grants ?? new Grants([]) })),
  ];
  return { version, userExists: grants !== null, schemas, missing, problems: await problemsOf(queries, server, want) };
}

const leastVersion = 80_015;

function unsupported({ flavor, number, version }: ServerFacts): readonly Problem[] {
  const by = 'prepare it by hand: docs/02-setup.md';
  if (flavor === 'mariadb') return [problem('error', 'prepare-mariadb', `${version}: MariaDB is not prepared by Lutra yet`, by)];
  if (number >= leastVersion) return [];
  return [problem('error', 'server-version', `MySQL ${version} is older than 8.0.15`, 'upgrade the server')];
}

async function problemsOf(queries: Queries, server: ServerFacts, want: PrepareWant): Promise<readonly Problem[]> {
  const routes = want.schemas.map((schema) => ({ schema, table: '*' }));
  const dynamic = new Set(settingsToSet(server).map(({ id }) => id));
  return [
    ...(want.source ? checkSourceSettings(server).filter(({ id }) => !dynamic.has(id)) : []),
    ...(want.source ? await checkFilters(queries, server, routes) : []),
    ...(want.source ? await checkRelay(queries, server) : []),
    ...(want.target ? await checkReadOnly(queries, server) : []),
    ...(want.target && want.bothWays && (want.ddl || want.creates) ? gtidProblems(server) : []),
    ...(await checkCheckpointTable(queries, server, [])).filter(({ id }) => id !== 'checkpoint-missing'),
  ];
}

/** What is created or changed at a target by a schema change is known by its GTID, and so does not go back. */
function gtidProblems({ variables }: ServerFacts): readonly Problem[] {
  if (variables.get('gtid_mode') === 'ON') return [];
  const what = 'gtid_mode is not ON: a table that is created or changed here would go back to where that came from';
  return [problem('error', 'gtid-mode-both-ways', what, turnOnGtids)];
}

async function settingSteps(queries: Queries, server: ServerFacts, want: PrepareWant): Promise<readonly PreparedStep[]> {
  const wanted = new Map([
    ...(want.source ? settingsToSet(server) : []).map(({ variable, value }) => [variable, value] as const),
    ...(want.target ? packetToSet(server) : []).map(({ variable, value }) => [variable, value] as const),
  ]);
  if (wanted.size === 0) return [];
  const names = [...wanted.keys()].map(quoteText).join(', ');
  const rows = await queries.query(
    `SELECT VARIABLE_NAME AS name, VARIABLE_VALUE AS value FROM performance_schema.persisted_variables WHERE VARIABLE_NAME IN (${names})`,
  );
  const persisted = new Map(rows.map((row) => [textOf(row, 'name'), textOf(row, 'value')]));
  return [...wanted].map(([variable, value]) => ({
    kind: 'setting',
    variable,
    value,
    was: server.variables.get(variable) ?? '',
    persisted: persisted.get(variable) ?? null,
  }));
}

async function tableSteps(queries: Queries): Promise<readonly PreparedStep[]> {
  const databases = await queries.query("SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = 'lutra'");
  const rows = await queries.query("SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'lutra'");
  const there = new Set(rows.map((row) => textOf(row, 'name')));
  return [
    ...(databases.length === 0 ? [{ kind: 'database' as const }] : []),
    ...[...lutraTables().tables.keys()].filter((table) => !there.has(table)).map((table) => ({ kind: 'table' as const, table })),
  ];
}

interface Rights {
  readonly want: PrepareWant;
  readonly grants: Grants;
}

async function grantSteps(queries: Queries, server: ServerFacts, { want, grants }: Rights): Promise<readonly PreparedStep[]> {
  const keyless = want.source && want.creates ? await keylessSchemas(queries, want.schemas) : [];
  const rights = rightsOf({ ...want, keyless }, server.variables.get('partial_revokes') === 'ON');
  return rights.flatMap((right) => {
    const privileges = missingOf(right, grants);
    return privileges.length === 0 ? [] : [{ kind: 'grant' as const, object: right.object, privileges: [...privileges] }];
  });
}

async function keylessSchemas(queries: Queries, schemas: readonly string[]): Promise<readonly string[]> {
  if (schemas.length === 0) return [];
  const rows = await queries.query(`SELECT DISTINCT t.TABLE_SCHEMA AS name FROM information_schema.TABLES t
    LEFT JOIN information_schema.STATISTICS s
      ON s.TABLE_SCHEMA = t.TABLE_SCHEMA AND s.TABLE_NAME = t.TABLE_NAME AND s.INDEX_NAME = 'PRIMARY'
    WHERE t.TABLE_TYPE = 'BASE TABLE' AND t.TABLE_SCHEMA IN (${schemas.map(quoteText).join(', ')}) AND s.INDEX_NAME IS NULL`);
  return rows.map((row) => textOf(row, 'name'));
}

const noSuchUser = 1141;

/** Those that it has itself, without roles. null: there is no such user. */
async function grantsOf(queries: Queries, { account }: StepContext, { variables }: ServerFacts): Promise<Grants | null> {
  try {
    const rows = await queries.query(`SHOW GRANTS FOR ${accountText(account)}`);
    return new Grants(
      rows.map((row) => String(Object.values(row)[0])),
      { foldsCase: (variables.get('lower_case_table_names') ?? '0') !== '0', literal: variables.get('partial_revokes') === 'ON' },
    );
  } catch (error) {
    if (error instanceof SyncError && error.refused.errno === noSuchUser) return null;
    throw error;
  }
}

async function schemasOf(queries: Queries): Promise<readonly SchemaSize[]> {
  const rows = await queries.query(`SELECT s.SCHEMA_NAME AS name, COUNT(t.TABLE_NAME) AS tables, SUM(t.TABLE_ROWS) AS row_count,
      SUM(t.DATA_LENGTH + t.INDEX_LENGTH) AS bytes
    FROM information_schema.SCHEMATA s
    LEFT JOIN information_schema.TABLES t ON t.TABLE_SCHEMA = s.SCHEMA_NAME AND t.TABLE_TYPE = 'BASE TABLE'
    WHERE s.SCHEMA_NAME NOT IN (${reservedSchemas.map(quoteText).join(', ')}) GROUP BY s.SCHEMA_NAME ORDER BY s.SCHEMA_NAME`);
  return rows.map((row) => ({
    name: textOf(row, 'name'),
    tables: Number(textOf(row, 'tables')),
    rows: Number(textOf(row, 'row_count')),
    bytes: Number(textOf(row, 'bytes')),
  }));
}
