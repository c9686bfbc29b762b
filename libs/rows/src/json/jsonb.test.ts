/** What the servers of the integration tests never store: bytes that are no document. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { printDouble } from './json-double.js';
import { jsonbText } from './jsonb.js';

describe('JSON', () => {
  it('of any bytes is text that parses, or an error; nothing is read beyond its end', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc.tuple(fc.constantFrom(0, 1, 2, 3), fc.uint8Array({ maxLength: 60 })).map(([type, rest]) => Uint8Array.of(type, ...rest)),
    );
    const outcome = (random: Uint8Array): string => {
      try {
        JSON.parse(jsonbText(Buffer.from(random)));
        return 'text';
      } catch (error) {
        return (error as Error).name;
      }
    };
    const property = fc.property(bytes, (random) => {
      expect(['text', 'RangeError']).toContain(outcome(random));
    });
    fc.assert(property, { numRuns: 3000 });
  });

  it('prints doubles so that they read back as the same ones, and as doubles', () => {
    const property = fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      const text = printDouble(value);
      expect(Number(text)).toBe(value);
      expect(text).toMatch(/[.e]/);
    });
    fc.assert(property, { numRuns: 2000 });
  });
});
