import type { ColumnSchema } from '@lutra/model';
import { expect, test } from 'vitest';
import { codec, eventOf, header, raw, rowOf, tableOf } from './samples.js';

const columns: readonly ColumnSchema[] = [
  { name: 'id', type: 'int' },
  { name: 't', type: 'text', charset: 'utf8mb4' },
  { name: 'b', type: 'blob' },
  { name: 'j', type: 'json' },
];
const table = tableOf(columns, ['id']);
const mebibyte = 2 ** 20;

/** A pair of surrogates lies across each cut of a text into 2^n units. */
const pairs = `a${'😀'.repeat(0.75 * mebibyte)}`;
const texts: readonly (readonly [string, string])[] = [
  ['pairs across the cuts', pairs],
  ['three bytes each', '語'.repeat(mebibyte)],
  ['two bytes each, of one unit', 'é'.repeat(1.2 * mebibyte)],
  ['what stands for no character', '\uFFFD'.repeat(mebibyte)],
  ['just large', 'x'.repeat(256 * 1024)],
  ['not quite', 'x'.repeat(256 * 1024 - 1)],
];

test.each(texts)('a large row is the same record in turns, and the same row again: %s', async (_, text) => {
  const { encoder, decoder } = codec();
  const prepared = await encoder.prepare(table);
  const image = (id: number) =>
    rowOf([
      ['id', id],
      ['t', text],
      ['b', Buffer.alloc(300 * 1024, id)],
      ['j', `"${text}"`],
    ]);
  const event = eventOf(table, { before: image(1), after: image(2) });
  expect(prepared.isLarge(event)).toBe(true);
  const inTurns = prepared.encodeInTurns(header, event);
  // Another record is written meanwhile.
  const small = prepared.encode(
    header,
    eventOf(table, {
      before: null,
      after: rowOf([
        ['id', 3],
        ['t', 'x'],
        ['b', null],
        ['j', null],
      ]),
    }),
  );
  const [record, whole] = [await inTurns, prepared.encode(header, event)];
  expect(record.value.equals(whole.value)).toBe(true);
  expect([record.key, record.headers]).toEqual([whole.key, whole.headers]);
  const { body } = await decoder.decode(raw(record));
  if (body.kind !== 'row') throw new Error('no row');
  expect(body.event.before?.['t'] === text && body.event.after?.['j'] === `"${text}"`).toBe(true);
  expect({ ...body.event, before: null, after: null }).toEqual({ ...event, before: null, after: null });
  expect((await decoder.decode(raw(small))).body).toMatchObject({ event: { after: { id: 3, t: 'x' } } });
});

test('an ordinary row is not large', async () => {
  const { encoder } = codec();
  const prepared = await encoder.prepare(table);
  expect(
    prepared.isLarge(
      eventOf(table, {
        before: null,
        after: rowOf([
          ['id', 3],
          ['t', 'x'],
          ['b', Buffer.alloc(200 * 1024)],
          ['j', null],
        ]),
      }),
    ),
  ).toBe(false);
});

test('what cannot be encoded or decoded is refused in turns too: by table and column', async () => {
  const { encoder, decoder } = codec();
  const prepared = await encoder.prepare(table);
  const row = rowOf([
    ['id', 1],
    ['t', `\ud83d${'x'.repeat(mebibyte)}`],
    ['b', null],
    ['j', null],
  ]);
  await expect(prepared.encodeInTurns(header, eventOf(table, { before: null, after: row }))).rejects.toMatchObject({
    code: 'VALUE_UNSUPPORTED',
    details: { column: 't' },
  });
  const good = rowOf([
    ['id', 1],
    ['t', 'x'.repeat(mebibyte)],
    ['b', null],
    ['j', null],
  ]);
  const record = prepared.encode(header, eventOf(table, { before: null, after: good }));
  record.value[record.value.indexOf('xxxx')] = 0xff;
  await decoder.decode(
    raw(
      prepared.encode(
        header,
        eventOf(table, {
          before: null,
          after: rowOf([
            ['id', 1],
            ['t', ''],
            ['b', null],
            ['j', null],
          ]),
        }),
      ),
    ),
  );
  await expect(decoder.decode(raw(record))).rejects.toMatchObject({ code: 'RECORD_INVALID', details: { offset: 77, column: 't' } });
});
