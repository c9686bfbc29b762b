/**
 * All interleavings of a case, each state once: how many there are, how many end badly, and the shortest of those.
 */
import { initial, nextSteps } from './steps.js';
import { verdict } from './verdict.js';
import type { Case, Region, RegionName, Rules, World } from './words.js';

export interface Explored {
  readonly states: number;
  readonly interleavings: number;
  readonly bad: number;
  /** The shortest interleaving that ends badly, with what is wrong at its end. */
  readonly shortest: readonly string[] | null;
}

interface Found {
  readonly good: number;
  readonly bad: number;
  readonly length: number;
  readonly step: string;
  readonly next: Found | null;
}

export function explore(example: Case, rules: Rules): Explored {
  const found = new Map<string, Found>();
  const names = new Interned();
  const { good, bad, ...worst } = visit(initial(example, rules));
  return { states: found.size, interleavings: good + bad, bad, shortest: bad > 0 ? path({ good, bad, ...worst }) : null };

  function visit(world: World): Found {
    const key = names.world(world);
    const known = found.get(key);
    if (known) return known;
    const steps = nextSteps(world, example, rules);
    const done = isQuiet(world, example) ? ended(world, example, rules) : null;
    if (!done && steps.length === 0) throw new Error('nothing can happen any more');
    const result = steps.reduce(
      (sum, step) => {
        const next = visit(step.world);
        const isShorter = next.bad > 0 && (sum.bad === 0 || next.length + 1 < sum.length);
        const best = isShorter
          ? { length: next.length + 1, step: step.name, next }
          : { length: sum.length, step: sum.step, next: sum.next };
        return { good: sum.good + next.good, bad: sum.bad + next.bad, ...best };
      },
      done ?? { good: 0, bad: 0, length: 0, step: '', next: null },
    );
    found.set(key, result);
    return result;
  }
}

/** Everything written, published and applied. */
export function isQuiet(world: World, { scripts }: Case): boolean {
  const regions = Object.entries(world.regions) as [RegionName, Region][];
  return regions.every(
    ([name, here]) =>
      here.written === (scripts[name]?.length ?? 0) &&
      here.pending.length === 0 &&
      regions.every(([other, there]) => other === name || here.applied[other] === there.log.length),
  );
}

function ended(world: World, example: Case, rules: Rules): Found {
  const wrong = verdict(world, example, rules);
  return wrong === null ? { good: 1, bad: 0, length: 0, step: '', next: null } : { good: 0, bad: 1, length: 0, step: wrong, next: null };
}

function path(found: Found): readonly string[] {
  return found.next ? [found.step, ...path(found.next)] : [found.step];
}

/** Short names for equal things: a state's key is a few numbers. */
class Interned {
  readonly #numbers = new Map<string, number>();
  readonly #known = new WeakMap<object, number>();

  world({ regions, crashesLeft }: World): string {
    const each = Object.values(regions).map(
      ({ rows, written, pending, log, applied }) =>
        `${this.#number(rows)} ${written} ${this.#list(pending)} ${this.#list(log)} ${this.#number(applied)}`,
    );
    return `${crashesLeft}|${each.join('|')}`;
  }

  #list(entries: readonly object[]): string {
    return entries.map((entry) => this.#number(entry)).join(',');
  }

  #number(part: object): number {
    const known = this.#known.get(part);
    if (known !== undefined) return known;
    const text = JSON.stringify(part);
    const number = this.#numbers.get(text) ?? this.#numbers.size;
    this.#numbers.set(text, number);
    this.#known.set(part, number);
    return number;
  }
}
