/**
 * Versions of documents over HTTP: ETag out, If-Match in. A write without If-Match is refused, so that nobody overwrites unread changes.
 */
import type { ServerResponse } from 'node:http';
import { HttpException } from '@nestjs/common';
import { SyncError } from '@lutra/model';
import type { Listed, Precondition, Versioned } from '../configuration/configuration.js';

export type Response = ServerResponse;

export function sendVersioned<T>(response: Response, { document, version }: Versioned<T>): T {
  response.setHeader('ETag', `"${version}"`);
  return document;
}

/** A document that cannot be read is no part of the list, but is named. */
export function sendListed<T>(response: Response, { documents, invalid }: Listed<T>): readonly T[] {
  if (invalid.length > 0) response.setHeader('Lutra-Invalid', invalid.map(encodeURIComponent).join(', '));
  return documents;
}

export function sendCreated<T extends { readonly name: string }>(response: Response, collection: string, created: Versioned<T>): T {
  response.setHeader('Location', `${collection}/${created.document.name}`);
  return sendVersioned(response, created);
}

/** @throws HttpException 428; SyncError CONFIG_INVALID */
export function requireIfMatch(header: string | undefined): Precondition {
  if (header === undefined) throw new HttpException('If-Match is missing', 428);
  if (header === '*') return 'any';
  const version = /^"?(\d{1,15})"?$/.exec(header)?.[1];
  if (version === undefined) throw new SyncError('CONFIG_INVALID', 'If-Match: one version as ETag gave it, for instance "3", or *');
  return Number(version);
}

/** @throws SyncError CONFIG_INVALID */
export function requireSameName(inPath: string, inBody: string): void {
  if (inPath === inBody) return;
  throw new SyncError('CONFIG_INVALID', `name: ${inBody} in the body, ${inPath} in the path; a name cannot be changed`);
}
