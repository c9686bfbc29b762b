/**
 * Notes each request that is no read, by whom and with what result, once it is answered; of the break-glass token also reads, one an
 * address and hour. Logins are noted where they are checked.
 */
import type { IncomingMessage } from 'node:http';
import type { Audit } from '../audit/audit.js';
import { reasonOf } from '../configuration/author.js';
import { pathOf } from '../http/error.filter.js';
import type { Response } from '../http/versions.js';
import { askerOf } from './asker.js';

const reading = new Set(['GET', 'HEAD', 'OPTIONS']);
const hourMs = 3_600_000;
const mostAddresses = 1_000;
const mostLetters = 1_000;

export function requestAudit(audit: Audit, now: () => number = Date.now) {
  const lastRead = new Map<string, number>();
  const isFirstRead = (from: string): boolean => {
    const isFirst = now() - (lastRead.get(from) ?? -Infinity) >= hourMs;
    if (lastRead.size >= mostAddresses) lastRead.clear();
    if (isFirst) lastRead.set(from, now());
    return isFirst;
  };
  return (request: IncomingMessage, response: Response, next: () => void): void => {
    response.on('close', () => {
      const asker = askerOf(request);
      if (!asker?.person) return;
      const { person, from, action } = asker;
      const { method = '' } = request;
      if (reading.has(method) && !(person.kind === 'break-glass' && isFirstRead(from))) return;
      const path = pathOf(request);
      audit.note({
        action: path === '/api/v1/auth/logout' ? 'logout' : (action ?? 'none'),
        by: person.name,
        as: person.kind,
        token: person.token?.id ?? null,
        from,
        request: `${method} ${path}`.slice(0, mostLetters),
        subject: subjectOf(path),
        status: response.statusCode,
        reason: reasonOf(request).slice(0, mostLetters),
        change: asker.change,
        revisions: asker.revisions,
      });
    });
    next();
  };
}

/** channels/orders of /api/v1/channels/orders/start; null where nothing has a name. */
function subjectOf(path: string): string | null {
  const [, kind, name] = /^\/api\/v1\/(regions|endpoints|channels|users)\/([^/]{1,100})/.exec(path) ?? [];
  return kind === undefined ? null : `${kind}/${name}`;
}
