/** Events of random tables, for the comparison of compiled code with the codec of objects. */
import { RecordEncoder } from '@lutra/avro';
import type { TableEncoder } from '@lutra/avro';
import { headerBytes, RecordFrames } from '@lutra/bytes';
import type { ImageBytes, RowEvent, RowImage, TableSchema } from '@lutra/model';
import { expect } from 'vitest';
import type { RandomTable } from './row-images.fixture.js';

export type Op = 'c' | 'u' | 'd';

export const log = { log: '5b6f5e0e-5d2c-4c7e-9f37-7a1f7b5f4c11', epoch: 7 };
export const firstSeq = 95;
export const noLimit = 2 ** 31;

export function newEncoder(): RecordEncoder {
  let last = 0x0102_0304;
  return new RecordEncoder({ topic: 't', endpoint: 'a', ids: { register: async () => last++, byId: async () => null } });
}

export function eventOf({ schema }: { readonly schema: TableSchema }, op: Op, totalOrder: number): RowEvent {
  const gtid = '3e11fa47-71ca-11e1-9e33-c80aa9429562:23';
  return {
    op,
    before: null,
    after: null,
    source: {
      version: '9.7.0',
      connector: 'mysql',
      name: 'a',
      db: schema.database,
      table: schema.name,
      tsMs: 1_715_000_000_123,
      tsUs: 1_715_000_000_123_456,
      serverId: 1,
      gtid,
      file: 'binlog.000012',
      pos: 4_294_967_299,
      event: 2,
      flags: 2,
      row: 0,
      origin: 'hangzhou',
      path: ['hangzhou'],
    },
    transaction: {
      id: gtid,
      totalOrder,
      last: false,
      seen: { c: { log: 'cafe', seq: 2 ** 52 } },
      end: null,
      session: totalOrder === 1 ? { sqlMode: 2 ** 32 + 1, timeZone: 'Europe/Berlin', lcTimeNames: 4, collation: 255 } : null,
    },
    tsMs: 1_715_000_001_000,
  };
}

export function bodyOf({ columns }: RandomTable, op: Op, rows: readonly Buffer[]): Buffer {
  const head = Buffer.alloc(10);
  head.writeUInt16LE(2, 8);
  const bits = Buffer.alloc((columns.length + 7) >> 3, 0xff);
  if (columns.length % 8 > 0) bits[bits.length - 1] = 0xff >> (8 - (columns.length % 8));
  return Buffer.concat([head, Buffer.of(columns.length), bits, ...(op === 'u' ? [bits] : []), ...rows]);
}

export const typeOf = (op: Op) => ({ op, extra: true });

/** What the codec of objects makes of a row: the record, or nothing where it refuses it. */
export function byObjects(encoder: TableEncoder, event: RowEvent, image: RowImage, number: number): Buffer | null {
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
export function byCode(encoder: TableEncoder, event: RowEvent, images: ImageBytes): { readonly rows: number; readonly records: Buffer } {
  const frames = new RecordFrames(0);
  const run = encoder.run!({ event, images }, { ...log, frames });
  const state = run.write(frames, { limitBytes: noLimit, largeBytes: noLimit, seq: firstSeq });
  expect(state).toBe(run.rows === images.rows ? 'done' : 'other');
  return { rows: run.rows, records: frames.finish() };
}
