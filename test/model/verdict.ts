/**
 * What must hold when everything has been written, published and applied: every region has home's rows, no increment is lost under `delta`,
 * and a write that had seen every other write of what it touched is there.
 */
import { namesOf } from './links.js';
import { region, conflictKeysOf, conflictKeysOfChange } from './recent-changes.js';
import { isSame, without } from './rows.js';
import type { Rules } from './rules.js';
import type { Case, Change, Entry, LogPosition, RegionName, Rows, World } from './words.js';

/** What is wrong, for people; null: nothing. */
export function verdict(world: World, example: Case, rules: Rules): string | null {
  if (world.worker?.overwrote) return 'a repair replaced a row that it had not shown';
  const different = difference(world, example, rules) ?? unexpected(world, example, rules);
  if (different !== null || example.starts) return different;
  const records = recordsOf(world);
  return (
    (rules.policy.kind === 'delta' ? lostIncrement(records, example.start, region(world, rules.home).rows) : null) ??
    lostWrite(records, world, rules)
  );
}

/** The regions did not begin alike, and a write that met no conflict is lost: home decided about the difference. */
export function isDecided(world: World, { starts }: Case, rules: Rules): boolean {
  return starts !== undefined && lostWrite(recordsOf(world), world, rules) !== null;
}

/** What is listed as a clash may differ; where all began alike there is none. */
function difference(world: World, { starts }: Case, rules: Rules): string | null {
  const names = namesOf(world);
  const clashes = [...names.flatMap((name) => region(world, name).clashes), ...(world.worker?.listed ?? [])];
  if (clashes.length > 0 && !starts) return `${clashes.join(' and ')} clash, but all began alike`;
  const rowsOf = (name: RegionName): string =>
    JSON.stringify(clashes.length > 0 ? without(region(world, name).rows, clashes) : region(world, name).rows);
  const text = rowsOf(rules.home);
  const apart = names.find((name) => rowsOf(name) !== text);
  return apart ? `${rules.home} ends with ${text}, ${apart} with ${rowsOf(apart)}` : null;
}

/** A clash may keep a row from one of the regions. */
function unexpected(world: World, { wanted }: Case, { home }: Rules): string | null {
  const regions = namesOf(world).map((name) => region(world, name));
  for (const [key, row] of Object.entries(wanted ?? {})) {
    const isListed = regions.some(({ clashes }) => clashes.includes(key));
    const found = (isListed ? regions.find(({ rows }) => rows[key]) : region(world, home))?.rows[key] ?? null;
    if (row === 'any' ? found === null : !isSame(found, row)) return `row ${key} is ${JSON.stringify(found)}, not ${JSON.stringify(row)}`;
  }
  return null;
}

function recordsOf(world: World): readonly Recorded[] {
  return namesOf(world).flatMap((name) => region(world, name).log.map((entry, seq) => ({ name, entry, seq })));
}

interface Recorded extends LogPosition {
  readonly entry: Entry;
}

/** A region's own, not forwarded. */
export function isOriginal({ entry }: Pick<Recorded, 'entry'>): boolean {
  return entry.kind === 'local' && entry.path.length === 0;
}

/** For rows that nobody inserts or deletes, where no unique value moves: a change that is refused for one takes its increment along. */
function lostIncrement(records: readonly Recorded[], start: Rows, rows: Rows): string | null {
  const changes = records.filter(isOriginal).flatMap(({ entry }) => (entry.kind === 'local' ? entry.changes : []));
  if (changes.some(({ before, after }) => before?.u !== after?.u)) return null;
  for (const [key, first] of Object.entries(start)) {
    const own = changes.filter((change) => change.key === key || change.to === key);
    if (own.some(({ before, after, to }) => before === null || after === null || to !== undefined)) continue;
    const sum = own.reduce((total, { before, after }) => total + after!.n - before!.n, first.n);
    if (rows[key]?.n !== sum) return `row ${key} counts ${rows[key]?.n ?? 'nothing'}, not ${sum}`;
  }
  return null;
}

function lostWrite(records: readonly Recorded[], world: World, rules: Rules): string | null {
  for (const record of records) {
    if (record.entry.kind !== 'local' || !isOriginal(record)) continue;
    const [only] = record.entry.changes;
    if (record.entry.changes.length !== 1 || !isLastWord(record, only!, { records, world })) continue;
    const { rows } = region(world, rules.home);
    const { key, to, after } = only!;
    if (JSON.stringify(rows[to ?? key] ?? null) !== JSON.stringify(after) || (to !== undefined && rows[key]))
      return `${record.name}'s write ${JSON.stringify(only)} met no conflict and is lost`;
  }
  return null;
}

interface Told {
  readonly records: readonly Recorded[];
  readonly world: World;
}

function isLastWord(record: Recorded, change: Change, { records, world }: Told): boolean {
  const always = { uniqueConflictKeys: true } as Rules;
  const own = conflictKeysOfChange(change, always);
  return records.every((other) => {
    if (isOfRead(other.entry) || other === record || isAbout(other.entry, record) || isBefore(other, record, world)) return true;
    return !conflictKeysOf(other.entry, always).some((conflictKey) => own.includes(conflictKey));
  });
}

/** An `r` row, or what a hub made of one, is nobody's change. */
function isOfRead(entry: Entry): boolean {
  return entry.kind === 'read' || (entry.kind === 'local' && entry.path.length > 0 && entry.of.length === 0);
}

/** The one knew of the other, or of a copy of it. Of a copy: of all that it is a copy of. */
function isBefore(other: Recorded, record: Recorded, world: World): boolean {
  const { entry } = other;
  return entry.kind === 'local' && entry.of.length > 0
    ? entry.of.every((position) => isKnown(position, record, world))
    : isKnown(other, record, world);
}

function isKnown(other: LogPosition, { name, seq, entry }: Recorded, world: World): boolean {
  const reach = (log: LogPosition['name']): number => (log === name ? seq : entry.seen[log]);
  if (other.seq < reach(other.name)) return true;
  return namesOf(world).some((log) =>
    region(world, log)
      .log.slice(0, reach(log))
      .some((copy) => copy.kind === 'local' && isAbout(copy, other)),
  );
}

/** A copy of it, or a resolution record because of it. */
function isAbout({ of }: Entry, { name, seq }: LogPosition): boolean {
  return of.some((position) => position.name === name && position.seq === seq);
}
