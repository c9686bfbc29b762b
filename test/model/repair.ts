/**
 * The worker that repairs: raises the state in which differences are taken whole, looks by probes in the log, sends rows of the winner,
 * looks again, and ends the state when all is equal. docs/decisions/0032-seeding.md.
 */
import { namesOf, sourcesOf } from './links.js';
import type { Pipeline } from './links.js';
import { conflictKeys, region, touching, unseen } from './recent-changes.js';
import { isSame } from './rows.js';
import { hasChanged, sendByHome } from './repair-by-home.js';
import { append, put, set, sides } from './repair-state.js';
import type { Repairing, Step } from './repair-state.js';
import type { Rules } from './rules.js';
import type { Case, Entry, Key, Looked, RegionName, RepairCase, Seen, Worker, World } from './words.js';

const nothing: Seen = { A: 0, B: 0, C: 0, D: 0 };

export function newWorker({ workerKills }: Rules): Worker {
  return { phase: 'look', looked: {}, listed: [], behind: nothing, killsLeft: workerKills, overwrote: false };
}

/** A probe arrives and is compared with the row as it was before. */
export function answered(before: World, after: World, { source, target }: Pipeline, rules: Rules): World {
  const { worker } = after;
  const entry = region(before, source).log[region(before, target).applied[source]];
  const isProbe = entry?.kind === 'read' && entry.by === 'probe' && entry.to === target;
  const known = isProbe ? worker?.looked[entry.key] : undefined;
  if (!worker || !isProbe || known?.outcome !== 'asked') return after;
  const here = region(before, target).rows[entry.key] ?? null;
  const changed = touching(unseen(before, { source, target }, entry.seen, rules), conflictKeys(entry.key, [], rules), rules);
  const outcome = isSame(here, entry.row) ? 'equal' : changed.length > 0 ? 'in flight' : 'different';
  const tries = isSame(here, known.here) && isSame(entry.row, known.there) ? known.tries : 0;
  const looked = { ...worker.looked, [entry.key]: { outcome, here, there: entry.row, tries } as const };
  return { ...after, worker: { ...worker, looked, behind: endsAt(before, target) } };
}

/** All that a region has: in its own log, and applied of others'. */
function endsAt(world: World, name: RegionName): Seen {
  const { log, pending, applied } = region(world, name);
  return { ...applied, [name]: log.length + pending.length };
}

export function workerSteps(world: World, at: Repairing): readonly Step[] {
  const worker = world.worker!;
  const steps = stepsOf(world, worker, at);
  const isBusy = worker.killsLeft > 0 && worker.phase !== 'done';
  return isBusy ? [...steps, { name: 'kill worker', world: { ...world, worker: killed(worker) } }] : steps;
}

/** The next worker knows what was found, not what was done about it. */
function killed({ looked, ...worker }: Worker): Worker {
  const left = Object.entries(looked).filter(([, { outcome }]) => outcome !== 'equal');
  const again = left.map(([key, one]) => [key, isFound(one) ? { ...one, outcome: 'different' as const } : one] as const);
  const isKnown = again.length > 0 && again.every(([, { outcome }]) => outcome === 'different');
  const phase = isKnown ? 'repair' : 'look';
  return { ...worker, phase, looked: isKnown ? Object.fromEntries(again) : {}, killsLeft: worker.killsLeft - 1 };
}

function isFound({ outcome }: Looked): boolean {
  return outcome === 'different' || outcome === 'ready' || outcome === 'sent';
}

function stepsOf(world: World, worker: Worker, at: Repairing): readonly Step[] {
  const { repair, rules } = at;
  const to = (name: string, next: Partial<Worker>, changed: World = world): readonly Step[] => [
    { name, world: { ...changed, worker: { ...worker, ...next } } },
  ];
  if (worker.phase === 'done') return [];
  if (isToRaise(world, worker, at)) {
    const behind = rules.readsWait ? endsAt(world, sides(repair).loser) : nothing;
    return to('raise', { behind }, raised(world, at));
  }
  if (worker.phase === 'look') return mayLook(world, worker, at) ? to('ask', asked(worker, repair), probes(world, at)) : [];
  if (worker.phase === 'asked') {
    const found = Object.entries(worker.looked);
    if (found.some(([, { outcome }]) => outcome === 'asked')) return [];
    if (found.every(([key, { outcome }]) => outcome === 'equal' || worker.listed.includes(key))) return to('all equal', { phase: 'end' });
    const isDifferent = found.some(([, { outcome }]) => outcome === 'different');
    return to('answers', { phase: isDifferent ? 'repair' : 'look' });
  }
  if (worker.phase === 'end') return to('end', { phase: 'done' }, worker.listed.length > 0 ? world : lowered(world, repair));
  const [key] = Object.entries(worker.looked).find(([, { outcome }]) => outcome === 'different' || outcome === 'ready') ?? [];
  if (key !== undefined) return [repaired(world, key, at)];
  return rules.unequalEnds === 'when sent' ? to('end', { phase: 'done' }, lowered(world, repair)) : to('look again', { phase: 'look' });
}

/** Of a hole before the restart, of a repair when it is known what differs. */
function isToRaise(world: World, { phase }: Worker, { repair, example, rules }: Repairing): boolean {
  const { loser, winner } = sides(repair);
  if (rules.raised === 'in the log' || phase === 'end' || region(world, loser).unequal.some(({ source }) => source === winner))
    return false;
  if (rules.raised === 'after the restart') return hasRestarted(world, example, winner);
  return repair.cause === 'hole' || phase === 'repair';
}

function hasRestarted(world: World, { scripts }: Case, name: RegionName): boolean {
  return !(scripts[name] ?? []).slice(region(world, name).written).some(([statement]) => statement?.do === 'restart');
}

/** What was in flight when a probe answered has arrived: earlier it would only be in flight again. */
function mayLook(world: World, { behind }: Worker, { repair, example, rules }: Repairing): boolean {
  const { source } = repair;
  const { applied } = region(world, source);
  const hasArrived = sourcesOf(source, namesOf(world), rules).every((other) => applied[other] >= behind[other]);
  return hasArrived && hasRestarted(world, example, sides(repair).winner);
}

function raised(world: World, { repair, rules }: Repairing): World {
  const { loser, winner } = sides(repair);
  const all = namesOf(world).filter((name) => sourcesOf(name, namesOf(world), rules).includes(winner));
  return (repair.to === 'all' ? all : [loser]).reduce(
    (done, name) => put(done, name, { unequal: [...region(done, name).unequal, { source: winner, cause: repair.cause }] }),
    world,
  );
}

function lowered(world: World, repair: RepairCase): World {
  const { winner } = sides(repair);
  return namesOf(world).reduce((done, name) => {
    const { unequal } = region(done, name);
    const left = unequal.filter(({ source }) => source !== winner);
    return left.length < unequal.length ? put(done, name, { unequal: left }) : done;
  }, world);
}

function asked(worker: Worker, { keys }: RepairCase): Partial<Worker> {
  const none: Looked = { outcome: 'asked', here: null, there: null, tries: 0 };
  const looked = Object.fromEntries(keys.map((key) => [key, { ...(worker.looked[key] ?? none), outcome: 'asked' as const }]));
  return { phase: 'asked', looked };
}

function probes(world: World, { repair: { source, target, keys } }: Repairing): World {
  return keys.reduce((done, key) => append(done, source, readOf(done, { key, source, to: target, by: 'probe' })), world);
}

interface Asked {
  readonly key: Key;
  readonly source: RegionName;
  readonly to: RegionName | 'all';
  readonly by: 'probe' | 'repair';
}

function readOf(world: World, { key, source, to, by }: Asked): Entry {
  const { rows, marked } = region(world, source);
  return { kind: 'read', by, key, row: rows[key] ?? null, seen: marked, to, of: [] };
}

function repaired(world: World, key: Key, at: Repairing): Step {
  const { repair, rules } = at;
  const { winner, loser } = sides(repair);
  if (world.worker!.looked[key]!.tries >= 2) return set(world, key, { name: 'left', isListed: true });
  if (rules.spared && repair.cause === 'hole' && hasChanged(world, key, loser)) return set(world, key, { name: 'spare', isListed: true });
  if (rules.repairBy === 'home' && !rules.oneWay) return sendByHome(world, key, at);
  const read = readOf(world, { key, source: winner, to: repair.to ?? loser, by: 'repair' });
  return set(append(world, winner, read), key, { name: 'send' });
}
