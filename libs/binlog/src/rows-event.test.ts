/** Rows that cannot be decoded: an operator must find them. */
import { expect, it } from 'vitest';
import type { TableVersion } from './columns.js';
import { rowsDecoder } from './rows-event.js';

const version: TableVersion = {
  schema: {
    database: 'shop',
    name: 'files',
    columns: [
      { name: 'id', type: 'int', unsigned: false },
      { name: 'note', type: 'text', charset: 'utf8mb4' },
    ],
    primaryKey: ['id'],
  },
  columns: [
    { schema: { name: 'id', type: 'int', unsigned: false }, raw: {} },
    { schema: { name: 'note', type: 'text', charset: 'utf8mb4' }, raw: { prefix: 1 } },
  ],
};
const insert = { op: 'c', extra: false } as const;
/** Table id and flags, two columns, both present, none null, id = 5. */
const head = [1, 0, 0, 0, 0, 0, 0, 0, 2, 0b11, 0, 5, 0, 0, 0];
const decode = (...note: readonly number[]): unknown => rowsDecoder(version).decode(Buffer.from([...head, ...note]), insert);

it('names the key that stands behind a text that is none', () => {
  const columns = version.schema.columns.toReversed();
  const swapped = { schema: { ...version.schema, columns }, columns: version.columns.toReversed() };
  const rows = Buffer.from([...head.slice(0, 11), 1, 0xff, 5, 0, 0, 0]);
  const details = { database: 'shop', table: 'files', column: 'note', key: 'id=5' };
  expect(() => rowsDecoder(swapped).decode(rows, insert)).toThrow(expect.objectContaining({ code: 'VALUE_UNSUPPORTED', details }));
});

it('names table, column and key of a value that is no text, and of one that ends early', () => {
  expect(decode(1, 0x61)).toEqual([{ before: null, after: { id: 5, note: 'a' } }]);
  const details = { database: 'shop', table: 'files', column: 'note', key: 'id=5' };
  expect(() => decode(1, 0xff)).toThrow(
    expect.objectContaining({ code: 'VALUE_UNSUPPORTED', message: expect.stringContaining('shop.files.note'), details }),
  );
  expect(() => decode(9, 0x61)).toThrow(
    expect.objectContaining({ code: 'BINLOG_DECODE', message: expect.stringContaining('shop.files.note, id=5'), details }),
  );
});
