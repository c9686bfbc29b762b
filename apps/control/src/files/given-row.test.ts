import type { TableSchema } from '@lutra/model';
import { expect, it } from 'vitest';
import { keyOf, rowOf } from './given-row.js';

const table: TableSchema = {
  database: 'shop',
  name: 't',
  columns: [
    { name: 'id', type: 'bigint' },
    { name: 'n', type: 'int' },
    { name: 's', type: 'varchar' },
    { name: 'j', type: 'json' },
    { name: 'b', type: 'binary', length: 2 },
    { name: 'f', type: 'double' },
  ],
  primaryKey: ['id', 's'],
};
const none = { id: null, n: null, s: null, j: null, b: null, f: null };

it('values are those of their columns', () => {
  expect(rowOf(table, {})).toEqual(none);
  expect(rowOf(table, { ID: '18446744073709551615', N: '5', s: 7, j: { a: ['b'] }, b: ['b', 'AQI='], f: '0.5' })).toEqual({
    id: 18446744073709551615n,
    n: 5,
    s: '7',
    j: '{"a":["b"]}',
    b: Buffer.from([1, 2]),
    f: 0.5,
  });
  expect(rowOf(table, { id: ['i', '7'], j: '["b", "x"]' })).toEqual({ ...none, id: 7n, j: '["b", "x"]' });
});

it.each([{ id: 'x' }, { id: 1.5 }, { n: '' }, { n: 'x' }, { s: true }, { s: {} }, { b: 'x' }, { f: 'Infinity' }, { other: 1 }])(
  'what is no value of its column is refused: %o',
  (given) => {
    expect(() => rowOf(table, given)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  },
);

it('a key has each column of the primary key, and no other', () => {
  expect(keyOf(table, { id: 1, s: 'a' })).toEqual({ id: 1n, s: 'a' });
  for (const given of [{}, { id: 1 }, { id: 1, s: null }, { id: 1, s: 'a', n: 5 }])
    expect(() => keyOf(table, given)).toThrow('a value for each column of the primary key: id, s');
});
