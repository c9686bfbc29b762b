/** Who asks for what a request changes, from where and why: it goes into the history of the documents. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { IncomingMessage } from 'node:http';
import { SyncError } from '@lutra/model';
import type { Author } from '@lutra/registry';
import { askerOf } from '../access/asker.js';
import { currentPerson } from '../access/person.js';
import type { Response } from '../http/versions.js';

const requests = new AsyncLocalStorage<Pick<Author, 'from' | 'reason'>>();
const mostLetters = 1000;

/** To be used after bodies are parsed: what parses them leaves the context of the request. */
export function knowAuthor(request: IncomingMessage, _response: Response, next: (error?: unknown) => void): void {
  const reason = reasonOf(request);
  if (reason.length > mostLetters) return next(new SyncError('CONFIG_INVALID', `reason: at most ${mostLetters} characters`));
  requests.run({ from: askerOf(request)?.from ?? '', reason }, next);
}

/** As the query has it. */
export function reasonOf(request: IncomingMessage): string {
  return new URL(request.url ?? '/', 'http://control').searchParams.get('reason') ?? '';
}

/** Of the request that is being answered; control itself where there is none. */
export function currentAuthor(): Author {
  const { from, reason } = requests.getStore() ?? { from: '', reason: '' };
  return { by: currentPerson().name, from, reason };
}

/** Where the reason is not in the query of the request. */
export function withReason<T>(reason: string, work: () => T): T {
  return requests.run({ from: currentAuthor().from, reason }, work);
}
