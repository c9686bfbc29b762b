/**
 * Whether what a browser sends with a cookie comes from a page of ours. Browsers say it with each request (`Sec-Fetch-Site`), older ones
 * with each write (`Origin`); a write that says neither is refused. What Origin must be stands in LUTRA_PUBLIC_URL, never in `Host`, where
 * that is set.
 */
import type { IncomingMessage } from 'node:http';

const reading = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Changes nothing: another site may lead there, and does not see the answer. */
export function isRead({ method = '' }: IncomingMessage): boolean {
  return reading.has(method);
}

export interface Site {
  /** Scheme, host and port; undefined: not told. */
  readonly publicOrigin: string | undefined;
}

/** For a request that a cookie authenticates. */
export function isOwnPage(request: IncomingMessage, site: Site): boolean {
  const { origin, 'sec-fetch-site': fetchSite } = request.headers;
  if (isRead(request)) return true;
  return (origin !== undefined || fetchSite !== undefined) && comesFromNoOtherSite(request, site);
}

/** For one without: a program says nothing, a browser says where it comes from. */
export function comesFromNoOtherSite({ headers }: IncomingMessage, { publicOrigin }: Site): boolean {
  const { origin, host = '', 'sec-fetch-site': fetchSite } = headers;
  if (fetchSite !== undefined && fetchSite !== 'same-origin' && fetchSite !== 'none') return false;
  if (origin === undefined) return true;
  return publicOrigin === undefined ? origin === `http://${host}` || origin === `https://${host}` : origin === publicOrigin;
}
