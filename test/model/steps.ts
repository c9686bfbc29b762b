/**
 * Everything that may happen next: an application's transaction commits, a capture publishes one more record or crashes and publishes
 * resolutions again, a loader applies what comes next. A loader that crashes before its COMMIT has done nothing, one that crashes after it
 * finds its checkpoint: neither is a step.
 */
import { load } from './loader.js';
import { namesOf, sourcesOf } from './links.js';
import type { Pipeline } from './links.js';
import { answered, newWorker, workerSteps } from './repair.js';
import { changed } from './rows.js';
import { region } from './recent-changes.js';
import { isDue, isOfSeed, nameOfWrite, readAgain, readOnceMore, rereads, seedEntry } from './seed-steps.js';
import type { Rules } from './rules.js';
import type { Case, Change, Entry, Region, RegionName, Row, Rows, SeedStatement, Seen, Statement, World, Write } from './words.js';

export interface Step {
  /** For people: `write A`, `publish B`, `A→B`, `A→B ×2`. A free decision has its number behind. */
  readonly name: string;
  readonly world: World;
}

const nothing: Seen = { A: 0, B: 0, C: 0, D: 0 };

export function initial(example: Case, rules: Rules): World {
  const { start, starts, at, scripts } = example;
  const none = {
    written: 0,
    pending: [],
    log: [],
    applied: nothing,
    marked: nothing,
    seeding: [],
    unequal: [],
    again: [],
    clashes: [],
  } as const;
  const fresh = (name: RegionName): Region => ({ ...none, rows: starts?.[name] ?? start, ...at?.[name] });
  const regions = Object.fromEntries((Object.keys(scripts) as RegionName[]).map((name) => [name, fresh(name)]));
  return { regions, crashesLeft: rules.crashes, ...(example.repair && { worker: newWorker(rules) }) };
}

export function nextSteps(world: World, example: Case, rules: Rules): readonly Step[] {
  const { scripts } = example;
  const names = namesOf(world);
  const steps: Step[] = [];
  for (const name of names) {
    const write = scripts[name]?.[region(world, name).written];
    if (write && isDue(world, name, example, rules))
      steps.push({ name: nameOfWrite(name, write), world: update(world, name, committed(region(world, name), write)) });
    if (rereads(world, name, rules).length > 0) steps.push({ name: `read again ${name}`, world: readAgain(world, name, rules) });
    if (region(world, name).pending.length > 0)
      steps.push({ name: `publish ${name}`, world: update(world, name, published(region(world, name), rules)) });
    const again = world.crashesLeft > 0 ? afterCrash(region(world, name), rules) : null;
    if (again) steps.push({ name: `crash ${name}`, world: { ...update(world, name, again), crashesLeft: world.crashesLeft - 1 } });
    for (const source of sourcesOf(name, names, rules)) steps.push(...loads(world, { source, target: name }, { example, rules }));
  }
  if (example.repair && world.worker) steps.push(...workerSteps(world, { repair: example.repair, example, rules }));
  return rules.capture === 'step' ? steps : steps.map(({ name, world }) => ({ name, world: allPublished(world) }));
}

function allPublished(world: World): World {
  if (Object.values(world.regions).every(({ pending }) => pending.length === 0)) return world;
  const regions = Object.entries(world.regions).map(([name, here]) => [
    name,
    here.pending.length > 0 ? { ...here, pending: [], log: [...here.log, ...here.pending] } : here,
  ]);
  return { ...world, regions: Object.fromEntries(regions) };
}

function loads(world: World, pipeline: Pipeline, { example, rules }: { example: Case; rules: Rules }): readonly Step[] {
  const arrow = `${pipeline.source}→${pipeline.target}`;
  const counts = Array.from({ length: rules.merge }, (_, index) => index + 1);
  return counts.flatMap((count) =>
    load(world, pipeline, count, rules).map((next, index) => ({
      name: `${arrow}${count > 1 ? ` ×${count}` : ''}${index > 0 ? ` (${index})` : ''}`,
      world: example.repair ? answered(world, next, pipeline, rules) : next,
    })),
  );
}

/** What the application's transaction does to the rows as they are now. */
export function committed(here: Region, write: Write): Region {
  const changes: Change[] = [];
  let rows = here.rows;
  for (const statement of write) {
    if (isOfSeed(statement)) return ofSeed(here, statement);
    const change = changeOf(rows, statement);
    if (!change) continue;
    changes.push(change);
    rows = changed(rows, change);
  }
  const entries: readonly Entry[] = changes.length > 0 ? [{ kind: 'local', changes, seen: here.marked, path: [], of: [] }] : [];
  return { ...here, rows, written: here.written + 1, pending: [...here.pending, ...entries] };
}

function ofSeed(here: Region, statement: SeedStatement): Region {
  const written = here.written + 1;
  if (statement.do === 'lost') return { ...here, written, rows: committed(here, statement.write).rows };
  if (statement.do === 'restart') return { ...here, written };
  return { ...here, written, pending: [...here.pending, seedEntry(here, statement)] };
}

const blank: Row = { v: '', ver: 0, n: 0, u: null };

function changeOf(rows: Rows, statement: Exclude<Statement, SeedStatement>): Change | null {
  const before = rows[statement.key] ?? null;
  if ((before === null) !== (statement.do === 'insert')) return null;
  const after = afterOf(before, statement);
  const isMove = statement.do === 'move' && statement.to !== statement.key;
  if (isMove && rows[statement.to]) return null;
  const isTaken =
    after !== null && after.u !== null && Object.entries(rows).some(([key, row]) => key !== statement.key && row.u === after.u);
  const isIdle = before !== null && after !== null && JSON.stringify(before) === JSON.stringify(after);
  if (isTaken || (isIdle && !isMove)) return null;
  return { key: statement.key, ...(isMove ? { to: statement.to } : {}), before, after };
}

function afterOf(before: Row | null, statement: Exclude<Statement, SeedStatement>): Row | null {
  if (statement.do === 'delete') return null;
  if (statement.do === 'insert') return { ...blank, ...statement.row };
  const add = statement.do === 'update' ? (statement.add ?? 0) : 0;
  return { ...before!, ...statement.set, n: (statement.set?.n ?? before!.n) + add };
}

function published(here: Region, rules: Rules): Region {
  const [next, ...pending] = here.pending;
  const record =
    rules.resolutions === 'read by capture' && next!.kind === 'resolution' ? { ...next!, row: here.rows[next!.key] ?? null } : next!;
  return { ...here, pending, log: [...here.log, record] };
}

/** A new capture resumes behind the last transaction in the log; resolution records after it are published once more, under new numbers. */
function afterCrash(here: Region, { torn }: Rules): Region | null {
  if (torn === 'reads') return readOnceMore(here);
  if (torn !== 'nothing') return afterTear(here, torn);
  const last = here.log.findLastIndex((entry) => entry.kind === 'local');
  const again = here.log.slice(last + 1);
  return again.length > 0 ? { ...here, pending: [...again, ...here.pending] } : null;
}

/** It goes on behind the last row: behind resolutions of the same transaction, and knowing only what had been seen before it. */
function afterTear(here: Region, torn: Rules['torn']): Region | null {
  const last = here.log.at(-1);
  if (last?.kind !== 'local' || last.path.length === 0) return null;
  if (torn === 'what was seen') return here.pending.length > 0 || here.marked === last.seen ? null : { ...here, marked: last.seen };
  if (here.pending[0]?.kind !== 'resolution') return null;
  const next = here.pending.findIndex((entry) => entry.kind === 'local');
  return { ...here, pending: next < 0 ? [] : here.pending.slice(next) };
}

function update(world: World, name: RegionName, next: Region): World {
  return { ...world, regions: { ...world.regions, [name]: next } };
}
