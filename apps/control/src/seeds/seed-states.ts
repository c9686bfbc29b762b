/** The states of an order, and what people may make of it. Pure. */
import { SyncError } from '@lutra/model';
import type { SeedOrder } from '@lutra/model';
import type { OrderAction } from '../http/orders.schemas.js';

export function hasEnded(state: SeedOrder['state']): boolean {
  return state === 'cancelled' || state === 'done';
}

/** @throws SyncError CONFIG_CONFLICT */
export function stateAfter<S extends SeedOrder['state']>(action: OrderAction, state: S, what: string): 'running' | 'paused' | 'cancelled' {
  const next = ({ pause: 'paused', resume: 'running', cancel: 'cancelled' } as const)[action];
  if (state !== 'done' && (state !== 'cancelled' || next === 'cancelled')) return next;
  throw new SyncError('CONFIG_CONFLICT', `${what} is ${state}; order another one`);
}
