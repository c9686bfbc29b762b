/**
 * A conflict in the stack, from the rule to the record: both sides change one row while nothing is applied; home's version must be on both
 * sides, the decision in `lutra.conflict` and told on `lutra.events`. Shows that the rights and tables that docker/ gives are enough for
 * it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { api, boundMs, channelIs, equalRows, metric, query, say, sides } from './drill-stack.js';

interface Counts {
  readonly counts: readonly { readonly policy: string; readonly winner: string; readonly final: boolean; readonly count: number }[];
}

/** What is wrong; [] if nothing is. The row must be there and the sides equal. */
export async function conflictIsDecided(id: string): Promise<readonly string[]> {
  const channel = await api<object>('channels/shop');
  const conflicts = { home: 'hangzhou', rules: [{ schema: 'shop', table: '*', policy: 'home' }] };
  await api('channels/shop', 'PUT', { ...channel, conflicts });
  await channelIs('running');
  await api('channels/shop/pause', 'POST');
  await channelIs('paused');
  for (const side of sides) await query(side, `UPDATE orders SET customer = 'changed in ${side}' WHERE id = ${id}`);
  await api('channels/shop/start', 'POST');
  await channelIs('running');
  const final = await decided();
  const row = (await equalRows())?.find((found) => String(found['id']) === id);
  say(`a conflict: both sides have "${String(row?.['customer'])}", ${final} decided for good`);
  const dropped = await metric('loader-hangzhou', 'lutra_events_dropped_total');
  return [
    ...(row?.['customer'] === 'changed in hangzhou' ? [] : ["the sides do not have home's version of a row that both changed"]),
    ...(final === 1 ? [] : [`home has recorded ${final} conflicts, not one`]),
    ...(dropped.some((count) => count > 0) ? ['an event could not be sent to lutra.events'] : []),
  ];
}

/** How many home has decided, once there is one. */
async function decided(): Promise<number> {
  let found = 0;
  for (const deadline = Date.now() + boundMs; found === 0 && Date.now() < deadline; await sleep(500)) {
    const { counts } = await api<Counts>('channels/shop/conflicts/counts?final=true');
    found = counts.reduce((sum, { count }) => sum + count, 0);
  }
  return found;
}
