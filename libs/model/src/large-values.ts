/**
 * What is large, decided once. One call of the engine on a value of this size, or beyond, may hold the event loop for longer than anybody
 * waits for it: so a row with such a value is read in two steps. First its bytes are taken apart, as of any row, and a large value becomes a
 * LargeValue; then finishRow() makes the values, one by one, with turns of the event loop between them. docs/decisions/0024-event-loop.md
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Row, Value } from './table.js';

/** Of a value. */
export const largeValueBytes = 256 * 1024;

/** Of values that are worked on in one turn: of the cheapest work about 10 ms, of the dearest 40. */
export const turnBytes = 4 * 1024 * 1024;

/** Stands in a row for a value that is not made yet. Never leaves the library that put it there. */
export class LargeValue {
  readonly make: () => Value | Promise<Value>;

  constructor(make: () => Value | Promise<Value>) {
    this.make = make;
  }
}

/**
 * Makes the large values of an image, in place, and has a turn of the event loop before and behind each.
 * @param failed what is thrown for a column's error
 */
export async function finishRow(row: Row | null, failed: (error: unknown, column: string) => unknown): Promise<void> {
  if (row === null) return;
  await nextTurn();
  for (const [column, value] of Object.entries<unknown>(row)) {
    if (!(value instanceof LargeValue)) continue;
    try {
      (row as Record<string, Value>)[column] = await value.make();
    } catch (error) {
      throw failed(error, column);
    }
    await nextTurn();
  }
}

/** The positions at which a text is cut so that each piece is worked on in a turn; no pair of surrogates is cut. */
export function* piecesOf(text: string, units = turnBytes / 4): Generator<string> {
  for (let from = 0; from < text.length;) {
    const last = text.charCodeAt(from + units - 1);
    const to = last >= 0xd800 && last < 0xdc00 ? from + units - 1 : from + units;
    yield text.slice(from, to);
    from = to;
  }
}
