/**
 * Are two rows equal, while both sides write? The model's regions with somebody who looks at p: reads both, waits until what was on its way
 * has arrived, reads again, and asks in the log what still differs. docs/decisions/0032-seeding.md.
 */
import { sourcesOf } from './links.js';
import { conflictKeys, region, touching, unseen } from './recent-changes.js';
import { isSame } from './rows.js';
import { initial, nextSteps } from './steps.js';
import type { Rules } from './rules.js';
import type { Case, Entry, RegionName, Row, World } from './words.js';

export interface LookRules {
  /** The ends of the logs that have to arrive: taken after the first reads, or before. */
  readonly ends: 'after the reads' | 'before the reads';
  /** When home has applied the other's log up to its end, what home has in its log by then has to arrive too. */
  readonly secondRound: boolean;
  /** What still differs is asked in the log of either side (with or without regard to later changes), or reported at once. */
  readonly proof: 'probe' | 'probe of values' | 'values';
  /** What differs in the first reads is asked at once: nothing is waited for, and nothing is read again. */
  readonly atOnce?: boolean;
}

export const lookProtocol: LookRules = { ends: 'after the reads', secondRound: true, proof: 'probe' };

interface Look {
  readonly phase: 'first' | 'wait' | 'second round' | 'again' | 'probe' | 'asked' | 'done';
  readonly first: readonly (Row | null)[];
  readonly second: readonly (Row | null)[];
  readonly ends: readonly number[];
  readonly found: 'nothing' | 'equal' | 'in flight' | 'different';
}

interface State {
  readonly world: World;
  readonly look: Look;
}

export interface Looked {
  readonly interleavings: number;
  readonly reported: number;
}

const names = ['A', 'B'] as const;

interface Looking {
  readonly example: Case;
  readonly rules: Rules;
  readonly lookRules: LookRules;
  /** Who is asked for the probe. */
  readonly by: 'A' | 'B';
}

/** In how many interleavings p is reported as different. */
export function explorePair(looking: Looking): Looked {
  const { example, rules } = looking;
  const found = new Map<string, Looked>();
  const look: Look = { phase: 'first', first: [], second: [], ends: [], found: 'nothing' };
  return visit({ world: initial(example, rules), look });

  function visit(state: State): Looked {
    const key = JSON.stringify(state);
    const known = found.get(key);
    if (known) return known;
    const next = [...nextSteps(state.world, example, rules).map(({ world }) => stepped(state, world, looking)), ...looks(state, looking)];
    const end = { interleavings: 1, reported: state.look.found === 'different' ? 1 : 0 };
    const ends = state.look.phase === 'done' || next.length === 0 ? [end] : next.map(visit);
    const sum = ends.reduce((all, one) => ({
      interleavings: all.interleavings + one.interleavings,
      reported: all.reported + one.reported,
    }));
    found.set(key, sum);
    return sum;
  }
}

/** The world goes on; a probe that arrives is compared with the row as it was before. */
function stepped({ world: before, look }: State, world: World, looking: Looking): State {
  if (look.phase !== 'asked') return { world, look };
  const { by } = looking;
  const target = by === 'A' ? 'B' : 'A';
  const entry = region(before, by).log[region(before, target).applied[by]];
  const isProbe = entry?.kind === 'read' && region(world, target).applied[by] > region(before, target).applied[by];
  return { world, look: isProbe ? { ...look, phase: 'done', found: compared(before, entry, looking) } : look };
}

function compared(world: World, { key, row, seen }: Extract<Entry, { kind: 'read' }>, { rules, lookRules, by }: Looking): Look['found'] {
  const target = by === 'A' ? 'B' : 'A';
  if (isSame(region(world, target).rows[key] ?? null, row)) return 'equal';
  if (lookRules.proof === 'probe of values') return 'different';
  const changed = touching(unseen(world, { source: by, target }, seen, rules), conflictKeys(key, [], rules), rules);
  return changed.length > 0 ? 'in flight' : 'different';
}

function looks({ world, look }: State, { rules, lookRules, by }: Looking): readonly State[] {
  const to = (next: Partial<Look>): readonly State[] => [{ world, look: { ...look, ...next } }];
  const { phase, first, ends } = look;
  if (phase === 'first') {
    if (ends.length === 0 && lookRules.ends === 'before the reads') return to({ ends: endsOf(world) });
    if (first.length < 2) return to({ first: [...first, rowOf(world, names[first.length]!)] });
    if (isSame(first[0]!, first[1]!)) return to({ phase: 'done', found: 'equal' });
    if (lookRules.atOnce) return to({ phase: 'probe' });
    return to({ phase: 'wait', ends: ends.length > 0 ? ends : endsOf(world) });
  }
  if (phase === 'wait' && lookRules.secondRound)
    return hasArrived(world, 'A', { ends, rules }) ? to({ phase: 'second round', ends: [endsOf(world)[0]!, 0] }) : [];
  if (phase === 'wait') return names.every((name) => hasArrived(world, name, { ends, rules })) ? to({ phase: 'again' }) : [];
  if (phase === 'second round') return hasArrived(world, 'B', { ends, rules }) ? to({ phase: 'again' }) : [];
  if (phase === 'again') return to(readAgain(world, look, lookRules));
  return phase === 'probe' ? [{ world: asked(world, by), look: { ...look, phase: 'asked' } }] : [];
}

function readAgain(world: World, { first, second }: Look, { proof }: LookRules): Partial<Look> {
  if (second.length < 2) return { second: [...second, rowOf(world, names[second.length]!)] };
  const isQuiet = first.every((row, i) => isSame(row, second[i]!));
  if (!isQuiet || isSame(second[0]!, second[1]!)) return { phase: 'done' };
  return proof === 'values' ? { phase: 'done', found: 'different' } : { phase: 'probe' };
}

function rowOf(world: World, name: RegionName): Row | null {
  return region(world, name).rows['p'] ?? null;
}

function hasArrived(world: World, name: RegionName, { ends, rules }: { ends: readonly number[]; rules: Rules }): boolean {
  const { applied } = region(world, name);
  return names.every((other, i) => !sourcesOf(name, names, rules).includes(other) || applied[other] >= ends[i]!);
}

function asked(world: World, by: RegionName): World {
  const here = region(world, by);
  const probe: Entry = { kind: 'read', by: 'probe', key: 'p', row: rowOf(world, by), seen: here.marked, to: 'all', of: [] };
  return { ...world, regions: { ...world.regions, [by]: { ...here, pending: [...here.pending, probe] } } };
}

/** Of the binlogs: what is not published yet counts. */
function endsOf(world: World): readonly number[] {
  return names.map((name) => region(world, name).log.length + region(world, name).pending.length);
}
