/** Whether a server can be a target: what would refuse or falsify rows, and what is known to surprise. Writes nothing. */
import type { ConflictRule, FollowedRoute, Route } from '@lutra/model';
import { checkCheckpointTable } from './check-checkpoint-table.js';
import { checkConflictStores, checkFileStores, checkSuspendedStore } from './check-conflict-stores.js';
import { ddlProblems } from './check-ddl.js';
import { checkRepairStores } from './check-repair-stores.js';
import { checkTargetNames } from './check-name-case.js';
import type { WantedSetting } from './check-source-settings.js';
import { checkTargetTables } from './check-target-tables.js';
import { problem } from './problem.js';
import type { Problem } from './problem.js';
import { readServer, replicationStatement, rowsIfAllowed, setGlobal, textOf } from './server-facts.js';
import type { ServerFacts } from './server-facts.js';
import { Session } from './session.js';
import type { ConnectionOptions, Queries } from './session-options.js';

export interface DdlUse {
  readonly applies: boolean;
  /** The document says so; else it is the default. */
  readonly asked: boolean;
  /** Something comes back from the target. */
  readonly bothWays: boolean;
}

export interface TargetFacts {
  /** Of the pipelines from this source. */
  readonly routes: readonly FollowedRoute[];
  /** The source's server, to compare tables with; null: only the target is looked at. */
  readonly source: ConnectionOptions | null;
  /** Another pipeline of the channel goes the other way. */
  readonly twoWay: boolean;
  /** Who wins where both sides changed a row: of the channel. Default: none, and both sides may stop each other. */
  readonly rules?: readonly ConflictRule[];
  /** What loaders wrote at the source is forwarded. */
  readonly forwards?: boolean;
  /** A table that cannot be written is suspended, and does not stop the pipeline. */
  readonly suspends?: boolean;
  /** A seed creates the tables that are missing. */
  readonly creates?: boolean;
  /** What its pipelines do with schema changes; left out: they ignore them. */
  readonly ddl?: DdlUse | null;
  /** topic.maxMessageBytes of the source's endpoint; left out: not known. */
  readonly maxMessageBytes?: number | undefined;
}

/**
 * @throws SyncError *_UNAVAILABLE, *_DENIED if one of the servers cannot be asked at all
 */
export async function checkTarget(options: ConnectionOptions, facts: TargetFacts): Promise<readonly Problem[]> {
  const session = await Session.open(options, 'target');
  try {
    const server = await readServer(session);
    const { source, rules = [] } = facts;
    return [
      ...checkSettings(server),
      ...(await checkReadOnly(session, server)),
      ...checkTargetNames(server, facts.routes),
      ...(await checkCheckpointTable(session, server, ['SELECT', 'INSERT', 'UPDATE', 'TRIGGER'])),
      ...(facts.twoWay || rules.length > 0 ? await checkConflictStores(session, server) : []),
      ...(await checkRepairStores(session, server)),
      ...(facts.ddl ? await checkDdl(session, server, { ...facts, ddl: facts.ddl }) : []),
      ...(facts.routes.some(({ files = [] }) => files.length > 0) ? await checkFileStores(session, server) : []),
      ...(facts.suspends ? await checkSuspendedStore(session, server) : []),
      ...(source ? await checkTargetTables(session, server, { ...facts, source, rules }) : []),
    ];
  } finally {
    await session.close();
  }
}

/** What lacks holds a pipeline by name. Who has asked for it is told before the start, and rows of others do not wait for it. */
async function checkDdl(
  queries: Queries,
  server: ServerFacts,
  { routes, ddl }: { readonly routes: readonly Route[]; readonly ddl: DdlUse },
): Promise<readonly Problem[]> {
  const found = await ddlProblems(queries, server, { routes, applies: ddl.applies, bothWays: ddl.bothWays });
  return ddl.asked ? found : found.map((one) => ({ ...one, severity: 'warning' }));
}

const packetBytes = 16 * 1024 * 1024;
const leastPacketBytes = 4 * 1024 * 1024;

function checkSettings(server: ServerFacts): readonly Problem[] {
  const problems: Problem[] = [];
  if (isOn(server, 'log_bin') && server.variables.get('binlog_format') === 'STATEMENT') {
    const what = 'binlog_format is STATEMENT: the server refuses changes under READ COMMITTED';
    problems.push(problem('error', 'binlog-format', what, setGlobal(server, 'binlog_format', 'ROW')));
  }
  return [...problems, ...checkPacket(server)];
}

function isOn({ variables }: ServerFacts, variable: string): boolean {
  return ['ON', '1'].includes(variables.get(variable)?.toUpperCase() ?? '');
}

/** A replica that takes writes of others parts from its source for good, so it is never told to. */
export async function checkReadOnly(queries: Queries, server: ServerFacts): Promise<readonly Problem[]> {
  const on = ['read_only', 'super_read_only'].filter((variable) => isOn(server, variable));
  if (on.length === 0) return [];
  const statement = replicationStatement(server);
  const channels = await rowsIfAllowed(queries, statement);
  const primary = textOf(channels?.[0], 'Source_Host') || textOf(channels?.[0], 'Master_Host');
  return on.map((variable) => {
    const waits = `${variable} is ON: the loader waits until the server takes writes`;
    const off = setGlobal(server, variable, 'OFF');
    if (channels === null)
      return problem('error', 'read-only', waits, `if ${statement} is empty there: ${off}; else name its primary in the endpoint`);
    if (channels.length === 0) return problem('error', 'read-only', waits, off);
    const what = `${waits}, and it is a replica of ${primary}: a write of its own would part it from that`;
    return problem('error', 'read-only', what, `give the endpoint the host of ${primary}; or wait until this server is promoted`);
  });
}

/** Where it is an error, what to set. */
export function packetToSet(server: ServerFacts): readonly WantedSetting[] {
  const wanted = { id: packetId, variable: 'max_allowed_packet', value: String(4 * packetBytes) };
  return checkPacket(server).some(({ severity }) => severity === 'error') ? [wanted] : [];
}

const packetId = 'max-allowed-packet';

function checkPacket(server: ServerFacts): readonly Problem[] {
  const packet = Number(server.variables.get('max_allowed_packet') ?? 0);
  if (packet >= packetBytes) return [];
  const what = `max_allowed_packet is ${packet} bytes: a transaction's text, and each row in it, must fit`;
  const fix = setGlobal(server, 'max_allowed_packet', String(4 * packetBytes));
  return [problem(packet < leastPacketBytes ? 'error' : 'warning', packetId, what, fix)];
}
