/** What is refused: values that are none of their column's, records that no encoder of ours wrote, schemas that are not the writer's. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ColumnSchema, type ControlRecord, headerNames, type LogRecord, type RowEvent, SyncError, type Value } from '@lutra/model';
import { fromHeaders } from '../src/headers.js';
import { RecordDecoder, type RawRecord } from '../src/index.js';
import { codec, eventOf, header, MemoryIds, raw, rowOf, tableOf } from './samples.js';

const otherType = 'INTERNAL';
const outOfRange = 'VALUE_UNSUPPORTED';
const lone = String.fromCharCode(0xd800);

const refused: readonly (readonly [Omit<ColumnSchema, 'name'>, unknown, string])[] = [
  [{ type: 'tinyint' }, 128, outOfRange],
  [{ type: 'tinyint' }, -129, outOfRange],
  [{ type: 'tinyint', unsigned: true }, -1, outOfRange],
  [{ type: 'mediumint' }, 2 ** 23, outOfRange],
  [{ type: 'int' }, 2 ** 31, outOfRange],
  [{ type: 'int' }, 1.5, outOfRange],
  [{ type: 'int' }, Number.NaN, outOfRange],
  [{ type: 'int', unsigned: true }, 2 ** 32, outOfRange],
  [{ type: 'int' }, '1', otherType],
  [{ type: 'int' }, 1n, otherType],
  [{ type: 'int' }, undefined, otherType],
  [{ type: 'int' }, true, otherType],
  [{ type: 'year' }, 2156, outOfRange],
  [{ type: 'bigint' }, '1', otherType],
  [{ type: 'bigint' }, 1, otherType],
  [{ type: 'bigint' }, 2n ** 63n, outOfRange],
  [{ type: 'bigint' }, -(2n ** 63n) - 1n, outOfRange],
  [{ type: 'bigint', unsigned: true }, -1n, outOfRange],
  [{ type: 'bigint', unsigned: true }, 2n ** 64n, outOfRange],
  [{ type: 'float' }, 1.1, outOfRange],
  [{ type: 'float' }, Number.POSITIVE_INFINITY, outOfRange],
  [{ type: 'double' }, Number.NaN, outOfRange],
  [{ type: 'double' }, '1.1', otherType],
  ...[
    '1',
    '1.5',
    '1.555',
    '1,50',
    '.50',
    '-.50',
    '',
    '-',
    '1.5a',
    ' 1.50',
    '+1.50',
    '1e1',
    '1.5.0',
    '123456.00',
    '１.00',
    '1.-0',
    '--1.00',
  ].map((value) => [{ type: 'decimal', precision: 7, scale: 2 }, value, outOfRange] as const),
  ...['1.', '1.0', '', '-', '12345678'].map((value) => [{ type: 'decimal', precision: 7, scale: 0 }, value, outOfRange] as const),
  [{ type: 'decimal', precision: 7, scale: 2, unsigned: true }, '-0.01', outOfRange],
  [{ type: 'decimal', precision: 7, scale: 2 }, 1.5, otherType],
  [{ type: 'decimal', precision: 65, scale: 0 }, '9'.repeat(66), outOfRange],
  [{ type: 'bit', length: 9 }, Buffer.from([1]), outOfRange],
  [{ type: 'bit', length: 9 }, Buffer.from([2, 0]), outOfRange],
  [{ type: 'bit', length: 1 }, 1, otherType],
  [{ type: 'blob' }, 'text', otherType],
  [{ type: 'varchar' }, Buffer.from('text'), otherType],
  [{ type: 'varchar' }, lone, outOfRange],
  [{ type: 'text' }, `${'a'.repeat(100)}${lone}`, outOfRange],
  [{ type: 'json' }, { a: 1 }, otherType],
  [{ type: 'datetime', scale: 0 }, new Date(0), otherType],
];

describe('values', () => {
  it.each(refused)('%j refuses %o with %s, naming table and column, not the value', async (column, value, code) => {
    const table = tableOf([
      { name: 'fine', type: 'int' },
      { name: 'v', ...column },
    ]);
    const prepared = await codec().encoder.prepare(table);
    const row = rowOf([
      ['fine', 1],
      ['v', value as Value],
    ]);
    const encode = () => prepared.encode(header, eventOf(table, { before: null, after: row }));
    expect(encode).toThrow(expect.objectContaining({ code, details: { table: 'shop.orders', column: 'v' } }));
    expect(encode).toThrow(/^shop\.orders\.v: /);
  });

  it('an encoder that refused a row writes the next one whole', async () => {
    const table = tableOf([{ name: 'v', type: 'int' }], ['v']);
    const { encoder, decoder } = codec();
    const prepared = await encoder.prepare(table);
    const good = eventOf(table, { before: null, after: rowOf([['v', 1]]) });
    expect(() => prepared.encode(header, eventOf(table, { before: null, after: rowOf([['v', 'x']]) }))).toThrow(SyncError);
    expect(() => prepared.encode(header, { ...good, source: { ...good.source, pos: 0.5 } })).toThrow(SyncError);
    expect((await decoder.decode(raw(prepared.encode(header, good)))).body).toEqual({ kind: 'row', table, event: good });
  });

  it('events that are not of the table, of no image, or with a null in the key are refused', async () => {
    const table = tableOf([{ name: 'v', type: 'int' }], ['v']);
    const prepared = await codec().encoder.prepare(table);
    const good = eventOf(table, { before: null, after: rowOf([['v', 1]]) });
    const internal = (event: RowEvent) =>
      expect(() => prepared.encode(header, event)).toThrow(expect.objectContaining({ code: 'INTERNAL' }));
    internal({ ...good, source: { ...good.source, table: 'other' } });
    internal({ ...good, after: null });
    internal({ ...good, after: rowOf([['v', null]]) });
    internal({ ...good, tsMs: 0.5 });
    internal({ ...good, transaction: { ...good.transaction, totalOrder: 2 ** 53 } });
    internal({ ...good, source: { ...good.source, path: 'hangzhou' as never } });
    expect(() => prepared.encode({ ...header, kind: 'epoch' }, good)).toThrow(expect.objectContaining({ code: 'INTERNAL' }));
  });

  it('control records that are not what their type says are refused', async () => {
    const { encoder } = codec();
    const record = { kind: 'epoch', endpoint: 'e', leader: 'l', tsMs: 1 } as const;
    const refuse = (given: ControlRecord, kind = given.kind) =>
      expect(encoder.encodeControl({ ...header, kind }, given)).rejects.toMatchObject({ code: 'INTERNAL' });
    await refuse(record, 'routes');
    await refuse({ ...record, tsMs: '1' as never });
    await refuse({ ...record, leader: undefined as never });
  });
});

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null && !Array.isArray(value);
const backwards = (value: object): object => Object.fromEntries(Object.entries(value).toReversed());

describe('records', () => {
  const table = tableOf(
    [
      { name: 'id', type: 'int' },
      { name: 'd', type: 'decimal', precision: 10, scale: 2 },
      { name: 't', type: 'varchar' },
      { name: 'b', type: 'bit', length: 3 },
    ],
    ['id'],
  );
  const row = rowOf([
    ['id', 1],
    ['d', '1.50'],
    ['t', 'text'],
    ['b', Buffer.from([5])],
  ]);

  async function sample() {
    const { encoder, decoder, ids } = codec();
    const record = raw((await encoder.prepare(table)).encode(header, eventOf(table, { before: row, after: row })));
    await decoder.decode(record);
    return { encoder, decoder, ids, record, value: record.value! };
  }

  const invalid = { code: 'RECORD_INVALID', details: { offset: 77 }, message: expect.stringMatching(/^offset 77: /) };
  const read = async (decoder: RecordDecoder, record: RawRecord): Promise<LogRecord> => decoder.decode(record);

  it('cut short anywhere are refused', async () => {
    const { decoder, record, value } = await sample();
    for (let length = 0; length < value.length; length++) {
      await expect(read(decoder, { ...record, value: value.subarray(0, length) })).rejects.toMatchObject(invalid);
    }
  });

  it('with bytes left over, without a value, or not in the wire format are refused', async () => {
    const { decoder, record, value } = await sample();
    await expect(read(decoder, { ...record, value: Buffer.concat([value, Buffer.from([0])]) })).rejects.toMatchObject(invalid);
    await expect(read(decoder, { ...record, value: null })).rejects.toMatchObject(invalid);
    await expect(read(decoder, { ...record, value: Buffer.concat([Buffer.from([1]), value.subarray(1)]) })).rejects.toMatchObject(invalid);
  });

  it('with any byte changed give either a row or RECORD_INVALID or SCHEMA_UNKNOWN, never another error', async () => {
    const { decoder, record, value } = await sample();
    await fc.assert(
      fc.asyncProperty(fc.nat(value.length - 1), fc.integer({ min: 1, max: 255 }), async (at, mask) => {
        const changed = Buffer.from(value);
        changed[at]! ^= mask;
        const outcome = await read(decoder, { ...record, value: changed }).then(
          ({ body }) => body.kind,
          (error: unknown) => (error instanceof SyncError ? error.code : error),
        );
        expect(['row', 'RECORD_INVALID', 'SCHEMA_UNKNOWN']).toContain(outcome);
      }),
      { numRuns: 2000 },
    );
    expect((await decoder.decode(record)).body).toMatchObject({ event: { after: row } });
  }, 60_000);

  it('with values out of their column are refused, naming the column', async () => {
    const { decoder, record, value } = await sample();
    const at = value.indexOf(Buffer.from([5, 2])); // bit string, then the present after image
    expect(at).toBeGreaterThan(0);
    const changed = Buffer.from(value);
    changed[at] = 8;
    await expect(read(decoder, { ...record, value: changed })).rejects.toMatchObject({
      code: 'RECORD_INVALID',
      message: expect.stringContaining('shop.orders.b'),
      details: { offset: 77, table: 'shop.orders', column: 'b' },
    });
  });

  it('of an unknown schema are SCHEMA_UNKNOWN, and read once the registry has it', async () => {
    const { record, ids } = await sample();
    const late = new MemoryIds();
    const decoder = new RecordDecoder({ ids: late });
    await expect(read(decoder, record)).rejects.toMatchObject({ code: 'SCHEMA_UNKNOWN', details: { offset: 77 } });
    for (const [id, json] of ids.schemas) late.schemas.set(id, json);
    expect((await decoder.decode(record)).body.kind).toBe('row');
  });

  it('whose id means another schema by now are SCHEMA_UNKNOWN: a rebuilt registry must not falsify values', async () => {
    const { record, ids } = await sample();
    const rebuilt = new MemoryIds();
    for (const [id, json] of ids.schemas) {
      rebuilt.schemas.set(id, json.replaceAll('"lutra.scale":2', '"lutra.scale":3').replaceAll('"scale":2', '"scale":3'));
    }
    await expect(read(new RecordDecoder({ ids: rebuilt }), record)).rejects.toMatchObject({ code: 'SCHEMA_UNKNOWN' });
  });

  it('are read although the registry gives the schema back in an order of its own', async () => {
    const { record, ids } = await sample();
    const other = new MemoryIds();
    for (const [id, json] of ids.schemas) {
      const text = JSON.stringify(JSON.parse(json, (_, value: unknown) => (isObject(value) ? backwards(value) : value)));
      expect(text).not.toBe(json);
      other.schemas.set(id, text);
    }
    expect((await read(new RecordDecoder({ ids: other }), record)).body).toMatchObject({ table, event: { after: row } });
  });

  it('keep the error of a registry that does not answer', async () => {
    const { record } = await sample();
    const error = new SyncError('ZOOKEEPER_UNAVAILABLE', 'no answer');
    const ids = { register: () => Promise.reject(error), byId: () => Promise.reject(error) };
    await expect(read(new RecordDecoder({ ids }), record)).rejects.toMatchObject({
      code: 'ZOOKEEPER_UNAVAILABLE',
      details: { offset: 77 },
    });
  });

  it('whose headers and schema disagree are refused', async () => {
    const { encoder, decoder, record } = await sample();
    const control = await encoder.encodeControl(
      { ...header, kind: 'routes' },
      { kind: 'routes', endpoint: 'e', tables: [], pipelines: {}, names: {}, revision: 7, write: 'aaaaaaaaaaaa', server: null, tsMs: 1 },
    );
    const mixed = { ...record.headers, [headerNames.kind]: 'routes' };
    await expect(read(decoder, { ...record, headers: mixed })).rejects.toMatchObject(invalid);
    await expect(read(decoder, { ...raw(control), headers: { ...control.headers, [headerNames.kind]: 'epoch' } })).rejects.toMatchObject(
      invalid,
    );
  });

  it.each([
    [headerNames.kind, undefined],
    [headerNames.log, undefined],
    [headerNames.log, ''],
    [headerNames.seq, '1.5'],
    [headerNames.seq, ''],
    [headerNames.seq, ' 1'],
    [headerNames.seq, '0x1'],
    [headerNames.seq, '-1'],
    [headerNames.seq, '9007199254740992'],
    [headerNames.epoch, '-1'],
    [headerNames.epoch, undefined],
  ])('with header %s = %j are refused', async (name, value) => {
    const { decoder, record } = await sample();
    const headers = { ...record.headers, [name]: value } as Record<string, string>;
    expect(() => fromHeaders(headers)).toThrow(expect.objectContaining({ code: 'RECORD_INVALID' }));
    await expect(read(decoder, { ...record, headers })).rejects.toMatchObject(invalid);
  });

  it('without a fingerprint are refused', async () => {
    const { decoder, record } = await sample();
    const { [headerNames.schema]: _, ...headers } = record.headers;
    await expect(read(decoder, { ...record, headers })).rejects.toMatchObject(invalid);
  });
});
