/**
 * What each writer's own rows must hold: rows that nobody else writes meet no conflict, so the last write that was committed is there,
 * everywhere. And what counters must hold that everybody writes: the sum, the greatest, the smallest of all that was committed, in whatever
 * order.
 */
import type { Written } from './history.js';
import type { Key, Shape } from './shapes.js';
import type { StoredRow, Stored } from './stored.js';
import { isStep, stepped, textOf, type Value, zero } from './values.js';

interface Expected {
  readonly shape: Shape;
  readonly identity: string;
  /** Null: no row. */
  row: StoredRow | null;
}

export class ExpectedRows {
  readonly #shapes: ReadonlyMap<string, Shape>;
  /** `table|identity` */
  readonly #own = new Map<string, Expected>();
  readonly #counters = new Map<string, Expected>();

  constructor(shapes: readonly Shape[]) {
    this.#shapes = new Map(shapes.map((shape) => [shape.name, shape]));
    for (const shape of shapes.filter(isCounter)) {
      for (const key of shape.hot)
        this.#counters.set(`${shape.name}|${shape.identity(key)}`, { shape, identity: shape.identity(key), row: {} });
    }
  }

  /** Of one transaction that was committed; each writer's in order. */
  take(writer: string, changes: readonly Written[]): void {
    for (const change of changes) {
      const shape = this.#shapes.get(change.table);
      if (!shape) continue;
      const own = new Set(shape.own(writer).map(shape.identity));
      if (own.has(shape.identity(change.key))) this.#change(shape, change);
      else this.#count(shape, change);
    }
  }

  get size(): number {
    return this.#own.size;
  }

  /** In words, what is not there at a site. */
  differences(stored: Stored): string[] {
    const all = [...this.#own.values(), ...this.#counters.values()];
    return all.flatMap(({ shape, identity, row }) => {
      const there = stored.get(shape.name)?.get(identity);
      const what = `${shape.name} ${identity}`;
      if (!row) return there ? [`${what}: deleted by its only writer, and there as ${there['stamp']}`] : [];
      if (!there) return [`${what}: written by ${row['stamp'] ?? 'everybody'}, and not there`];
      const wrong = Object.keys(row).filter((column) => row[column] !== there[column]);
      return wrong.map((column) => `${what}: ${column} is ${there[column]}, it must be ${row[column]} (row of ${there['stamp']})`);
    });
  }

  #change(shape: Shape, { key, op, to = key, stamp, set }: Written): void {
    const at = (where: Key): Expected => ({ shape, identity: shape.identity(where), row: null });
    const id = `${shape.name}|${shape.identity(key)}`;
    const before = this.#own.get(id)?.row ?? {};
    this.#own.set(id, at(key));
    if (op === 'd') return;
    const row = { ...before, ...applied(before, set), stamp };
    this.#own.set(`${shape.name}|${shape.identity(to)}`, { ...at(to), row });
  }

  #count(shape: Shape, { key, set }: Written): void {
    const counter = this.#counters.get(`${shape.name}|${shape.identity(key)}`);
    const steps = Object.entries(set).filter(([, value]) => isStep(value));
    if (counter?.row) counter.row = { ...counter.row, ...applied(counter.row, Object.fromEntries(steps)) };
  }
}

/** Never deleted, and all steps commute. */
function isCounter({ name }: Shape): boolean {
  return name === 'counters';
}

function applied(before: StoredRow, set: Readonly<Record<string, Value>>): StoredRow {
  const values = Object.entries(set).map(([column, value]) => [
    column,
    isStep(value) ? stepped(before[column] ?? zero(value), value) : textOf(value),
  ]);
  return Object.fromEntries(values) as StoredRow;
}
