/** How far an order is, and what people may make of it. Pure. */
import { SyncError } from '@lutra/model';
import type { SeedActivity, SeedOrder, WorkStatus } from '@lutra/model';
import type { OrderAction } from '../http/orders.schemas.js';

/** What the source's capture says of an order; it alone knows how many tables there are. Null: none says anything. */
export function activityOf(statuses: readonly WorkStatus[], uid: string, order: Pick<SeedOrder, 'id'>): SeedActivity | null {
  const activities = statuses.flatMap(({ app, state, seeds = [] }) => (app === 'capture' && state !== 'standby' ? seeds : []));
  return activities.find((activity) => activity.uid === uid && activity.request === order.id) ?? null;
}

export function hasEnded({ state }: Pick<SeedOrder, 'state'>, activity: Pick<SeedActivity, 'state'> | null): boolean {
  return state === 'cancelled' || activity?.state === 'done';
}

/** @throws SyncError CONFIG_CONFLICT */
export function stateAfter(action: OrderAction, state: SeedOrder['state'], what: string): SeedOrder['state'] {
  const next = ({ pause: 'paused', resume: 'running', cancel: 'cancelled' } as const)[action];
  if (state !== 'cancelled' || next === 'cancelled') return next;
  throw new SyncError('CONFIG_CONFLICT', `${what} is cancelled; order another one`);
}
