/**
 * Before the first row is published: what the source leaves out of its binlog must not be needed. A routed database that is missing there
 * loses rows silently. `lutra` missing there, at a source that is also a target, sends every copy back where it came from: so a row is
 * written to lutra.checkpoint, and must come back. Each time, because a server may have been restarted with other settings.
 */
import { probeBinlog } from '@lutra/binlog';
import type { SourceConnection, sourceState } from '@lutra/binlog';
import type { WorkDeps } from '@lutra/host';
import { createRouter, SyncError } from '@lutra/model';
import type { Route } from '@lutra/model';
import type { CaptureWork } from './wanted.js';

type State = Pick<Awaited<ReturnType<typeof sourceState>>, 'onlyDatabases' | 'neverDatabases'>;

interface At {
  readonly source: SourceConnection;
  readonly state: State;
  readonly signal: AbortSignal;
}

/** @throws SyncError SOURCE_SETTINGS; SOURCE_*, ABORTED, … while it is tried */
export async function requireMarkers({ logger }: Pick<WorkDeps, 'logger'>, work: CaptureWork, at: At): Promise<void> {
  const { endpoint, routes, isTarget } = work;
  const lost = leftOut(at.state, routes, isTarget);
  if (lost.length > 0) {
    const message = `endpoint ${endpoint.name}: the binlog leaves out database ${lost.join(', ')} (binlog-do-db, binlog-ignore-db)`;
    throw new SyncError('SOURCE_SETTINGS', message, { details: { databases: lost.join() } });
  }
  if (!isTarget) return;
  const errno = await probeBinlog({ ...at.source, endpoint: endpoint.name, serverId: endpoint.serverId, logger, signal: at.signal });
  // Who may not write there writes no copies either; what is mended for a loader is followed by a retry, and that comes here again.
  if (errno !== null) logger.warn({ errno }, 'lutra.checkpoint cannot be written now: not shown that markers come back');
}

/** Pure. Behind a pattern there may be databases that nobody can name: of those only what is expressly left out is known. */
export function leftOut({ onlyDatabases, neverDatabases }: State, routes: readonly Route[], isTarget: boolean): readonly string[] {
  const router = createRouter(routes);
  const isRouted = (database: string): boolean =>
    routes.some(({ table }) => router({ database, name: table.replaceAll('*', '').replaceAll('?', 'x') || 'x' }) !== null);
  const exact = routes.map(({ schema }) => schema).filter((schema) => !/[*?]/.test(schema));
  const needed = new Set([...(isTarget ? ['lutra'] : []), ...exact, ...neverDatabases.filter(isRouted)]);
  return [...needed].filter((name) => neverDatabases.includes(name) || (onlyDatabases.length > 0 && !onlyDatabases.includes(name)));
}
