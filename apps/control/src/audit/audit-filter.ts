/** Which entries a search is about. */
import type { Kept } from './audit-memory.js';
import type { AuditSearch } from './audit.schemas.js';

export type AuditFilter = Pick<AuditSearch, 'since' | 'until' | 'by' | 'action' | 'subject' | 'q'>;

export function filterOf({ since = 0, until = Infinity, by, action, subject, q }: AuditFilter): (kept: Kept) => boolean {
  const part = q?.toLowerCase();
  return ({ entry }) =>
    entry.at >= since &&
    entry.at <= until &&
    (by === undefined || entry.by === by) &&
    (action === undefined || entry.action === action) &&
    (subject === undefined || isSubject(entry.subject ?? '', subject)) &&
    (part === undefined || textsOf(entry).some((text) => text.toLowerCase().includes(part)));
}

function isSubject(found: string, wanted: string): boolean {
  return wanted.endsWith('*') ? found.startsWith(wanted.slice(0, -1)) : found === wanted;
}

function textsOf({ id, action, by, token, from, request, subject, reason }: Kept['entry']): readonly string[] {
  return [id, action, by, token ?? '', from, request, subject ?? '', reason];
}
