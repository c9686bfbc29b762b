/** What is known of who sends a request, kept beside the request: the context of asynchronous calls ends where bodies are read. */
import type { IncomingMessage } from 'node:http';
import type { ActionName, AuditEntry, Person } from '@lutra/model';
import type { Response } from '../http/versions.js';
import { asPerson } from './person.js';

export interface Asker {
  /** null: nobody known; the route is open to everybody. */
  readonly person: Person | null;
  /** Of a session, when it ends; null: it is none. */
  readonly until: number | null;
  /** Address. */
  readonly from: string;
  /** As the guard found it. */
  action: ActionName | null;
  /** Of the configuration, that the request has made. */
  readonly revisions: number[];
  /** What it changed, where no history has it. */
  change: AuditEntry['change'];
}

/** May do nothing: work for everybody needs no rights, and must not have those of control itself. */
const nobody: Person = { kind: 'user', name: 'nobody', token: null, grants: [] };
const askers = new WeakMap<IncomingMessage, Asker>();

export function setAsker(request: IncomingMessage, asker: Asker): void {
  askers.set(request, asker);
}

export function askerOf(request: IncomingMessage): Asker | undefined {
  return askers.get(request);
}

/** To be used after bodies are parsed. */
export function knowPerson(request: IncomingMessage, _response: Response, next: () => void): void {
  asPerson(askerOf(request)?.person ?? nobody, next);
}
