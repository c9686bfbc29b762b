/** Ten million random rows through both codecs. */
import type { TableEncoder } from '@lutra/avro';
import { headerBytes, RecordFrames } from '@lutra/bytes';
import type { ImageBytes, RowEvent, RowImage } from '@lutra/model';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { rowsDecoder } from '../../../../libs/binlog/src/rows-event.js';
import { bodyOf, eventOf, firstSeq, log, newEncoder, noLimit, type Op, typeOf } from './compiled-rows.fixture.js';
import { randomColumns, rowImage, tableOf } from './row-images.fixture.js';

const rows = Number(process.env['LUTRA_TEST_ROWS'] ?? 10_000_000);
const rowsPerEvent = 200;
const eventsPerTable = 50;
/** Of each table: events are made of them. */
const images = 40;

function byObjects(encoder: TableEncoder, event: RowEvent, found: readonly RowImage[]): Buffer {
  const frames = new RecordFrames(0);
  for (const [i, image] of found.entries()) {
    const transaction = { ...event.transaction, totalOrder: event.transaction.totalOrder + i };
    if (i > 0) transaction.session = null;
    const record = encoder.encode(
      { kind: 'row', ...log, seq: firstSeq + i },
      { ...event, ...image, source: { ...event.source, row: i }, transaction },
    );
    frames.add({ ...record, headers: headerBytes(record.headers) });
  }
  return frames.finish();
}

function byCode(encoder: TableEncoder, event: RowEvent, found: ImageBytes): Buffer {
  const frames = new RecordFrames(0);
  const run = encoder.run!({ event, images: found }, { ...log, frames });
  expect(run.write(frames, { limitBytes: noLimit, largeBytes: noLimit, seq: firstSeq })).toBe('done');
  return frames.finish();
}

it(
  'rows of random tables are the same records by code and by objects, to the byte',
  async () => {
    const encoder = newEncoder();
    for (let done = 0; done < rows;) {
      const [columns = []] = fc.sample(fc.array(fc.constantFrom(...randomColumns), { minLength: 1, maxLength: 12 }), 1);
      const table = tableOf(columns, done % 3 === 0 ? 0 : 1);
      const op = (['c', 'u', 'd'] as const)[Math.floor(Math.random() * 3)] as Op;
      const pool = fc.sample(rowImage(table, false), images);
      const prepared = await encoder.prepare(table.schema);
      const decoder = rowsDecoder(table);
      for (let n = 0; n < eventsPerTable; n++) {
        const parts = Array.from({ length: (op === 'u' ? 2 : 1) * rowsPerEvent }, () => pool[Math.floor(Math.random() * images)]!);
        const body = bodyOf(table, op, parts);
        const event = eventOf(table, op, n + 1);
        const expected = byObjects(prepared, event, decoder.decode(body, typeOf(op)));
        expect(byCode(prepared, event, decoder.images(body, typeOf(op))!).equals(expected), JSON.stringify(table.schema)).toBe(true);
        done += rowsPerEvent;
      }
    }
  },
  60 * 60_000,
);
