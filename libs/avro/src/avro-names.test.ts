import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { avroName } from './avro-names.js';

/** The inverse: what a consumer that wants the names back does. */
function nameFromAvro(name: string): string {
  return name.replace(/_x([0-9a-f]+)_/g, (_, hex: string) => String.fromCodePoint(Number.parseInt(hex, 16)));
}

it.each([
  ['orders', 'orders'],
  ['_order_2', '_order_2'],
  ['pos_x', 'pos_x'],
  ['a-b', 'a_x2d_b'],
  ['2024', '_x32_024'],
  ['__proto__', '_x5f__proto__'],
  ['_x5f__proto__', '_x5f_x5f__proto__'],
  ['ключ', '_x43a__x43b__x44e__x447_'],
  ['😀', '_x1f600_'],
  ['a_x2d_b', 'a_x5f_x2d_b'],
  ['pos_x-y', 'pos_x5f_x_x2d_y'],
  [' ', '_x20_'],
])('%j is %j in Avro', (name, avro) => {
  expect(avroName(name)).toBe(avro);
  expect(nameFromAvro(avro)).toBe(name);
});

it('any name becomes a legal one and comes back, so no two names meet', () => {
  const pieces = fc.constantFrom('_', 'x', '_x', '2d', '_x2d_', '-', '5f', '1', 'é', '_x5f_');
  const names = fc.oneof(
    fc.string({ unit: 'binary', minLength: 1 }),
    fc.array(pieces, { minLength: 1 }).map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(names, (name) => {
      expect(avroName(name)).toMatch(/^[A-Za-z_][A-Za-z0-9_]*$/);
      expect(nameFromAvro(avroName(name))).toBe(name);
    }),
    { numRuns: 1000 },
  );
}, 60_000);

it('the empty name is refused', () => {
  expect(() => avroName('')).toThrow(expect.objectContaining({ code: 'INTERNAL' }));
});
