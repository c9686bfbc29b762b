/** Who asks for what a request changes: it goes into the history of the documents. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { IncomingMessage } from 'node:http';
import { SyncError } from '@lutra/model';
import type { Author } from '@lutra/registry';
import type { Response } from '../http/versions.js';

const authors = new AsyncLocalStorage<Author>();
const mostLetters = 1000;

/** A token is all that is known of a person yet. */
const by = 'api';

/** To be used after bodies are parsed: what parses them leaves the context of the request. */
export function knowAuthor(request: IncomingMessage, _response: Response, next: (error?: unknown) => void): void {
  const reason = new URL(request.url ?? '/', 'http://control').searchParams.get('reason') ?? '';
  if (reason.length > mostLetters) return next(new SyncError('CONFIG_INVALID', `reason: at most ${mostLetters} characters`));
  authors.run({ by, from: request.socket.remoteAddress ?? '', reason }, next);
}

/** Of the request that is being answered; control itself where there is none. */
export function currentAuthor(): Author {
  return authors.getStore() ?? { by: 'control', from: '', reason: '' };
}

/** By author, of which each request has one. */
const made = new WeakMap<Author, number[]>();

/** The request of this author made a revision of the configuration. */
export function tellRevision(author: Author, revision: number): void {
  made.set(author, [...(made.get(author) ?? []), revision]);
}

/** That the request which is being answered made so far. */
export function madeRevisions(): readonly number[] {
  return made.get(currentAuthor()) ?? [];
}
