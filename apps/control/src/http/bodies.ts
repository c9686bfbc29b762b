/**
 * What a body may be, seen before anything is parsed: JSON.parse and whoever walks the result take a second for each megabyte of brackets.
 */
import type { IncomingMessage } from 'node:http';
import { HttpException } from '@nestjs/common';
import { SyncError } from '@lutra/model';

export const bodyLimit = '256kb';
/** Of who has not logged in. */
export const openBodyLimit = '8kb';
/** Of one that holds a lutra.yaml of 8 MB: each of its line breaks and quotes has two bytes in JSON. */
export const documentLimit = '12mb';
/** Documents have 8 levels. */
const mostLevels = 32;

const [quote, backslash, openBracket, openBrace, closeBracket, closeBrace] = Buffer.from('"\\[{]}') as unknown as readonly number[];

export function isPlan(request: IncomingMessage): boolean {
  return (
    /^\/api\/v1\/(plan|apply)\/?(?:\?|$)/.test(request.url ?? '') && (request.headers['content-type'] ?? '').startsWith('application/json')
  );
}

/** For body-parser, which shows each body before it is parsed. @throws SyncError CONFIG_INVALID; HttpException 415 */
export function boundDepth(_request: IncomingMessage, _response: unknown, bytes: Buffer, encoding: string): void {
  // The bytes of brackets and quotes are part of other characters in UTF-16.
  if (encoding.toLowerCase() !== 'utf-8') throw new HttpException('a body is in UTF-8', 415);
  requireShallow(bytes);
}

/** @throws SyncError CONFIG_INVALID */
export function requireShallow(bytes: Buffer): void {
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === quote) quoted = !quoted;
    else if (byte === backslash && quoted) at += 1;
    else if (quoted) continue;
    else if (byte === closeBracket || byte === closeBrace) depth -= 1;
    else if ((byte === openBracket || byte === openBrace) && ++depth > mostLevels)
      throw new SyncError('CONFIG_INVALID', `the body is nested deeper than ${mostLevels} levels`);
  }
}
