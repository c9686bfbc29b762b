/** How far an order is. Pure. */
import type { SeedActivity, SeedOrder, WorkStatus } from '@lutra/model';

/** What the source's capture says of an order; it alone knows how many tables there are. Null: none says anything. */
export function activityOf(statuses: readonly WorkStatus[], uid: string, order: Pick<SeedOrder, 'id'>): SeedActivity | null {
  const activities = statuses.flatMap(({ app, state, seeds = [] }) => (app === 'capture' && state !== 'standby' ? seeds : []));
  return activities.find((activity) => activity.uid === uid && activity.request === order.id) ?? null;
}

export function hasEnded({ state }: Pick<SeedOrder, 'state'>, activity: Pick<SeedActivity, 'state'> | null): boolean {
  return state === 'cancelled' || activity?.state === 'done';
}
