/** What a step of the worker leaves in the world. */
import { region } from './recent-changes.js';
import type { Rules } from './rules.js';
import type { Case, Entry, Key, Looked, Region, RegionName, RepairCase, World } from './words.js';

export interface Repairing {
  readonly repair: RepairCase;
  readonly example: Case;
  readonly rules: Rules;
}

export interface Step {
  readonly name: string;
  readonly world: World;
}

export function sides({ source, target, winner }: RepairCase): { readonly winner: RegionName; readonly loser: RegionName } {
  return { winner, loser: winner === source ? target : source };
}

interface Done {
  readonly name: string;
  readonly outcome?: Looked['outcome'];
  readonly isListed?: true;
}

export function set(world: World, key: Key, { name, outcome = 'sent', isListed }: Done): Step {
  const worker = world.worker!;
  const listed = isListed ? [...new Set([...worker.listed, key])].sort() : worker.listed;
  const known = worker.looked[key]!;
  const looked = { ...worker.looked, [key]: { ...known, outcome, tries: known.tries + (outcome === 'sent' ? 1 : 0) } };
  return { name: `${name} ${key}`, world: { ...world, worker: { ...worker, looked, listed } } };
}

export function append(world: World, name: RegionName, entry: Entry): World {
  return put(world, name, { pending: [...region(world, name).pending, entry] });
}

export function put(world: World, name: RegionName, next: Partial<Region>): World {
  return { ...world, regions: { ...world.regions, [name]: { ...region(world, name), ...next } } };
}
