/** What capture does for a seed: it reads and publishes rows, again if need be, and says where the seed begins and ends. */
import { namesOf, sourcesOf } from './links.js';
import { region } from './recent-changes.js';
import type { Rules } from './rules.js';
import type { Again, Case, Entry, Region, RegionName, SeedStatement, Statement, World, Write } from './words.js';

export function isOfSeed(statement: Statement): statement is SeedStatement {
  const { do: what } = statement;
  return what === 'read' || what === 'begin' || what === 'end' || what === 'repair' || what === 'restart' || what === 'lost';
}

/** For people. */
export function nameOfWrite(name: RegionName, [first]: Write): string {
  return first && isOfSeed(first) ? `${first.do} ${name}` : `write ${name}`;
}

export function seedEntry(here: Region, statement: SeedStatement): Entry {
  const { marked: seen } = here;
  if (statement.do === 'repair') {
    const row = statement.image === undefined ? (here.rows[statement.key] ?? null) : statement.image;
    return { kind: 'resolution', key: statement.key, row, seen, from: 'A', of: [] };
  }
  if (statement.do === 'lost' || statement.do === 'restart') throw new Error(`${statement.do} leaves no record`);
  const to = statement.to ?? 'all';
  if (statement.do === 'read') return readOf(here, { key: statement.key, by: statement.by ?? 'range', to });
  return { kind: 'seed', phase: statement.do, seen, to, of: [] };
}

type Asked = Pick<Extract<Entry, { kind: 'read' }>, 'key' | 'by' | 'to'>;

function readOf({ rows, marked }: Region, { key, by, to }: Asked): Entry {
  return { kind: 'read', key, by, to, row: rows[key] ?? null, seen: marked, of: [] };
}

/** A seed ends when its targets have everything; home reads when all others have been read. Everything else may happen at any time. */
export function isDue(world: World, name: RegionName, { scripts }: Case, rules: Rules): boolean {
  const here = region(world, name);
  const [next] = scripts[name]?.[here.written] ?? [];
  if (next?.do === 'restart') return isRestarted(world, name, rules);
  if (next?.do === 'end') return rules.seedEnds === 'when published' || isApplied(world, name, rules);
  if (next?.do === 'read' && next.by !== 'repair' && rules.readsWait && here.unequal.length > 0) return false;
  if (next?.do !== 'read' || rules.seedOrder === 'any' || name !== rules.home) return true;
  const others = namesOf(world).filter((other) => other !== name);
  return others.every((other) => {
    const left = (scripts[other] ?? []).slice(region(world, other).written);
    return left.every(([statement]) => statement?.do !== 'read') && isApplied(world, other, rules);
  });
}

/** An order to restart is carried out after its targets know that they may differ. */
function isRestarted(world: World, name: RegionName, rules: Rules): boolean {
  const targets = namesOf(world).filter((target) => sourcesOf(target, namesOf(world), rules).includes(name));
  return rules.raised !== 'first' || targets.every((target) => region(world, target).unequal.some(({ source }) => source === name));
}

/** Every target has all of its log, and asks for nothing again. */
function isApplied(world: World, name: RegionName, rules: Rules): boolean {
  const { pending, log } = region(world, name);
  const names = namesOf(world);
  return (
    pending.length === 0 &&
    names
      .filter((target) => sourcesOf(target, names, rules).includes(name))
      .map((target) => region(world, target))
      .every(({ applied, again }) => applied[name] === log.length && again.every(({ source }) => source !== name))
  );
}

/** Rows of this region's that are to be read again and can be: earlier they would only yield once more. */
export function rereads(world: World, name: RegionName, rules: Rules): readonly Again[] {
  const { applied } = region(world, name);
  const sources = sourcesOf(name, namesOf(world), rules);
  const all = namesOf(world).flatMap((target) => region(world, target).again.filter(({ source }) => source === name));
  return all.filter(({ behind }) => sources.every((source) => applied[source] >= behind[source]));
}

export function readAgain(world: World, name: RegionName, rules: Rules): World {
  const due = rereads(world, name, rules);
  const keys = [...new Set(due.map(({ key }) => key))];
  const regions = Object.entries(world.regions).map(([other, there]) => {
    const again = there.again.filter((one) => !due.includes(one));
    const left = again.length < there.again.length ? { ...there, again } : there;
    const reads = keys.map((key) => readOf(there, { key, by: 'range', to: 'all' }));
    return [other, other === name ? { ...left, pending: [...left.pending, ...reads] } : left] as const;
  });
  return { ...world, regions: Object.fromEntries(regions) };
}

/** A new capture reads once more what it does not know to be applied: what had not been published, and the last row that was. */
export function readOnceMore(here: Region): Region | null {
  const lost = here.pending.filter(({ kind }) => kind === 'read');
  const last = here.log.findLast(({ kind }) => kind === 'read');
  const reads = [...(last ? [last] : []), ...lost].flatMap((entry) => (entry.kind === 'read' ? [readOf(here, entry)] : []));
  return reads.length > 0 ? { ...here, pending: [...here.pending.filter(({ kind }) => kind !== 'read'), ...reads] } : null;
}
