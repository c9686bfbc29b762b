import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { tableOf } from './table.js';
import type { Column } from './table.js';
import { cut, inline, jsonOf, printable, widthOf, wrap } from './text.js';

interface Row {
  readonly name: string;
  readonly text: string;
}
const columns: readonly Column<Row>[] = [
  { title: 'name', of: ({ name }) => name, whole: true },
  { title: 'text', of: ({ text }) => text },
  { title: 'more', of: () => 'm', wide: true },
];
const rows = [
  { name: 'a', text: '加利福尼亚' },
  { name: 'orders', text: '' },
];
const plain = { columns: undefined, colour: false, wide: false } as const;

it('JSON is the same value, and nothing in it steers a terminal', () => {
  // eslint-disable-next-line no-control-regex -- these are meant
  const steering = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      for (const found of [text, `${text}\u009b2J\u202e`]) {
        expect(JSON.parse(jsonOf({ [found]: found }, 2))).toEqual({ [found]: found });
        expect(jsonOf({ [found]: found }, 2)).not.toMatch(steering);
        expect(printable(found).replaceAll('\n', '').replaceAll('\t', '')).not.toMatch(steering);
      }
    }),
  );
});

describe('a table', () => {
  it('stands in columns, also where a letter takes two', () => {
    expect(tableOf([...columns].toReversed().slice(1), rows, plain).split('\n')).toEqual([
      'TEXT        NAME',
      '加利福尼亚  a',
      '-           orders',
    ]);
  });

  it('has more columns with --wide', () => {
    expect(tableOf(columns, rows, { ...plain, wide: true })).toMatch(/^NAME +TEXT +MORE\n/);
  });

  it('is never wider than the terminal, and cuts names last', () => {
    expect(tableOf(columns, [{ name: 'a-name-that-is-typed', text: 'something long that is not' }], { ...plain, columns: 32 })).toBe(
      'NAME                  TEXT\na-name-that-is-typed  something…',
    );
    const word = fc.string({ unit: 'grapheme', maxLength: 40 });
    fc.assert(
      fc.property(fc.array(fc.record({ name: word, text: word }), { maxLength: 5 }), fc.integer({ min: 16, max: 90 }), (some, width) =>
        tableOf(columns, some, { ...plain, columns: width })
          .split('\n')
          .every((line) => widthOf(line) <= width),
      ),
    );
  });
});

describe('text', () => {
  it('out of a database does not steer the terminal', () => {
    expect(printable('a\u001B[2Jb\u0007\u202Ec')).toBe('a\uFFFD[2Jb\uFFFD\uFFFDc');
    expect(inline('a\n  b\tc')).toBe('a b c');
  });

  it('is cut between letters, at most to so many columns', () => {
    expect([cut('orders', 6), cut('orders', 5), cut('加利福尼亚', 5), cut('orders', 0)]).toEqual(['orders', 'orde…', '加利…', '']);
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }),
        fc.integer({ min: 0, max: 30 }),
        (text, width) => widthOf(cut(text, width)) <= Math.max(width, 0),
      ),
    );
  });

  it('is broken at spaces', () => {
    expect(wrap('one two three', 9, '• ', '  ')).toBe('• one two\n  three');
  });
});
