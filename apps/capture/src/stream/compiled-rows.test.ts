/** Compiled code is only ever a faster way to the bytes that the codec of objects makes. */
import { RecordEncoder, type TableEncoder } from '@lutra/avro';
import { RecordFrames, headerBytes } from '@lutra/bytes';
import type { ImageBytes, RowEvent, RowImage } from '@lutra/model';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rowsDecoder } from '../../../../libs/binlog/src/rows-event.js';
import { randomColumns, type RandomTable, rowImage, tableOf } from './row-images.fixture.js';

type Op = 'c' | 'u' | 'd';

const log = { log: '5b6f5e0e-5d2c-4c7e-9f37-7a1f7b5f4c11', epoch: 7 };
const firstSeq = 95;
const noLimit = 2 ** 31;

function newEncoder(): RecordEncoder {
  let last = 0x0102_0304;
  return new RecordEncoder({ topic: 't', endpoint: 'a', ids: { register: async () => last++, byId: async () => null } });
}

function eventOf({ schema }: RandomTable, op: Op, totalOrder: number): RowEvent {
  const gtid = '3e11fa47-71ca-11e1-9e33-c80aa9429562:23';
  return {
    op,
    before: null,
    after: null,
    source: {
      ...{ version: '9.7.0', connector: 'mysql', name: 'a', db: schema.database, table: schema.name, tsMs: 1_715_000_000_123 },
      ...{ tsUs: 1_715_000_000_123_456, serverId: 1, gtid, file: 'binlog.000012', pos: 4_294_967_299, event: 2, flags: 2, row: 0 },
      ...{ origin: 'hangzhou', path: ['hangzhou'] },
    },
    transaction: {
      ...{ id: gtid, totalOrder, last: false, seen: { c: { log: 'cafe', seq: 2 ** 52 } }, end: null },
      session: totalOrder === 1 ? { sqlMode: 2 ** 32 + 1, timeZone: 'Europe/Berlin', lcTimeNames: 4, collation: 255 } : null,
    },
    tsMs: 1_715_000_001_000,
  };
}

function bodyOf({ columns }: RandomTable, op: Op, rows: readonly Buffer[]): Buffer {
  const head = Buffer.alloc(10);
  head.writeUInt16LE(2, 8);
  const bits = Buffer.alloc((columns.length + 7) >> 3, 0xff);
  if (columns.length % 8 > 0) bits[bits.length - 1] = 0xff >> (8 - (columns.length % 8));
  return Buffer.concat([head, Buffer.of(columns.length), bits, ...(op === 'u' ? [bits] : []), ...rows]);
}

const typeOf = (op: Op) => ({ op, extra: true });

/** What the codec of objects makes of a row: the record, or nothing where it refuses it. */
function byObjects(encoder: TableEncoder, event: RowEvent, image: RowImage, number: number): Buffer | null {
  const frames = new RecordFrames(0);
  const source = { ...event.source, row: number };
  const transaction = { ...event.transaction, totalOrder: event.transaction.totalOrder + number };
  if (number > 0) transaction.session = null;
  try {
    const record = encoder.encode({ kind: 'row', ...log, seq: firstSeq + number }, { ...event, ...image, source, transaction });
    for (let before = 0; before < number; before++) frames.add({ key: null, value: Buffer.alloc(0), headers: Buffer.of(0) });
    const at = frames.bytes;
    frames.add({ ...record, headers: headerBytes(record.headers) });
    return frames.finish().subarray(at);
  } catch {
    return null;
  }
}

/** So many rows until one is left to the codec of objects, and their records. */
function byCode(encoder: TableEncoder, event: RowEvent, images: ImageBytes): { readonly rows: number; readonly records: Buffer } {
  const frames = new RecordFrames(0);
  const run = encoder.run!({ event, images }, { ...log, frames });
  const state = run.write(frames, { limitBytes: noLimit, seq: firstSeq });
  expect(state).toBe(run.rows === images.rows ? 'done' : 'other');
  return { rows: run.rows, records: frames.finish() };
}

interface Case {
  readonly table: RandomTable;
  readonly op: Op;
  readonly rows: readonly Buffer[];
  readonly totalOrder: number;
}

const aCase = (wild: boolean, of = randomColumns): fc.Arbitrary<Case> =>
  fc
    .tuple(
      fc.array(fc.constantFrom(...of), { minLength: 1, maxLength: 12 }),
      fc.nat(2),
      fc.constantFrom<Op>('c', 'u', 'd'),
      fc.integer({ min: 1, max: 70 }),
    )
    .chain(([columns, keyed, op, totalOrder]) => {
      const table = tableOf(columns, Math.min(keyed, columns.length));
      const image = rowImage(table, wild);
      const row = op === 'u' ? fc.tuple(image, image).map((both) => Buffer.concat(both)) : image;
      return fc.record({
        table: fc.constant(table),
        op: fc.constant(op),
        rows: fc.array(row, { minLength: 1, maxLength: 4 }),
        totalOrder: fc.constant(totalOrder),
      });
    });

const runs = Number(process.env['LUTRA_TEST_RUNS'] ?? 400);

describe('rows as compiled code writes them', () => {
  it('are those of the codec of objects, to the byte, of every type', async () => {
    const encoder = newEncoder();
    await fc.assert(
      fc.asyncProperty(aCase(false), async ({ table, op, rows, totalOrder }) => {
        const decoder = rowsDecoder(table);
        const body = bodyOf(table, op, rows);
        const images = decoder.images(body, typeOf(op));
        const event = eventOf(table, op, totalOrder);
        const prepared = await encoder.prepare(table.schema);
        const expected = decoder.decode(body, typeOf(op)).map((image, i) => byObjects(prepared, event, image, i));
        const found = byCode(prepared, event, images!);
        expect(expected).not.toContain(null);
        expect({ rows: found.rows, records: found.records.toString('hex') }).toEqual({
          rows: rows.length,
          records: Buffer.concat(expected.flatMap((record) => record ?? [])).toString('hex'),
        });
      }),
      { numRuns: runs },
    );
  });

  it('are none where the codec of objects refuses the row, and the same where it does not', async () => {
    const encoder = newEncoder();
    await fc.assert(
      fc.asyncProperty(aCase(true), async ({ table, op, rows, totalOrder }) => {
        const decoder = rowsDecoder(table);
        const event = eventOf(table, op, totalOrder);
        const prepared = await encoder.prepare(table.schema);
        for (const [i, row] of rows.entries()) {
          const body = bodyOf(table, op, [row]);
          const images = decoder.images(body, typeOf(op));
          const [expected] = readable(() => decoder.decode(body, typeOf(op)).map((image) => byObjects(prepared, event, image, 0)));
          const found = images ? byCode(prepared, event, images) : { rows: 0, records: Buffer.alloc(0) };
          if (found.rows === 0) continue;
          expect(found.records.toString('hex'), `row ${i}`).toBe(expected?.toString('hex'));
        }
      }),
      { numRuns: runs },
    );
  });

  it('stand within their event: what is cut off or damaged is decoded by objects, or is the same', async () => {
    const encoder = newEncoder();
    const damage = fc.record({ cut: fc.nat(40), at: fc.nat(2000), byte: fc.nat(255), behind: fc.uint8Array({ maxLength: 30 }) });
    await fc.assert(
      fc.asyncProperty(aCase(false), damage, async ({ table, op, rows, totalOrder }, { cut, at, byte, behind }) => {
        const whole = bodyOf(table, op, rows);
        const head = whole.length - rows.reduce((sum, { length }) => sum + length, 0);
        const body = Buffer.concat([whole, behind]).subarray(0, Math.max(head + 1, whole.length - cut));
        if (cut % 2 === 0) body[head + (at % (body.length - head))] = byte;
        const decoder = rowsDecoder(table);
        const images = decoder.images(body, typeOf(op));
        const event = eventOf(table, op, totalOrder);
        const prepared = await encoder.prepare(table.schema);
        const expected = readable(() => decoder.decode(body, typeOf(op)).map((image, i) => byObjects(prepared, event, image, i)));
        if (!images) return;
        const found = byCode(prepared, event, images);
        const same = expected.slice(0, found.rows);
        if (expected.length > 0) expect(found.records.toString('hex')).toBe(Buffer.concat(same.map((record) => record!)).toString('hex'));
        else expect(found.rows).toBeLessThan(images.rows);
      }),
      { numRuns: runs },
    );
  });
});

/** [] where it is refused. */
function readable<T>(read: () => readonly T[]): readonly T[] {
  try {
    return read();
  } catch {
    return [];
  }
}
