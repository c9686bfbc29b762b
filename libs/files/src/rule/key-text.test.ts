import type { ColumnSchema, Value } from '@lutra/model';
import { expect, it } from 'vitest';
import { keyCondition, keyTextOf } from './key-text.js';

const columns: readonly (readonly [ColumnSchema, Value, string])[] = [
  [{ name: 'a`b', type: 'bigint', unsigned: true }, 18446744073709551615n, '18446744073709551615'],
  [{ name: 't', type: 'varchar', length: 40, charset: 'utf8mb4' }, "o'ü\\", "_utf8mb4 x'6f27c3bc5c'"],
  [{ name: 'e', type: 'varchar', length: 40, charset: 'utf8mb4' }, '', "_utf8mb4 x''"],
  [{ name: 'b', type: 'binary', length: 3 }, Buffer.from('a'), "x'610000'"],
  [{ name: 'd', type: 'date' }, '2024-02-29', "_latin1'2024-02-29'"],
  [{ name: 's', type: 'timestamp', scale: 3 }, '2024-02-29 01:02:03.456', "_latin1'2024-02-29 01:02:03.456'"],
  [{ name: 'n', type: 'decimal', precision: 5, scale: 2 }, '-1.50', '-1.50'],
  [{ name: 'f', type: 'double' }, 1e-7, '1e-7'],
  [{ name: 'i', type: 'bit', length: 9 }, Buffer.from([1, 2]), '258'],
];

it.each(columns)('a key of %o', (column, value, expected) => {
  const table = { database: 'd', name: 't', columns: [column], primaryKey: [column.name] };
  const key = keyTextOf(table)({ [column.name]: value });
  expect(key).toEqual({ [column.name]: expected });
  expect(keyCondition(key)).toBe(`\`${column.name.replaceAll('`', '``')}\` = ${expected}`);
});

it.each(['1 OR 1=1', "'a' OR 'a'", "''''", "'x'", 'NULL', '(SELECT 1)', "_utf8mb4 x'61' -- ", '1;', "'1'\n", '`a`'])(
  'what is no literal of a key is refused: %s',
  (text) => {
    expect(keyCondition({ id: text })).toBeNull();
  },
);

it('a key of no column is none', () => {
  expect(keyCondition({})).toBeNull();
});
