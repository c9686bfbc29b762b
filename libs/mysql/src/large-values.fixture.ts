/** Large values, what they are at the server, and how long the event loop was held up meanwhile. */
import { createHash } from 'node:crypto';
import type { Row } from '@lutra/model';

const mebibyte = 2 ** 20;

/** Bytes that no compression makes smaller, the same each time. */
export function noise(mebibytes: number): Buffer {
  const bytes = Buffer.allocUnsafe(mebibytes * mebibyte);
  for (let at = 0, x = mebibytes; at < bytes.length; at += 4) {
    x = (Math.imul(x, 1_664_525) + 1_013_904_223) >>> 0;
    bytes.writeUInt32LE((x ^ (x >>> 13)) >>> 0, at);
  }
  return bytes;
}

/** A column's bytes, of a text its UTF-8. */
export function utf8(column: string): string {
  return column.startsWith('b') ? column : `CONVERT(${column} USING utf8mb4)`;
}

/** SHA-256 of each value but the key, as SHA2(utf8(column), 256) has it. */
export function digestsOf(row: Row): unknown {
  const digest = (value: unknown): string | null =>
    value === null
      ? null
      : createHash('sha256')
          .update(value as Buffer | string)
          .digest('hex');
  const values = Object.entries(row).filter(([name]) => name !== 'id');
  return Object.fromEntries(values.map(([name, value]) => [name, digest(value)]));
}

/** How often others had their turn, and the longest time that they waited for it, in ms. */
export function countTurns(): { end(): { readonly count: number; readonly longest: number } } {
  let [count, longest, last] = [0, 0, performance.now()];
  const timer = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    count += 1;
  }, 5);
  return {
    end: () => {
      clearInterval(timer);
      return { count, longest: Math.max(longest, performance.now() - last) };
    },
  };
}
