/**
 * Requests for many nodes. Some at once, since the client's parser works recursively through what comes in one packet. The event loop has a
 * turn between two parts: the answers to one come together, and what is done with them would else send the next part in the same turn.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';

const atOnce = 50;

/** The results in the order of `all`. */
export async function inParts<T, Result>(all: readonly T[], ask: (one: T) => Promise<Result>): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (let at = 0; at < all.length; at += atOnce) {
    if (at > 0) await nextTurn();
    results.push(...(await Promise.all(all.slice(at, at + atOnce).map((one) => ask(one)))));
  }
  return results;
}
