/**
 * What must hold when everything has been written, published and applied: every region has home's rows, no increment is lost under `delta`, and a write that
 * had seen every other write of what it touched is there.
 */
import { region, resources } from './window.js';
import type { Case, Change, Entry, RegionName, Rows, Rules, Seen, World } from './words.js';

/** What is wrong, for people; null: nothing. */
export function verdict(world: World, example: Case, rules: Rules): string | null {
  const names = Object.keys(world.regions) as RegionName[];
  const text = JSON.stringify(region(world, rules.home).rows);
  const apart = names.find((name) => JSON.stringify(region(world, name).rows) !== text);
  if (apart) return `${rules.home} ends with ${text}, ${apart} with ${JSON.stringify(region(world, apart).rows)}`;
  const records = names.flatMap((name) => region(world, name).log.map((entry, seq) => ({ name, entry, seq })));
  return (
    (rules.policy.kind === 'delta' ? lostIncrement(records, example.start, region(world, rules.home).rows) : null) ??
    lostWrite(records, world, rules)
  );
}

interface Recorded {
  readonly name: RegionName;
  readonly entry: Entry;
  readonly seq: number;
}

/** For rows that nobody inserts or deletes, where no unique value moves: a change that is refused for one takes its increment along. */
function lostIncrement(records: readonly Recorded[], start: Rows, rows: Rows): string | null {
  const changes = records.flatMap(({ entry }) => (entry.kind === 'local' ? entry.changes : []));
  if (changes.some(({ before, after }) => before?.u !== after?.u)) return null;
  for (const [key, first] of Object.entries(start)) {
    const own = changes.filter((change) => change.key === key);
    if (own.some(({ before, after }) => before === null || after === null)) continue;
    const sum = own.reduce((total, { before, after }) => total + after!.n - before!.n, first.n);
    if (rows[key]?.n !== sum) return `row ${key} counts ${rows[key]?.n ?? 'nothing'}, not ${sum}`;
  }
  return null;
}

function lostWrite(records: readonly Recorded[], world: World, rules: Rules): string | null {
  for (const record of records) {
    if (record.entry.kind !== 'local') continue;
    const [only] = record.entry.changes;
    if (record.entry.changes.length !== 1 || !isLastWord(record, only!, records)) continue;
    const row = region(world, rules.home).rows[only!.key] ?? null;
    if (JSON.stringify(row) !== JSON.stringify(only!.after))
      return `${record.name}'s write ${JSON.stringify(only)} met no conflict and is lost`;
  }
  return null;
}

function isLastWord(record: Recorded, { key, before, after }: Change, records: readonly Recorded[]): boolean {
  const always = { uniqueResources: true } as Rules;
  const own = resources(key, [before, after], always);
  return records.every((other) => {
    if (other === record || isBefore(other, record.name, record.seq, record.entry.seen)) return true;
    const images =
      other.entry.kind === 'local'
        ? other.entry.changes.map((c) => resources(c.key, [c.before, c.after], always))
        : [resources(other.entry.key, [other.entry.row], always)];
    return !images.flat().some((resource) => own.includes(resource));
  });
}

function isBefore(other: Recorded, name: RegionName, seq: number, seen: Seen): boolean {
  return other.name === name ? other.seq < seq : other.seq < seen[other.name];
}
