/**
 * What a writer means to do, made of nothing but the seed: a run with the same seed means the same, whatever became of it the first time.
 * Whether a write inserts or updates shows when the row is looked at.
 */
import type { Random } from '../harness/index.js';
import type { Key, Shape } from './shapes.js';
import type { Value } from './values.js';

export interface Intent {
  readonly shape: Shape;
  readonly key: Key;
  readonly does: 'write' | 'delete' | 'move';
  /** `move`: the new key. */
  readonly to: Key;
  /** Of all columns: an insert needs them. */
  readonly values: Readonly<Record<string, Value>>;
  /** What an update changes. */
  readonly changed: readonly string[];
}

export interface Author {
  /** `a.3`: the third writer of side a. */
  readonly name: string;
  readonly shapes: readonly Shape[];
  /** Share of statements on rows that everybody writes. */
  readonly hotShare: number;
}

/** Transactions for which all writers turn to one table: else a fast machine would see few conflicts. */
const turn = 8;
/** Keys that everybody writes at a time, and how far they move on after how many transactions. */
const stretch = { keys: 8, step: 4, transactions: 4 * turn };

/** One to four statements. `n`: number of the transaction. */
export function intentsOf({ name, shapes, hotShare }: Author, random: Random, n: number): readonly Intent[] {
  const focus = shapes[Math.floor(n / turn) % shapes.length] ?? random.pick(shapes);
  return Array.from({ length: random.int(1, 4) }, () => {
    const shape = random.chance(0.6) ? focus : random.pick(shapes);
    const owner = random.chance(hotShare) ? 'hot' : name;
    const keys = owner === 'hot' ? stretchOf(shape.hot, n) : shape.own(name);
    const chance = random.next();
    const does = chance < shape.deletes ? 'delete' : chance < shape.deletes + shape.moves ? 'move' : 'write';
    const values = Object.entries(shape.columns).map(([column, { make }]) => [column, make(random, { owner, n })] as const);
    const all = Object.keys(shape.columns);
    const changed = all.filter((column) => column === 'version' || random.chance(0.5));
    return {
      shape,
      does,
      key: random.chance(0.3) && keys[0] ? keys[0] : random.pick(keys),
      to: random.pick(keys),
      values: Object.fromEntries(values),
      changed: changed.length > 0 ? changed : all,
    };
  });
}

function stretchOf(keys: readonly Key[], n: number): readonly Key[] {
  const from = Math.floor(n / stretch.transactions) * stretch.step;
  return keys.length <= stretch.keys ? keys : Array.from({ length: stretch.keys }, (_, i) => keys[(from + i) % keys.length] as Key);
}
