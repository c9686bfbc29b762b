/** Rows that were read at the source, as they came: objects are made of them when somebody asks for them. */
import type { LoggedImages, Row, RowEvent } from '@lutra/model';
import type { Images } from '../assemble/changes.js';

export class ReadRows implements Iterable<Row> {
  /** Of each row what it is made of, and nothing else of its event: a chunk is held while the one before it is written. */
  readonly #rows: (LoggedImages | { readonly row: Row | null })[] = [];

  static of(rows: Iterable<Row>): ReadRows {
    const read = new ReadRows();
    for (const row of rows) read.#rows.push({ row });
    return read;
  }

  add(event: RowEvent): void {
    this.#rows.push(event.images ?? { row: event.after });
  }

  get length(): number {
    return this.#rows.length;
  }

  /** As they came. */
  *asRead(): Generator<Images, void, void> {
    for (const one of this.#rows)
      yield 'row' in one ? { op: 'r', before: null, after: one.row } : { op: 'r', before: null, after: null, images: one };
  }

  *[Symbol.iterator](): Generator<Row, void, void> {
    for (const one of this.#rows) {
      const row = 'row' in one ? one.row : one.afterRow;
      if (row) yield row;
    }
  }
}
