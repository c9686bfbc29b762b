/** Whether a server can be a target: what would refuse or falsify rows, and what is known to surprise. Writes nothing. */
import type { ConflictRule, Route } from '@lutra/model';
import { checkCheckpointTable } from './check-checkpoint-table.js';
import { checkConflictStores } from './check-conflict-stores.js';
import { checkTargetNames } from './check-name-case.js';
import { checkTargetTables } from './check-target-tables.js';
import { problem } from './problem.js';
import type { Problem } from './problem.js';
import { readServer, setGlobal } from './server-facts.js';
import type { ServerFacts } from './server-facts.js';
import { Session } from './session.js';
import type { ConnectionOptions } from './session-options.js';

export interface TargetFacts {
  /** Of the pipelines from this source. */
  readonly routes: readonly Route[];
  /** The source's server, to compare tables with; null: only the target is looked at. */
  readonly source: ConnectionOptions | null;
  /** Another pipeline of the channel goes the other way. */
  readonly twoWay: boolean;
  /** Who wins where both sides changed a row: of the channel. Default: none, and both sides may stop each other. */
  readonly rules?: readonly ConflictRule[];
  /** What loaders wrote at the source is carried on. */
  readonly forwards?: boolean;
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
      ...checkTargetNames(server, facts.routes),
      ...(await checkCheckpointTable(session, server, ['SELECT', 'INSERT', 'UPDATE', 'TRIGGER'])),
      ...(facts.twoWay || rules.length > 0 ? await checkConflictStores(session, server) : []),
      ...(source ? await checkTargetTables(session, server, { ...facts, source, rules }) : []),
    ];
  } finally {
    await session.close();
  }
}

const packetBytes = 16 * 1024 * 1024;
const leastPacketBytes = 4 * 1024 * 1024;

function checkSettings(server: ServerFacts): readonly Problem[] {
  const on = (variable: string): boolean => ['ON', '1'].includes(server.variables.get(variable)?.toUpperCase() ?? '');
  const problems = ['read_only', 'super_read_only'].filter(on).map((variable) => {
    const what = `${variable} is ON: the loader waits until the server takes writes`;
    return problem('error', 'read-only', what, setGlobal(server, variable, 'OFF'));
  });
  if (on('log_bin') && server.variables.get('binlog_format') === 'STATEMENT') {
    const what = 'binlog_format is STATEMENT: the server refuses changes under READ COMMITTED';
    problems.push(problem('error', 'binlog-format', what, setGlobal(server, 'binlog_format', 'ROW')));
  }
  return [...problems, ...checkPacket(server)];
}

function checkPacket(server: ServerFacts): readonly Problem[] {
  const packet = Number(server.variables.get('max_allowed_packet') ?? 0);
  if (packet >= packetBytes) return [];
  const what = `max_allowed_packet is ${packet} bytes: a transaction's text, and each row in it, must fit`;
  const mend = setGlobal(server, 'max_allowed_packet', String(4 * packetBytes));
  return [problem(packet < leastPacketBytes ? 'error' : 'warning', 'max-allowed-packet', what, mend)];
}
