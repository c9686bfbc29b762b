/**
 * Rights before bodies: who may not do what a request asks for is refused before a byte of its body is read. The guard of the routes
 * decides again, when the body is there: some requests name their channel in it. What matches no route is let through and has no large
 * body read.
 */
import type { IncomingMessage } from 'node:http';
import { SyncError, isGranted, toSyncError } from '@lutra/model';
import type { ActionName, Person } from '@lutra/model';
import { pathOf } from '../http/error.filter.js';
import type { Response } from '../http/versions.js';
import { requireAllowed } from './access.guard.js';
import { askerOf } from './asker.js';
import { isRead } from './csrf.js';
import { asPerson } from './person.js';
import type { Route } from './routes.js';

interface Matcher {
  readonly route: Route;
  readonly pattern: RegExp;
}

const admitted = new WeakSet<IncomingMessage>();

/** That a body beyond the usual size may be read of it. */
export function isAdmitted(request: IncomingMessage): boolean {
  return admitted.has(request);
}

export function earlyGuard(routes: readonly Route[]) {
  const matchers = routes.map((route): Matcher => ({ route, pattern: patternOf(route.path) }));
  return (request: IncomingMessage, _response: Response, next: (error?: unknown) => void): void => {
    const asker = askerOf(request);
    if (!asker?.person || isRead(request)) return next();
    const { person } = asker;
    const path = pathOf(request);
    const matching = matchers.filter(({ route, pattern }) => route.method === request.method && pattern.test(path));
    const refusals = matching.map(({ route, pattern }) => refusal(route, pattern.exec(path)?.groups ?? {}, person));
    if (refusals.length > 0 && refusals.every((error) => error !== null)) {
      const action = matching[0]?.route.action ?? 'open';
      asker.action = action === 'open' ? null : action;
      return next(refusals[0]);
    }
    if (refusals.length > 0) admitted.add(request);
    next();
  };
}

/** null: allowed, as far as can be told without the body. */
function refusal(route: Route, groups: Readonly<Record<string, string>>, person: Person): SyncError | null {
  const { action, channelAt } = route;
  if (action === 'open') return null;
  if (channelAt === 'body') return mayDoSomewhere(person, action) ? null : notAllowed(person, action);
  try {
    const params = Object.fromEntries(Object.entries(groups).map(([name, text]) => [name, decodeURIComponent(text)]));
    asPerson(person, () => requireAllowed({ action, channelAt }, { params }));
    return null;
  } catch (error) {
    return error instanceof URIError ? null : toSyncError(error); // the router answers that with 400
  }
}

function mayDoSomewhere({ grants, within = grants }: Person, action: ActionName): boolean {
  return [grants, within].every((all) => all.some((grant) => isGranted([{ ...grant, channels: '*' }], action, null)));
}

function notAllowed({ name }: Person, action: ActionName): SyncError {
  return new SyncError('NOT_ALLOWED', `${name} may not do this: ${action}`, { details: { action } });
}

/** As Express matches a path: letters of any case, with or without a slash at its end. */
function patternOf(path: string): RegExp {
  const parts = path.split('/').map((part) => (part.startsWith(':') ? `(?<${part.slice(1)}>[^/]+)` : part.replaceAll(/\W/g, '\\$&')));
  return new RegExp(`^${parts.join('/')}/?$`, 'i');
}
