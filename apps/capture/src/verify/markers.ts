/**
 * Before the first row is published: what the source leaves out of its binlog must not be needed. A routed database that is missing there
 * loses rows silently. `lutra` missing there, at a source that is also a target, sends every copy back where it came from: so a row is
 * written to lutra.checkpoint, and must come back. Each time, because a server may have been restarted with other settings.
 */
import type { SourceState } from '@lutra/binlog';
import { createRouter, SyncError } from '@lutra/model';
import type { Route } from '@lutra/model';
import type { CaptureRun } from '../capture-run.js';

type State = Pick<SourceState, 'onlyDatabases' | 'neverDatabases'>;

/** @throws SyncError SOURCE_SETTINGS; SOURCE_*, ABORTED, … while it is tried */
export async function requireMarkers({ deps, work, source, signal }: CaptureRun, state: State): Promise<void> {
  const { endpoint, routes, isTarget } = work;
  const { logger, io } = deps;
  const lost = leftOut(state, routes, isTarget);
  if (lost.length > 0) {
    const message = `endpoint ${endpoint.name}: the binlog leaves out database ${lost.join(', ')} (binlog-do-db, binlog-ignore-db)`;
    throw new SyncError('SOURCE_SETTINGS', message, { details: { databases: lost.join() } });
  }
  if (!isTarget) return;
  const errno = await io.source.probe({ ...source, endpoint: endpoint.name, serverId: endpoint.serverId, logger, signal });
  // Who may not write there writes no copies either; what is fixed for a loader is followed by a retry, and that comes here again.
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
