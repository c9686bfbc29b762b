/**
 * Repair by home's hand, as it was designed first: a resolution record where home wins, an ordinary change at home where it loses. The
 * second loses what the winner writes meanwhile.
 */
import { region } from './recent-changes.js';
import { append, put, set, sides } from './repair-state.js';
import type { Repairing, Step } from './repair-state.js';
import { holders, isSame, replaced } from './rows.js';
import { isOriginal } from './verdict.js';
import type { Entry, Key, RegionName, RepairCase, Row, World } from './words.js';

/** The region's own log has a change of the row: in these cases nobody changed it there before the hole began. */
export function hasChanged(world: World, key: Key, name: RegionName): boolean {
  const entries = region(world, name).log;
  return entries.some((entry) => isOriginal({ entry }) && entry.kind === 'local' && entry.changes.some((own) => own.key === key));
}

export function sendByHome(world: World, key: Key, at: Repairing): Step {
  const { repair, rules } = at;
  const { winner, loser } = sides(repair);
  const now = region(world, winner).rows[key] ?? null;
  const isShown = isSame(now, shownAt(world, key, repair, winner));
  if (rules.compared && !isShown) return set(world, key, { name: 'changed' });
  if (winner === rules.home) {
    const entry: Entry = { kind: 'resolution', key, row: now, seen: region(world, winner).marked, from: loser, of: [] };
    return set(append(world, winner, entry), key, { name: 'resolve' });
  }
  const isRead = world.worker!.looked[key]!.outcome === 'ready';
  return isRead ? changedAtHome(world, key, at) : set(world, key, { name: 'read', outcome: 'ready' });
}

/** An ordinary transaction of home's, under the row's lock. */
function changedAtHome(world: World, key: Key, { repair, rules }: Repairing): Step {
  const { home } = rules;
  const { rows, marked } = region(world, home);
  const before = rows[key] ?? null;
  const after = shownAt(world, key, repair, sides(repair).winner);
  const isShown = isSame(before, shownAt(world, key, repair, home));
  if (rules.compared && !isShown) return set(world, key, { name: 'changed' });
  if (holders(rows, key, after).length > 0 || isSame(before, after)) return set(world, key, { name: 'refused' });
  const entry: Entry = { kind: 'local', changes: [{ key, before, after }], seen: marked, path: [], of: [] };
  const next = append(put(world, home, { rows: replaced(rows, key, after) }), home, entry);
  return set(isShown ? next : { ...next, worker: { ...next.worker!, overwrote: true } }, key, { name: 'write' });
}

function shownAt({ worker }: World, key: Key, { target }: RepairCase, name: RegionName): Row | null {
  const { here, there } = worker!.looked[key]!;
  return name === target ? here : there;
}
