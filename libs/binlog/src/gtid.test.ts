import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GtidSet, gtidAdd, gtidContains, gtidSubset, gtidUnion } from './index.js';

const [a, b] = ['0a0a0a0a-0000-0000-0000-00000000000a', 'b0b0b0b0-0000-0000-0000-00000000000b'];
const canonical = (text: string): string => GtidSet.parse(text).toString();

describe('a set of GTIDs', () => {
  it('is printed as MySQL prints it', () => {
    expect(canonical('')).toBe('');
    expect(canonical(` ${b.toUpperCase()}:3,\n${a}:5-6:1 `)).toBe(`${a}:1:5-6,${b}:3`);
    expect(canonical(`${a}:1-3:4:6-7:5`)).toBe(`${a}:1-7`);
    expect(canonical(`${a}:tag_b:1:tag_a:2-3,${a}:9`)).toBe(`${a}:9:tag_a:2-3:tag_b:1`);
    expect(canonical(`${a}:1-9223372036854775807`)).toBe(`${a}:1-9223372036854775807`);
  });

  it.each(['x', a, `${a}:`, `${a}:0`, `${a}:3-2`, `${a}:tag`, `${a}:1:tag`, `${a}:t:u:1`, `${a}:1-2-3`, `${a}:-1`, '0-1-5:3'])(
    'is not "%s"',
    (text) => {
      expect(() => GtidSet.parse(text)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
    },
  );

  it('keeps its text as it was when more is added', () => {
    const set = GtidSet.parse(`${a}:1-5`);
    const text = set.toString();
    set.add(`${a}:6`);
    expect(text).toBe(`${a}:1-5`);
    expect(set.toString()).toBe(`${a}:1-6`);
    set.add(`${a}:9`);
    set.add(`${a}:tag:1`);
    set.add(`${b}:1`);
    expect(set.toString()).toBe(`${a}:1-6:9:tag:1,${b}:1`);
  });

  it('behaves as a set', () => {
    const numbers = fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 25 });
    const source = fc.constantFrom(a, b, `${a}:tag`);
    const gtids = fc
      .array(fc.tuple(source, numbers), { maxLength: 4 })
      .map((lists) => new Set(lists.flatMap(([key, list]) => list.map((n) => `${key}:${n}`))));
    const property = fc.property(gtids, gtids, (left, right) => {
      const [one, other] = [[...left].reduce(gtidAdd, ''), [...right].reduce(gtidAdd, '')];
      expect(canonical(one)).toBe(one);
      expect(gtidSubset(one, other)).toBe([...left].every((gtid) => right.has(gtid)));
      expect(gtidUnion(one, other)).toBe([...left, ...right].reduce(gtidAdd, ''));
      for (const gtid of right) expect(gtidContains(one, gtid)).toBe(left.has(gtid));
    });
    fc.assert(property, { numRuns: 300 });
  });
});

describe('a position of MariaDB', () => {
  it('stands for all transactions of its domains up to it', () => {
    expect(gtidContains('0-1-5,2-1-7', '0-9-5')).toBe(true);
    expect(gtidContains('0-1-5', '0-1-6')).toBe(false);
    expect(gtidContains('0-1-5', '1-1-1')).toBe(false);
    expect(gtidAdd('0-1-5', '0-2-6')).toBe('0-2-6');
    expect(gtidAdd('0-2-6', '0-1-5')).toBe('0-2-6');
    expect(gtidAdd('', '3-1-1')).toBe('3-1-1');
    expect(gtidUnion('0-1-5,1-1-9', '0-2-8,2-1-1')).toBe('0-2-8,1-1-9,2-1-1');
    expect(gtidSubset('0-1-5', '0-2-6,1-1-1')).toBe(true);
    expect(gtidSubset('0-1-5,4-1-1', '0-2-6')).toBe(false);
    expect(gtidSubset('', '0-2-6')).toBe(true);
    expect(gtidSubset('0-2-6', '')).toBe(false);
  });

  it('cannot be compared with a set of MySQL', () => {
    expect(() => gtidSubset('0-1-5', `${a}:1`)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
    expect(() => gtidAdd(`${a}:1`, '0-1-5')).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });
});
