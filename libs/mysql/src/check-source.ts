/**
 * Whether a server can be a source: everything that would lose or falsify rows, and what is known to surprise. Only reads.
 */
import { createRouter } from '@lutra/model';
import type { FollowedRoute, Route, TableName } from '@lutra/model';
import { checkCheckpointTable } from './check-checkpoint-table.js';
import { checkSourceNames } from './check-name-case.js';
import { checkResync } from './check-resync.js';
import { checkSourceSettings } from './check-source-settings.js';
import { checkSourceTables } from './check-source-tables.js';
import { problem } from './problem.js';
import type { Problem } from './problem.js';
import { readServer, replicasStatement, replicationStatement, rowsIfAllowed, setGlobal, statusStatement, textOf } from './server-facts.js';
import type { ServerFacts } from './server-facts.js';
import { isReadByAnother } from './server-identity.js';
import { Session } from './session.js';
import type { ConnectionOptions, Queries } from './session-options.js';

export interface SourceFacts {
  /** Under which capture reads the binlog. */
  readonly serverId: number;
  /** Log id of its topic; null: there is none yet. */
  readonly log?: string | null;
  /** Of all pipelines that read from this endpoint. */
  readonly routes: readonly FollowedRoute[];
  /** Whether a table that cannot be read is suspended, and does not stop the endpoint. */
  suspends?(table: TableName): boolean;
}

/**
 * @throws SyncError SOURCE_UNAVAILABLE, SOURCE_DENIED if the server cannot be asked at all
 */
export async function checkSource(options: ConnectionOptions, facts: SourceFacts): Promise<readonly Problem[]> {
  const session = await Session.open(options, 'source');
  try {
    const server = await readServer(session);
    return [
      ...checkSourceSettings(server),
      ...checkSourceNames(server, facts.routes),
      ...(await checkServerId(session, server, facts)),
      ...(await checkRights(session, server)),
      ...(await checkFilters(session, server, facts.routes)),
      ...(await checkRelay(session, server)),
      ...(await checkCheckpointTable(session, server, ['SELECT', 'TRIGGER'])),
      ...(await checkResync(session, server)),
      ...(await checkSourceTables(session, server, { ...facts, isRouted: isRouted(facts.routes) })),
    ];
  } finally {
    await session.close();
  }
}

/** What an online tool makes is as its table is, and is gone with it. */
function isRouted(routes: readonly FollowedRoute[]): (table: { database: string; name: string }) => boolean {
  const router = createRouter(routes);
  return (table) => router(table) !== null && router.shadow(table) !== 'implied';
}

async function checkServerId(queries: Queries, server: ServerFacts, { serverId, log = null }: SourceFacts): Promise<readonly Problem[]> {
  const own = Number(server.variables.get('server_id') ?? 0);
  if (own === 0) return [problem('error', 'server-id', 'server_id is 0: the server refuses replicas', setGlobal(server, 'server_id', '1'))];
  if (own === serverId) {
    return [problem('error', 'server-id-taken', `${serverId} is the server's own server_id`, 'give the endpoint another serverId')];
  }
  if (await isReadByAnother(queries, serverId, log)) {
    const what = `another live endpoint of Lutra reads this server under server id ${serverId}, perhaps by another name of its host`;
    return [problem('error', 'server-id-taken', what, 'give the endpoint another serverId')];
  }
  const replicas = (await rowsIfAllowed(queries, replicasStatement(server))) ?? []; // checkRights says so
  if (!replicas.some((replica) => textOf(replica, 'Server_Id') === String(serverId) || textOf(replica, 'Server_id') === String(serverId)))
    return [];
  const what = `a replica with server id ${serverId} is connected; unless it is this endpoint's own capture, each cuts the other off`;
  return [problem('warning', 'server-id-in-use', what, 'give the endpoint another serverId')];
}

/** By doing what needs them: privileges may come from roles. */
async function checkRights(queries: Queries, server: ServerFacts): Promise<readonly Problem[]> {
  const replicas = (await rowsIfAllowed(queries, replicasStatement(server))) !== null;
  const isMariadb = server.flavor === 'mariadb';
  const lacking: (readonly [privilege: string, why: string])[] = [];
  if (isMariadb ? !server.grants.hasGlobal('REPLICATION SLAVE') : !replicas)
    lacking.push(['REPLICATION SLAVE', 'the binlog cannot be read']);
  if (isMariadb && !replicas)
    lacking.push(['REPLICATION MASTER ADMIN', 'who else reads the binlog, and under which server id, cannot be seen']);
  if ((await rowsIfAllowed(queries, statusStatement(server))) === null)
    lacking.push([isMariadb ? 'BINLOG MONITOR' : 'REPLICATION CLIENT', "the binlog's end and its filters cannot be asked"]);
  if ((await rowsIfAllowed(queries, replicationStatement(server))) === null)
    lacking.push([isMariadb ? 'SLAVE MONITOR' : 'REPLICATION CLIENT', 'whether the server is a replica cannot be seen']);
  const once = new Map(lacking.toReversed());
  return [...once]
    .toReversed()
    .map(([privilege, why]) =>
      problem(
        'error',
        `privilege-${privilege.toLowerCase().replaceAll(' ', '-')}`,
        `the user lacks ${privilege}: ${why}`,
        `GRANT ${privilege} ON *.* TO ${server.account}`,
      ),
    );
}

/** A database that the binlog leaves out: its rows never come, and without `lutra` every copy would go back. */
export async function checkFilters(queries: Queries, server: ServerFacts, routes: readonly Route[]): Promise<readonly Problem[]> {
  const [status] = (await rowsIfAllowed(queries, statusStatement(server))) ?? [];
  const only = listOf(textOf(status, 'Binlog_Do_DB'));
  const never = listOf(textOf(status, 'Binlog_Ignore_DB'));
  if (only.length === 0 && never.length === 0) return [];
  const router = createRouter(routes);
  const needed = ['lutra', ...new Set([...only, ...never, ...exactSchemas(routes)].filter((name) => routesInto(router, routes, name)))];
  const lost = needed.filter((name) => never.includes(name) || (only.length > 0 && !only.includes(name)));
  const filters = [...only.map((name) => `binlog-do-db=${name}`), ...never.map((name) => `binlog-ignore-db=${name}`)].join(', ');
  return lost.map((name) =>
    problem(
      'error',
      'binlog-filter',
      `the binlog leaves out database ${name} (${filters})`,
      'take binlog-do-db and binlog-ignore-db out of my.cnf; then restart',
    ),
  );
}

function listOf(names: string): readonly string[] {
  return names.split(',').filter((name) => name !== '');
}

function exactSchemas(routes: readonly Route[]): readonly string[] {
  return routes.map((route) => route.schema).filter((schema) => !/[*?]/.test(schema));
}

/** A table name of each route stands for the tables that it matches. */
function routesInto(router: ReturnType<typeof createRouter>, routes: readonly Route[], database: string): boolean {
  return routes.some((route) => router({ database, name: route.table.replaceAll('*', '').replaceAll('?', 'x') || 'x' }) !== null);
}

/** A source that is itself a replica writes what it receives to its binlog only if told so. */
export async function checkRelay(queries: Queries, server: ServerFacts): Promise<readonly Problem[]> {
  const variable = server.variables.has('log_replica_updates') ? 'log_replica_updates' : 'log_slave_updates';
  if (server.variables.get(variable) === 'ON') return [];
  const channels = (await rowsIfAllowed(queries, replicationStatement(server))) ?? []; // checkRights says so
  if (channels.length === 0) return [];
  const what = `${variable} is OFF and the server is a replica: what it receives from its own source is not in its binlog`;
  return [problem('error', 'log-replica-updates', what, `in my.cnf: [mysqld] ${variable} = ON; then restart`)];
}
