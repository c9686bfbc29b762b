/**
 * What a request changed is told by the documents that it changed: an entry each, with who it was, by which token, and what was asked for,
 * as the request's own entry says. That one is shown where no document is known that it changed.
 */
import type { Kept } from './audit-memory.js';

/** A number is given again in a tree that was made anew. A request does not last longer. */
const mostApartMs = 10 * 60_000;

export function joined(all: readonly Kept[]): readonly Kept[] {
  const requests = new Map<number, Kept[]>();
  const told = new Set<Kept>();
  const isChange = ({ change }: Kept): boolean => change !== null;
  for (const one of all)
    if (!isChange(one)) for (const revision of one.entry.revisions) requests.set(revision, [...(requests.get(revision) ?? []), one]);
  const changes = new Map<Kept, Kept>();
  for (const one of all) {
    if (!isChange(one)) continue;
    const request = requestOf(one, requests);
    if (!request) continue;
    told.add(request);
    changes.set(one, { ...one, entry: joinedEntry(one.entry, request.entry) });
  }
  return all.filter((one) => !told.has(one)).map((one) => changes.get(one) ?? one);
}

function requestOf({ entry }: Kept, requests: ReadonlyMap<number, readonly Kept[]>): Kept | undefined {
  return requests.get(entry.revisions[0] ?? 0)?.find((request) => Math.abs(request.entry.at - entry.at) <= mostApartMs);
}

function joinedEntry(change: Kept['entry'], request: Kept['entry']): Kept['entry'] {
  const { action, by, as, token, request: asked, status } = request;
  return { ...change, action, by, as, token, request: asked, status };
}
