/** Compiled code is only ever a faster way to the bytes that the codec of objects makes. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rowsDecoder } from '../../../../libs/binlog/src/rows-event.js';
import { bodyOf, byCode, byObjects, eventOf, newEncoder, type Op, typeOf } from './compiled-rows.fixture.js';
import { randomColumns, type RandomTable, rowImage, tableOf } from './row-images.fixture.js';

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
