/** Rows that were read at the source, as they came: objects are made of them when somebody asks for them. */
import type { Row } from '@lutra/model';
import type { Images } from '../assemble/changes.js';

export class ReadRows implements Iterable<Row> {
  readonly #rows: readonly Images[];

  constructor(rows: readonly Images[]) {
    this.#rows = rows;
  }

  static of(rows: readonly Row[]): ReadRows {
    return new ReadRows(rows.map((after) => ({ op: 'r', before: null, after })));
  }

  get length(): number {
    return this.#rows.length;
  }

  /** As they came. */
  get asRead(): readonly Images[] {
    return this.#rows;
  }

  *[Symbol.iterator](): Generator<Row, void, void> {
    for (const { after } of this.#rows) if (after) yield after;
  }
}
