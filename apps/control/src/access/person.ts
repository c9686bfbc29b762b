/** Who sends the request that is being answered. What a service does for a person asks here, and never who it is by name. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { isAllowed, SyncError } from '@lutra/model';
import type { ActionName, Person } from '@lutra/model';

const control: Person = { kind: 'control', name: 'control', token: null, grants: [{ role: 'admin', channels: '*' }] };
const people = new AsyncLocalStorage<Person>();

export function asPerson<T>(person: Person, work: () => T): T {
  return people.run(person, work);
}

/** Work that goes on when the request that began it has been answered, and is nobody's. */
export function asControl<T>(work: () => T): T {
  return people.run(control, work);
}

/** Control itself where no request is being answered. */
export function currentPerson(): Person {
  return people.getStore() ?? control;
}

export function mayDo(action: ActionName, channel: string | null): boolean {
  return isAllowed(currentPerson(), action, channel);
}

/** Whether a list shows this channel. */
export function maySee(channel: string): boolean {
  return mayDo('channel.read', channel);
}

/** @throws SyncError NOT_ALLOWED */
export function requireMay(action: ActionName, channel: string | null): void {
  if (mayDo(action, channel)) return;
  const what = channel === null ? action : `${action} of channel ${channel}`;
  throw new SyncError('NOT_ALLOWED', `${currentPerson().name} may not do this: ${what}`, { details: { action, channel } });
}
