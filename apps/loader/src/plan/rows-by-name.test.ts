import { describe, expect, it } from 'vitest';
import type { Drop, Dropping } from '../conflict/drops/drops.js';
import { leftOutOf, leftOutText, redefaulted } from './rows-by-name.js';

const table = { database: 'shop', name: 't' };
const source = { columns: ['Id', 'c', 'd', 'E'].map((name) => ({ name })), primaryKey: ['Id'] };
const target = (...names: readonly string[]) => ({ columns: names.map((name) => ({ name })) }) as never;
const drops = (...all: readonly Dropping[]): readonly Drop[] =>
  all.map((does, i) => ({ seq: i + 1, record: `r${i + 1}`, title: 'ALTER TABLE shop.t', does }));
const dropped = (...names: readonly string[]): Dropping => ({ kind: 'columns', dropped: names, renamed: [] });
const of = (...all: readonly Dropping[]): ReturnType<typeof leftOutOf> =>
  leftOutOf(source, target('id', 'c', 'd'), { table, drops: drops(...all) });

describe('what is left out of a row', () => {
  it('a column that was dropped, whether it is there again or not, by the name that the row has for it', () => {
    expect(of(dropped('c', 'x'), { kind: 'made' }, dropped('e'))).toMatchObject({ columns: ['c', 'E'], drops: [{ seq: 1 }, { seq: 3 }] });
    expect(of(dropped('x'))).toBeNull();
    expect(leftOutText(of(dropped('c'))!)).toBe(
      "left out of shop.t: column c, which was dropped here by ALTER TABLE shop.t (record r1, seq 1 of the target's log), which the row had not seen",
    );
  });

  it('the row, where the table was dropped', () => {
    expect(of(dropped('c'), { kind: 'table' }, { kind: 'made' })).toMatchObject({ columns: null, drops: [{ seq: 2 }] });
  });

  it('what a table lacks that a tool has put in its place; what it has keeps its value', () => {
    expect(of({ kind: 'redefine' })).toMatchObject({ columns: ['E'] });
    const added: Dropping = { kind: 'columns', dropped: [], renamed: [], added: ['c'] };
    expect(of({ kind: 'redefine' }, added)).toMatchObject({ columns: ['c', 'E'] });
    expect(of(added, { kind: 'redefine' })).toMatchObject({ columns: ['E'] });
  });

  it('refused: a key column, the old name of a column, what nobody can say', () => {
    const renamed: Dropping = { kind: 'columns', dropped: ['d'], renamed: ['c'] };
    for (const does of [dropped('id'), renamed, { kind: 'doubt' } as const])
      expect(() => of(does)).toThrow(expect.objectContaining({ code: 'COLUMN_MISSING', details: expect.objectContaining({ dropSeq: 1 }) }));
    expect(of(dropped('c'), renamed)).toMatchObject({ columns: ['c', 'd'] });
  });
});

describe('a new row that lacks a column', () => {
  const said = (name: string, text: string | null, isNew = false): Dropping => ({ kind: 'defaults', columns: [{ name, text, isNew }] });
  const why = (...all: readonly Dropping[]): string | undefined => redefaulted(source, table, drops(...all))?.code;

  it('is refused if the column has another default than where it was added', () => {
    expect(why(said('f', null, true), said('f', '5'))).toBe('COLUMN_MISSING');
    expect(why(said('f', '5', true), said('f', null))).toBe('COLUMN_MISSING');
    expect(why(dropped('c'), said('c', null, true), said('c', '5'))).toBe('COLUMN_MISSING');
  });

  it('is written if the default is the same, the row has the column, or nobody knows since when it lacks it', () => {
    expect(why(said('f', null, true), said('g', '5', true), said('f', null))).toBeUndefined();
    expect(why(said('c', null, true), said('c', '5'))).toBeUndefined();
    expect(why(said('f', '5'))).toBeUndefined();
  });
});
