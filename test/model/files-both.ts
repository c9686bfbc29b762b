/**
 * Files that belong to rows, both ways: applications of two regions write files and rows, each loader decides about what the other side
 * sends, places what wins, and is killed in between. Do both sides end with the same rows, each with its own file?
 * docs/decisions/0035-files.md.
 */
import type { BothCase, BothRules, BothState, Entry, Open, Region, RegionState, Row } from './files-both-words.js';
import type { Model, Turn } from './paths.js';

type Turns = readonly Turn<BothState>[];
const regions = ['A', 'B'] as const;

export function bothModel(example: BothCase, rules: BothRules): Model<BothState> {
  const begun = {
    rows: {},
    disk: {},
    placed: {},
    trash: [],
    log: [],
    applied: 0,
    staged: null,
    open: null,
    isFileThere: false,
    old: [],
    named: [],
  };
  const { A, B } = example.writes;
  return {
    first: { A: { ...begun, writes: A }, B: { ...begun, writes: B }, kills: example.kills },
    turns: (state) =>
      seen(state, example) === null
        ? regions.flatMap((at) => [...writes(state, at), ...loads(state, at, rules), ...cleans(state, at)])
        : [],
    verdict: (state) => seen(state, example) ?? atRest(state, example),
  };
}

function other(region: Region): Region {
  return region === 'A' ? 'B' : 'A';
}

function turn(state: BothState, region: Region, name: string, part: Partial<RegionState>): Turn<BothState> {
  return { name: `${region} ${name}`, state: { ...state, [region]: { ...state[region], ...part } } };
}

function writes(state: BothState, region: Region): Turns {
  const here = state[region];
  const write = here.writes[0];
  if (!write) return [];
  const { key, path, tag, bytes } = write;
  if (path !== null && !here.isFileThere)
    return [turn(state, region, `writes file ${path} = ${bytes}`, { disk: { ...here.disk, [path]: bytes }, isFileThere: true })];
  // The loader holds the row.
  if (here.open?.isAlive) return [];
  const before = here.rows[key] ?? null;
  if (path === null && !before) return [turn(state, region, `finds no ${key}`, { writes: here.writes.slice(1) })];
  const rows = { ...here.rows, [key]: path === null ? null : { path, tag, superseded: false } };
  const log = [...here.log, { key, path, tag, seen: here.applied }];
  const old = write.cleans && before && before.path !== path ? [...here.old, before.path] : here.old;
  const named = namedBy(rows, here.named);
  return [turn(state, region, `writes row ${key} ${tag}`, { rows, log, old, named, writes: here.writes.slice(1), isFileThere: false })];
}

/** The application removes its old files, the loader those that it placed and no row names. */
function cleans(state: BothState, region: Region): Turns {
  const here = state[region];
  const turns = here.old.map((path) =>
    turn(state, region, `removes ${path}`, { disk: { ...here.disk, [path]: null }, old: here.old.filter((one) => one !== path) }),
  );
  const isNamed = (path: string): boolean => Object.values(here.rows).some((row) => row?.path === path);
  for (const [path, file] of Object.entries(here.placed)) {
    if (!file?.leaves || here.open?.path === path) continue;
    const isOurs = here.disk[path] === file.bytes && !isNamed(path);
    const part = isOurs ? { disk: { ...here.disk, [path]: null }, trash: added(here.trash, file.bytes) } : {};
    turns.push(turn(state, region, `lets ${path} go`, { ...part, placed: { ...here.placed, [path]: null } }));
  }
  return turns;
}

function added(list: readonly number[], one: number): readonly number[] {
  return [...new Set([...list, one])].toSorted((a, b) => a - b);
}

function loads(state: BothState, region: Region, rules: BothRules): Turns {
  const here = state[region];
  const entry = state[other(region)].log[here.applied];
  if (!entry) return [];
  if (here.open) return goesOn(state, region, entry, here.open, rules);
  if (entry.path !== null && here.staged === null) return stages(state, region, entry, rules);
  const isConflict = here.log.some(({ key }, index) => key === entry.key && index >= entry.seen);
  const home = [rules.policy === 'incoming'];
  const decisions = !isConflict ? [true] : region === 'A' ? home : [true, false];
  return decisions.map((takes) => places(state, region, entry, { takes, isConflict, rules }));
}

function stages(state: BothState, region: Region, { key, path, tag }: Entry, { hash }: BothRules): Turns {
  const source = state[other(region)];
  const there = source.disk[path!] ?? null;
  const isRight = there !== null && (!hash || there === tag);
  const bytes = isRight ? there : hash && source.trash.includes(tag) ? tag : null;
  if (bytes !== null) return [turn(state, region, `stages ${bytes}`, { staged: bytes })];
  const now = source.rows[key];
  const isNamed = now?.path === path && now.tag === tag;
  return isNamed ? [] : [turn(state, region, 'hears that it is superseded', { staged: 'superseded' })];
}

interface Decision {
  readonly takes: boolean;
  readonly isConflict: boolean;
  readonly rules: BothRules;
}

function places(state: BothState, region: Region, entry: Entry, { takes, isConflict, rules }: Decision): Turn<BothState> {
  const here = state[region];
  const isEqual = here.rows[entry.key]?.path === entry.path && here.rows[entry.key]?.tag === entry.tag;
  const isWanted = (takes && !(isEqual && rules.word === 'where the row differs')) || rules.losers === 'are placed';
  const path = isWanted && typeof here.staged === 'number' ? entry.path : null;
  const was = path === null ? null : (here.disk[path] ?? null);
  const put = path === null ? null : (here.staged as number);
  const open: Open = { isAlive: true, path, was, put, takes, isConflict };
  return turn(state, region, `${takes ? 'takes' : 'refuses'} ${entry.key} ${entry.tag}`, {
    open,
    disk: path === null ? here.disk : { ...here.disk, [path]: put },
  });
}

function goesOn(state: BothState, region: Region, entry: Entry, open: Open, rules: BothRules): Turns {
  const here = state[region];
  if (!open.isAlive) {
    const { path, was, put } = open;
    const isOurs = path !== null && here.disk[path] === put && rules.takeOver === 'undo';
    return [turn(state, region, 'takes over', { open: null, disk: isOurs ? { ...here.disk, [path]: was } : here.disk })];
  }
  const commits = turn(state, region, 'commits', committed(state, region, entry, open));
  if (state.kills === 0) return [commits];
  const killed = { ...state, kills: state.kills - 1 };
  return [commits, turn(killed, region, 'is killed', { open: { ...open, isAlive: false }, staged: null })];
}

function committed(state: BothState, region: Region, entry: Entry, open: Open): Partial<RegionState> {
  const here = state[region];
  const { key, path, tag } = entry;
  const before = here.rows[key] ?? null;
  const row: Row | null = path === null ? null : { path, tag, superseded: here.staged === 'superseded' };
  const rows = open.takes ? { ...here.rows, [key]: row } : here.rows;
  const placed = { ...here.placed };
  if (open.path !== null && open.takes) placed[open.path] = { bytes: open.put!, leaves: false };
  const left = open.takes && before && before.path !== path ? placed[before.path] : null;
  if (before && left) placed[before.path] = { ...left, leaves: true };
  const trash = open.was !== null && open.was !== open.put ? added(here.trash, open.was) : here.trash;
  const applied = here.applied + 1;
  // Home's last word.
  const now = rows[key] ?? null;
  const word = { key, path: now?.path ?? null, tag: now?.tag ?? 0, seen: applied };
  const log = region === 'A' && open.isConflict ? [...here.log, word] : here.log;
  return { rows, placed, trash, applied, log, staged: null, open: null, named: namedBy(rows, here.named) };
}

function namedBy(rows: RegionState['rows'], before: readonly string[]): readonly string[] {
  return [...new Set([...before, ...Object.values(rows).flatMap((row) => (row ? [row.path] : []))])].toSorted();
}

/** Bytes that an application wrote for this path and tag. */
function isRight({ writes: { A, B } }: BothCase, { path, tag }: Row, bytes: number | null | undefined): boolean {
  return [...A, ...B].some((write) => write.path === path && write.tag === tag && write.bytes === bytes);
}

function seen(state: BothState, example: BothCase): string | null {
  if (example.isMutable) return null;
  for (const region of regions) {
    const { rows, disk } = state[region];
    for (const [key, row] of Object.entries(rows)) {
      if (!row || row.superseded || isRight(example, row, disk[row.path])) continue;
      return `${region}: row ${key} is there ${disk[row.path] ? 'with the bytes of another one' : 'without its file'}`;
    }
  }
  return null;
}

function atRest(state: BothState, example: BothCase): string | null {
  const { A, B } = state;
  if (regions.some((region) => state[region].applied < state[other(region)].log.length)) return 'a pipeline stands';
  const text = ({ rows }: RegionState): string =>
    JSON.stringify(
      Object.entries(rows)
        .toSorted(([a], [b]) => a.localeCompare(b))
        .map(([key, row]) => row && [key, row.path, row.tag]),
    );
  if (text(A) !== text(B)) return `rows differ: ${text(A)} ${text(B)}`;
  for (const region of regions) {
    const { rows, disk, named } = state[region];
    const wrong = Object.values(rows).find(
      (row) => row && (!isRight(example, row, disk[row.path]) || disk[row.path] !== state[other(region)].disk[row.path]),
    );
    if (wrong)
      return `${region} has ${disk[wrong.path] ?? 'nothing'} at ${wrong.path}, the other side ${state[other(region)].disk[wrong.path] ?? 'nothing'}`;
    const own = new Set(example.writes[region].map(({ path }) => path));
    const orphan = Object.keys(disk).find((path) => disk[path] && !named.includes(path) && !own.has(path));
    if (orphan !== undefined) return `${region} has ${orphan}, which no row has ever named`;
  }
  return null;
}
