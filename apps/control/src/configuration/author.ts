/** Who asks for what a request changes, from where and why: it goes into the history of the documents. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { IncomingMessage } from 'node:http';
import { SyncError } from '@lutra/model';
import type { AuditEntry } from '@lutra/model';
import type { Author } from '@lutra/registry';
import { askerOf } from '../access/asker.js';
import type { Asker } from '../access/asker.js';
import { currentPerson } from '../access/person.js';
import type { Response } from '../http/versions.js';

const requests = new AsyncLocalStorage<Author>();
/** Who sent the request, by its author. */
const askersOf = new WeakMap<Author, Asker>();
const mostLetters = 1000;

/** To be used after bodies are parsed: what parses them leaves the context of the request. */
export function knowAuthor(request: IncomingMessage, _response: Response, next: (error?: unknown) => void): void {
  const reason = reasonOf(request);
  if (reason.length > mostLetters) return next(new SyncError('CONFIG_INVALID', `reason: at most ${mostLetters} characters`));
  const asker = askerOf(request);
  const author = { by: currentPerson().name, from: asker?.from ?? '', reason };
  if (asker) askersOf.set(author, asker);
  requests.run(author, next);
}

/** As the query has it. */
export function reasonOf(request: IncomingMessage): string {
  return new URL(request.url ?? '/', 'http://control').searchParams.get('reason') ?? '';
}

/** Of the request that is being answered; control itself where there is none. */
export function currentAuthor(): Author {
  return requests.getStore() ?? { by: currentPerson().name, from: '', reason: '' };
}

/** Where the reason is not in the query of the request. */
export function withReason<T>(reason: string, work: () => T): T {
  const asked = currentAuthor();
  const author = { ...asked, reason };
  const asker = askersOf.get(asked);
  if (asker) askersOf.set(author, asker);
  return requests.run(author, work);
}

/** The request of this author made a revision of the configuration. */
export function tellRevision(author: Author, revision: number): void {
  askersOf.get(author)?.revisions.push(revision);
}

/** What the request that is being answered changed, without secrets, for the audit: of what has no history. */
export function tellChange(change: NonNullable<AuditEntry['change']>): void {
  const asker = askersOf.get(currentAuthor());
  if (asker) asker.change = change;
}
