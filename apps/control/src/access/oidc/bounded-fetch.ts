/** What is asked of an identity provider: over TLS (or on this machine), within a time, and no more than a megabyte of answer. */
import { isLoopback } from '@lutra/model';
import type { CustomFetch } from 'openid-client';

const mostBytes = 1024 * 1024;

/** Discovery names the addresses, so that each is looked at. */
export const boundedFetch: CustomFetch = async (url, options) => {
  const { protocol, hostname } = new URL(url);
  if (protocol !== 'https:' && !(protocol === 'http:' && isLoopback(hostname))) throw new Error(`not over TLS: ${protocol}//${hostname}`);
  const response = await fetch(url, { ...options, body: options.body as RequestInit['body'] });
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += piece.length;
    if (bytes > mostBytes) throw new Error(`an answer of more than ${mostBytes} bytes`);
    pieces.push(piece);
  }
  const { status, statusText, headers } = response;
  const body = [101, 204, 205, 304].includes(status) ? null : Buffer.concat(pieces);
  return new Response(body, { status, statusText, headers });
};
