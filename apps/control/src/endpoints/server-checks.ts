/**
 * The questions to a database server, bounded in time. A server that cannot be asked is an answer too: an unreachable one, a refused
 * user, or a driver's error become problems in the list.
 */
import { SyncError, tlsTexts, toSyncError } from '@lutra/model';
import type { ConflictRule, ErrorCode, FollowedRoute, Route, TlsFault } from '@lutra/model';
import { checkSource, checkTarget, isSameServer } from '@lutra/mysql';
import type { ConnectionOptions, DdlUse, Problem, SourceFacts } from '@lutra/mysql';
import type { Logger } from '@lutra/telemetry';
import { problemId } from '../configuration/problem.js';

export interface Server extends ConnectionOptions {
  readonly name: string;
  readonly serverId: number;
  readonly topic?: { readonly maxMessageBytes: number };
  /** Log id of its topic; null: there is none yet. */
  readonly log: string | null;
}

/** As the target of one source. */
export interface TargetUse {
  /** Null: only the target is looked at. */
  readonly source: Server | null;
  readonly routes: readonly FollowedRoute[];
  /** The channel also replicates from the target to that source. */
  readonly twoWay: boolean;
  /** Of the channel. */
  readonly rules: readonly ConflictRule[];
  readonly forwards: boolean;
  /** A table that cannot be replicated is suspended, and does not stop the pipeline. */
  readonly suspends: boolean;
  /** A seed creates the tables that are missing. */
  readonly creates: boolean;
  /** null: schema changes are ignored. */
  readonly ddl: DdlUse | null;
}

/** How an endpoint is used, or is going to be. */
export interface EndpointUse {
  /** The routes of all its pipelines, and what capture suspends; null: it is no source. */
  readonly asSource: Omit<SourceFacts, 'serverId'> | null;
  readonly asTarget: readonly TargetUse[];
}

const connectTimeoutMs = 5_000;
const answerTimeoutMs = 10_000;
const boundMs = 30_000;

/** Never throws. Asks one question after the other: a server that does not answer is not asked twice. */
export async function checkServer(server: Server, use: EndpointUse, logger: Logger): Promise<readonly Problem[]> {
  const problems: Problem[] = [];
  try {
    const { asSource } = use;
    if (asSource)
      problems.push(
        ...(await bounded('SOURCE_UNAVAILABLE', checkSource(limited(server), { serverId: server.serverId, log: server.log, ...asSource }))),
      );
    for (const target of use.asTarget) problems.push(...(await bounded('TARGET_UNAVAILABLE', askTarget(server, target))));
  } catch (error) {
    problems.push(problemOf(error, logger));
  }
  return distinct(problems);
}

/** Without its source a target can still be asked for what concerns only itself. */
async function askTarget(server: Server, { source, ...facts }: TargetUse): Promise<readonly Problem[]> {
  const ask = async (from: Server | null): Promise<readonly Problem[]> => [
    ...(from ? await intoItself(from, server, facts.routes) : []),
    ...(await checkTarget(limited(server), { ...facts, source: from && limited(from), maxMessageBytes: from?.topic?.maxMessageBytes })),
  ];
  try {
    return await ask(source);
  } catch (error) {
    const { code, message, help } = toSyncError(error);
    if (!source || !code.startsWith('SOURCE_')) throw error;
    const what = `its tables cannot be compared with those of ${source.name}: ${message}`;
    return [...(await ask(null)), { id: 'source-not-compared', severity: 'error', what, fix: help }];
  }
}

/** Under two names of one host the rules of the configuration do not see it. */
async function intoItself(source: Server, target: Server, routes: readonly Route[]): Promise<readonly Problem[]> {
  const unmoved = routes.find(({ schema, table, to }) => (to?.schema ?? schema) === schema && (to?.table ?? table) === table);
  if (!unmoved || !(await isSameServer(limited(source), limited(target)))) return [];
  const what = `${source.name} and ${target.name} are the same server, so ${unmoved.schema}.${unmoved.table} would be written into itself`;
  return [
    {
      id: 'pipeline-into-itself',
      severity: 'error',
      what,
      fix: 'correct the host or port of one endpoint, or rename the tables on the way',
    },
  ];
}

/** An operator waits for the answer. */
export function limited({ host, port, user, password, tls, publicKey }: ConnectionOptions): ConnectionOptions {
  return { host, port, user, password, tls, publicKey, connectTimeoutMs, answerTimeoutMs };
}

/** Each text has its limit, but a check has many. */
async function bounded(code: ErrorCode, work: Promise<readonly Problem[]>): Promise<readonly Problem[]> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new SyncError(code, `the check was not done after ${boundMs / 1000} s`)), boundMs);
  work.catch(() => undefined); // when it fails after its time
  return Promise.race([work, promise]).finally(() => clearTimeout(timer));
}

/** An error that is not ours (and so could be a mistake of ours) is logged as well. */
export function problemOf(error: unknown, logger: Logger): Problem {
  const { code, message, help, details } = toSyncError(error);
  if (code === 'INTERNAL') logger.error({ err: error }, 'a check failed');
  const { tls } = details;
  if (typeof tls === 'string' && tls in tlsTexts)
    return { id: problemId(code), severity: 'error', what: message, fix: tlsTexts[tls as TlsFault].help };
  const fix = code.endsWith('_UNAVAILABLE') ? 'see that the server runs, and check host, port and network' : help;
  return { id: problemId(code), severity: 'error', what: message, fix };
}

/** What concerns the server itself is said once for each of its sources. */
function distinct(problems: readonly Problem[]): readonly Problem[] {
  const said = new Map(problems.map((problem) => [`${problem.id}\0${problem.what}`, problem]));
  return [...said.values()];
}
