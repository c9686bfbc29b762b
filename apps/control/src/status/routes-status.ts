/**
 * Whether a pipeline works with the routes that its document has now. Pure. "in force" is a promise: capture has written these routes into
 * the log, every row behind that position is replicated, and no loader that works, or ever takes over, goes by older ones. So a worker that
 * has stopped since takes nothing of it back, while one that has not said its routes yet leaves it pending.
 */
import type { WorkStatus } from '@lutra/model';
import type { RoutesStatus } from './routes.schema.js';

type Worker = Pick<WorkStatus, 'name' | 'state' | 'routes'>;

interface End {
  readonly app: WorkStatus['app'];
  readonly worker: Worker | null;
}

/** @param now uid of the pipeline, fingerprint of the routes in its document */
export function routesStatus(now: { readonly uid: string; readonly fingerprint: string }, ends: readonly End[]): RoutesStatus {
  const reasons = ends.flatMap(({ app, worker }) => pendingReason(now, app, worker) ?? []);
  return { routes: reasons.length === 0 ? 'in force' : 'pending', routesReason: reasons.length === 0 ? null : reasons.join('; ') };
}

function pendingReason(now: { readonly uid: string; readonly fingerprint: string }, app: End['app'], worker: Worker | null): string | null {
  if (!worker) return `no ${app} works`;
  const { state, name } = worker;
  if (state === 'paused') return `${app} ${name} is paused: it begins with the new routes`;
  // What a process of an older version says of itself has no routes.
  if (!worker.routes) return `${app} ${name} is ${state} and has not begun with the routes yet`;
  return worker.routes[now.uid] === now.fingerprint ? null : `${app} ${name} has not taken them yet`;
}
