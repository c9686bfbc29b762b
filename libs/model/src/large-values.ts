/**
 * What is large, decided once. One call of the engine on a value of this size, or beyond, may hold the event loop for longer than anybody
 * waits for it: so a row with such a value is read in two steps. First its bytes are taken apart, as of any row, and a large value becomes
 * a LargeValue; then finishRow() makes the values, one by one, with turns of the event loop between them. docs/decisions/0024-event-loop.md
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Row, Value } from './table.js';

/** Of a value. */
export const largeValueBytes = 256 * 1024;

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
