import { ByteReader } from '@lutra/bytes';
import { SyncError } from '@lutra/model';
import type { ColumnType, RowImage } from '@lutra/model';
import { expect, test } from 'vitest';
import { textDecoder, type WireColumn } from '@lutra/rows';
import { jsonbText } from '../../rows/src/json/jsonb.js';
import { rowsDecoder } from './rows-event.js';

const update = { op: 'u', extra: false } as const;
const repeated = (count: number, ...bytes: readonly number[]): Buffer => Buffer.alloc(count * bytes.length, Buffer.from(bytes));

function decoderOf(type: ColumnType, charset?: string): ReturnType<typeof rowsDecoder> {
  const columns: readonly WireColumn[] = [
    { schema: { name: 'id', type: 'int', unsigned: false }, raw: {} },
    { schema: { name: 'v', type, ...(charset !== undefined && { charset }) }, raw: { prefix: 4 } },
  ];
  return rowsDecoder({ schema: { database: 'd', name: 't', columns: columns.map(({ schema }) => schema), primaryKey: ['id'] }, columns });
}

/** An update whose images have these values. */
function updateBody(before: Buffer, after: Buffer): Buffer {
  const image = (value: Buffer): Buffer => {
    const head = Buffer.alloc(9);
    head.writeInt32LE(7, 1);
    head.writeUInt32LE(value.length, 5);
    return Buffer.concat([head, value]);
  };
  return Buffer.concat([Buffer.alloc(8), Buffer.from([2, 0b11, 0b11]), image(before), image(after)]);
}

async function decoded(decoder: ReturnType<typeof rowsDecoder>, body: Buffer): Promise<readonly RowImage[]> {
  const rows = decoder.decode(body, update);
  await decoder.finish(rows);
  return rows;
}

/** A large array of doubles, or of what is given in 9 bytes with its type. */
function arrayOf(count: number, type: number, value: (i: number) => Buffer): Buffer {
  const values = Array.from({ length: count }, (_, i) => value(i));
  const head = Buffer.alloc(1 + 8 + 5 * count);
  head[0] = 3;
  head.writeUInt32LE(count, 1);
  let at = 8 + 5 * count;
  for (const [i, bytes] of values.entries()) {
    head[9 + 5 * i] = type;
    head.writeUInt32LE(at, 10 + 5 * i);
    at += bytes.length;
  }
  head.writeUInt32LE(at, 5);
  return Buffer.concat([head, ...values]);
}

function double(i: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(Math.sin(i) * 1e5);
  return bytes;
}

const size = 300 * 1024;

test.each([
  ['doubles', arrayOf(30_000, 0x0b, double)],
  ['decimals', arrayOf(30_000, 0x0f, () => Buffer.from([246, 7, 10, 2, 0x80, 0, 0, 12, 50]))],
  ['a string of quotes', Buffer.concat([Buffer.from([0x0c, 0x80, 0xa8, 0x12]), Buffer.alloc(size, '"')])],
])('a large document is decoded beside to the same text: %s', async (_, bytes) => {
  const [row] = await decoded(decoderOf('json'), updateBody(bytes, Buffer.alloc(0)));
  expect(row?.before?.['v']).toBe(jsonbText(bytes));
  expect(row?.after).toEqual({ id: 7, v: 'null' });
});

test.each([
  ['utf8mb4', repeated(size, 0xf0, 0x9f, 0x98, 0x80)],
  ['utf8mb4', repeated(size, 0xef, 0xbf, 0xbd)],
  ['utf8mb4', repeated(size, 0xf4, 0x8f, 0xbf, 0xbf)],
  ['utf8mb3', repeated(size, 0xed, 0xa0, 0x80)],
  ['latin1', repeated(size, 0x93)],
  ['gbk', repeated(size, 0xc4, 0xe3)],
  ['ucs2', repeated(size, 0xd8, 0x3d)],
])('a large text in %s is the same text', async (charset, bytes) => {
  const [row] = await decoded(decoderOf('text', charset), updateBody(bytes, bytes));
  const text = textDecoder(charset)!(new ByteReader(bytes), bytes.length, 'd.t.v');
  expect(row?.before?.['v'] === text && row.after?.['v'] === text).toBe(true);
});

test('what is no value is refused with table, column and key, as in an ordinary row', async () => {
  const details = { database: 'd', table: 't', column: 'v', key: 'id=7' };
  const notText = decoded(decoderOf('text', 'utf8mb4'), updateBody(Buffer.alloc(size, 0xff), Buffer.alloc(0)));
  await expect(notText).rejects.toThrow(SyncError);
  await expect(notText).rejects.toMatchObject({ code: 'VALUE_UNSUPPORTED', details, message: expect.stringContaining('d.t.v') });
  await expect(notText).rejects.toMatchObject({ refused: { table: { database: 'd', name: 't', code: 'VALUE_UNSUPPORTED' } } });
  const notJson = decoded(decoderOf('json'), updateBody(Buffer.alloc(size, 0x42), Buffer.alloc(0)));
  await expect(notJson).rejects.toMatchObject({ code: 'BINLOG_DECODE', details, message: expect.stringContaining('d.t.v, id=7') });
});
