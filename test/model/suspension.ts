/**
 * A table that is suspended where tables flow both ways (decision 0023), as a few steps over two regions: A's capture meets a row that it
 * cannot read, or a target refuses a row; captures and loaders are killed anywhere. Each write carries, as a ghost, what its region truly
 * knew of the table. A loader decides by the peer's log and by `seen`; where the ghost says otherwise, a change was applied blindly.
 */
export type Name = 'A' | 'B';

/** What a transaction does: writes the table, its neighbour, both; or the table with a value that capture cannot read. */
export type Write = 't' | 'u' | 'tu' | 'bad';

export interface SuspensionRules {
  /** A loader reads in the log of its own target what that one leaves out. */
  readonly peerRule: boolean;
  /** Capture leaves out what a loader has suspended at its endpoint. */
  readonly backRule: boolean;
  /** A loader waits until the log of its target holds what was committed there. */
  readonly watermark: boolean;
  /** A claim of the log leaves out what the claim before it left out. */
  readonly carried: boolean;
  /** What is suspended stands at the target before anything behind the position is applied there. */
  readonly written: 'before' | 'later';
  /** What ended is followed by the position at which it did, so that `seen` covers what the log left out. */
  readonly saved: boolean;
}

export const suspensionProtocol: SuspensionRules = {
  peerRule: true,
  backRule: true,
  watermark: true,
  carried: true,
  written: 'before',
  saved: true,
};

export interface SuspensionCase {
  readonly scripts: Readonly<Record<Name, readonly Write[]>>;
  /** Written when the table has come back. */
  readonly after: Readonly<Record<Name, readonly Write[]>>;
  /** By either target, of rows of the table. */
  readonly refusals: number;
  /** Of captures. A loader keeps nothing but what stands at its target: killing it is no step of its own. */
  readonly kills: number;
}

/** A write to the table: which one it is, and all that its region knew of it. */
interface Ghost {
  readonly id: string;
  readonly past: readonly string[];
}

type Entry =
  | { readonly kind: 'write'; readonly t: Ghost | null; readonly u: string | null; readonly bad: boolean; readonly seen: number }
  | { readonly kind: 'suspended' };

type Logged =
  | { readonly kind: 'row'; readonly t: Ghost | null; readonly u: string | null; readonly seen: number; readonly at: number }
  | { readonly kind: 'routes'; readonly out: boolean; readonly at: number };

interface Region {
  readonly written: number;
  readonly binlog: readonly Entry[];
  /** Of capture: how far it has read, and whether its claim leaves the table out. */
  readonly read: number;
  readonly out: boolean;
  readonly log: readonly Logged[];
  /** Of the loader that writes here. */
  readonly applied: number;
  readonly seen: number;
  readonly suspended: boolean;
  /** It knows that the table is suspended and has not written it yet. */
  readonly owing: boolean;
  readonly knows: readonly string[];
  readonly neighbour: readonly string[];
}

export interface State {
  readonly A: Region;
  readonly B: Region;
  readonly refusals: number;
  readonly kills: number;
  readonly returned: boolean;
}

export interface Next {
  readonly name: string;
  readonly state: State;
  /** What must not be. */
  readonly wrong?: string;
}

const names = ['A', 'B'] as const;
const other = (name: Name): Name => (name === 'A' ? 'B' : 'A');

export function initialState({ refusals, kills }: SuspensionCase): State {
  const region: Region = {
    written: 0,
    binlog: [],
    read: 0,
    out: false,
    log: [{ kind: 'routes', out: false, at: 0 }],
    applied: 0,
    seen: -1,
    suspended: false,
    owing: false,
    knows: [],
    neighbour: [],
  };
  return { A: region, B: region, refusals, kills, returned: false };
}

export function nextStates(state: State, example: SuspensionCase, rules: SuspensionRules): readonly Next[] {
  const steps = names.flatMap((name) => [
    ...writes(state, name, example),
    ...captures(state, name, rules),
    ...kills(state, name, rules),
    ...loads(state, name, rules),
  ]);
  return steps.length > 0 ? steps : comesBack(state, example, rules);
}

/** At the end, with everything written, published and applied. */
export function wrongAtEnd({ A, B, returned }: State): string | null {
  const touched = [A, B].flatMap((region) => [region.out, region.suspended]);
  if (touched.some(Boolean) && !touched.every(Boolean)) return 'one direction goes on with the table';
  if (returned && A.out) return 'it is suspended again';
  if (returned && A.knows.join() !== B.knows.join()) return 'the regions differ';
  for (const [here, name] of [[A, 'B'] as const, [B, 'A'] as const]) {
    const there = (name === 'A' ? A : B).binlog.flatMap((entry) => (entry.kind === 'write' && entry.u !== null ? [entry.u] : []));
    if (here.neighbour.join() !== there.join()) return `the neighbour has ${here.neighbour.join()} of ${there.join()}`;
  }
  return null;
}

function update(state: State, name: Name, change: Partial<Region>): State {
  return { ...state, [name]: { ...state[name], ...change } };
}

function writes(state: State, name: Name, { scripts, after }: SuspensionCase): readonly Next[] {
  const here = state[name];
  const script = state.returned ? [...scripts[name], ...after[name]] : scripts[name];
  const write = script[here.written];
  if (!write) return [];
  const id = `${name}${here.written}`;
  const t = write === 'u' ? null : { id, past: here.knows };
  const entry: Entry = { kind: 'write', t, u: write.includes('u') ? id : null, bad: write === 'bad', seen: here.seen };
  const knows = t ? [...here.knows, id].toSorted() : here.knows;
  return [{ name: `write ${id}`, state: update(state, name, { written: here.written + 1, binlog: [...here.binlog, entry], knows }) }];
}

/** One more entry of the binlog; what cannot be read, or was suspended here, costs a claim. */
function captures(state: State, name: Name, rules: SuspensionRules): readonly Next[] {
  const here = state[name];
  const entry = here.binlog[here.read];
  if (!entry) return [];
  const meets = entry.kind === 'suspended' ? rules.backRule : entry.bad;
  if (meets && !here.out) return [{ name: `claim ${name}`, state: update(state, name, claimed(here, true)) }];
  const at = here.read + 1;
  if (entry.kind === 'suspended') return [{ name: `read ${name}`, state: update(state, name, { read: at }) }];
  const t = here.out ? null : entry.t;
  const row = { kind: 'row', t, u: entry.u, seen: entry.seen, at } as const;
  const log = t || entry.u !== null ? [...here.log, row] : here.log;
  return [{ name: `publish ${name}`, state: update(state, name, { read: at, log }) }];
}

/** It begins behind the last transaction in the log. `read`: behind the last heartbeat, if that is further on. */
function claimed({ log }: Region, out: boolean, read = 0): Partial<Region> {
  const at = Math.max(read, log.at(-1)?.at ?? 0);
  return { read: at, out, log: [...log, { kind: 'routes', out, at }] };
}

/** With its last heartbeat as far back as can be, or just written. */
function kills(state: State, name: Name, { carried }: SuspensionRules): readonly Next[] {
  if (state.kills === 0) return [];
  const here = state[name];
  const said = here.log.findLast((record) => record.kind === 'routes');
  const out = carried && said?.kind === 'routes' && said.out;
  return [0, here.read].map((read) => ({
    name: `kill ${name}`,
    state: { ...update(state, name, claimed(here, out, read)), kills: state.kills - 1 },
  }));
}

/** The loader that writes to `name`. */
function loads(state: State, name: Name, rules: SuspensionRules): readonly Next[] {
  const here = state[name];
  const record = state[other(name)].log[here.applied];
  const arrow = `${other(name)}→${name}`;
  const steps: Next[] = [];
  if (here.owing) steps.push({ name: `${arrow} writes it down`, state: update(state, name, suspends({ ...here, owing: false })) });
  if (!record) return steps;
  const applied = here.applied + 1;
  if (record.kind === 'routes') {
    const met = record.out && !here.suspended && !here.owing;
    if (!met) return [...steps, { name: `${arrow} passes`, state: update(state, name, { applied }) }];
    if (rules.written === 'later') return [...steps, { name: `${arrow} passes`, state: update(state, name, { applied, owing: true }) }];
    return [{ name: `${arrow} suspends`, state: update(state, name, suspends(here)) }];
  }
  const takes = record.t !== null && !here.suspended && !here.owing;
  if (!takes) {
    if (record.u === null) return [...steps, { name: `${arrow} passes`, state: update(state, name, { applied }) }];
    const neighbour = [...here.neighbour, record.u];
    return [...steps, { name: `${arrow} applies`, state: update(state, name, { applied, seen: here.applied, neighbour }) }];
  }
  if (state.refusals > 0 && !state.returned)
    steps.push({ name: `${arrow} is refused`, state: { ...update(state, name, suspends(here)), refusals: state.refusals - 1 } });
  if (rules.watermark && here.read < here.binlog.length) return steps;
  return [...steps, applies(state, name, record, rules)];
}

function suspends({ binlog, owing }: Region): Partial<Region> {
  return { suspended: true, owing, binlog: [...binlog, { kind: 'suspended' }] };
}

function applies(state: State, name: Name, { t, u, seen }: Extract<Logged, { kind: 'row' }>, rules: SuspensionRules): Next {
  const here = state[name];
  const arrow = `${other(name)}→${name}`;
  const unseen = here.log.slice(seen + 1);
  if (rules.peerRule && unseen.some((record) => record.kind === 'routes' && record.out))
    return { name: `${arrow} suspends by its peer`, state: update(state, name, suspends(here)) };
  const found = unseen.some((record) => record.kind === 'row' && record.t !== null);
  const past = t?.past ?? [];
  const concurrent = here.knows.some((id) => id.startsWith(name) && !past.includes(id));
  const knows = [...new Set([...here.knows, ...past, ...(t ? [t.id] : [])])].toSorted();
  const neighbour = u === null ? here.neighbour : [...here.neighbour, u];
  const next = update(state, name, { applied: here.applied + 1, seen: here.applied, knows, neighbour });
  const blind = concurrent && !found ? { wrong: `${t?.id} is applied without what ${name} had changed` } : {};
  return { name: `${arrow} applies`, state: next, ...blind };
}

/** By hand, as docs/02-setup.md says, when both loaders have passed the routes without it. */
function comesBack(state: State, { after }: SuspensionCase, rules: SuspensionRules): readonly Next[] {
  if (state.returned || after.A.length + after.B.length === 0 || !state.A.out || !state.B.out) return [];
  const knows = [...new Set([...state.A.knows, ...state.B.knows])].toSorted();
  const fresh = (here: Region, there: Region): Region => {
    const routes = { kind: 'routes', out: false, at: here.binlog.length } as const;
    const applied = there.log.length + 1;
    const seen = rules.saved ? there.log.length : here.seen;
    return { ...here, read: here.binlog.length, out: false, log: [...here.log, routes], applied, seen, suspended: false, knows };
  };
  const { A, B } = state;
  return [{ name: 'it comes back', state: { ...state, returned: true, A: fresh(A, B), B: fresh(B, A) } }];
}
