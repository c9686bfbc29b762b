import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GtidSet, gtidAdd, restartPosition } from './index.js';
import { commonRanges, describeRanges, withoutRanges } from './gtid-ranges.js';

const [a, b] = ['0a0a0a0a-0000-0000-0000-00000000000a', 'b0b0b0b0-0000-0000-0000-00000000000b'];
const source = (executed: string | null) => ({ gtidMode: executed !== null, executed, file: 'binlog.9', pos: 99 });
const log = (gtidSet: string | null) => ({ file: 'binlog.5', pos: 500, gtidSet });
const invalid = (text: RegExp) => expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringMatching(text) });

describe('ranges of transactions', () => {
  it('are subtracted and shared as sets are', () => {
    const sets = fc.uniqueArray(fc.tuple(fc.constantFrom(a, b, `${a}:tag`), fc.integer({ min: 1, max: 20 })), {
      selector: String,
      maxLength: 30,
    });
    const list = (set: readonly (readonly [string, number])[]): string[] => set.map(([of, n]) => `${of}:${n}`);
    const rangesOf = (gtids: readonly string[]) => GtidSet.parse(gtids.reduce(gtidAdd, '')).ranges();
    const property = fc.property(sets, sets, (one, other) => {
      const [left, right] = [list(one), list(other)];
      const difference = left.filter((gtid) => !right.includes(gtid));
      const common = left.filter((gtid) => right.includes(gtid));
      expect(describeRanges(withoutRanges(rangesOf(left), rangesOf(right)))).toEqual(describeRanges(rangesOf(difference)));
      expect(describeRanges(commonRanges(rangesOf(left), rangesOf(right)))).toEqual(describeRanges(rangesOf(common)));
      expect(describeRanges(rangesOf(left)).count).toBe(BigInt(left.length));
    });
    fc.assert(property, { numRuns: 200 });
  });
});

describe('a restart with GTIDs', () => {
  it('now leaves out what was executed and not published', () => {
    expect(restartPosition({ from: 'now' }, log(`${a}:1-5`), source(`${a}:1-8,${b}:2`))).toEqual({
      position: { file: 'binlog.9', pos: 99, gtidSet: `${a}:1-8,${b}:2` },
      leftOut: { count: 4n, text: `${a}:6-8, ${b}:2` },
      isAhead: true,
    });
  });

  it('after some transactions leaves out these and no more', () => {
    const after = (gtid: string) => restartPosition({ from: 'after', gtid }, log(`${a}:1-5`), source(`${a}:1-9`));
    expect(after(`${a}:7`)).toMatchObject({ position: { gtidSet: `${a}:1-5:7` }, leftOut: { count: 1n, text: `${a}:7` } });
    expect(after(`${a}:6-7`)).toMatchObject({ position: { gtidSet: `${a}:1-7` }, leftOut: { count: 2n } });
    expect(() => after(`${a}:3`)).toThrow(invalid(/already/));
    expect(() => after('x')).toThrow(invalid(/not a GTID/));
  });

  it('never goes back over what the log and the source have', () => {
    const to = (gtidSet: string, executed: string) => restartPosition({ from: 'gtid', gtidSet }, log(`${a}:1-9`), source(executed));
    expect(() => to(`${a}:1-7`, `${a}:1-20`)).toThrow(invalid(/2 transactions .*:8-9/));
    expect(() => to(`${b}:1`, `${a}:1-9,${b}:1`)).toThrow(invalid(/9 transactions/));
    // A source that lost 8 and 9 gives these numbers to others; what it has seen is not known any more.
    expect(to(`${a}:1-7`, `${a}:1-7`)).toMatchObject({ leftOut: { count: 0n }, isAhead: false });
  });

  it('names no file: that would not tell what the log has', () => {
    const start = { from: 'position', file: 'binlog.6', pos: 4 } as const;
    expect(() => restartPosition(start, log(`${a}:1`), source(`${a}:1`))).toThrow(invalid(/GTID set/));
    for (const [known, server] of [
      [log(null), source(`${a}:1`)],
      [log(`${a}:1`), source(null)],
      [null, source(`${a}:1`)],
    ] as const)
      expect(restartPosition(start, known, server)).toEqual({
        position: { file: 'binlog.6', pos: 4, gtidSet: null },
        leftOut: null,
        isAhead: false,
      });
  });

  it('counts by domain on MariaDB', () => {
    const to = (gtidSet: string) => restartPosition({ from: 'gtid', gtidSet }, log('0-1-10,2-1-5'), source('0-1-20,2-1-5'));
    expect(to('0-1-15,2-1-5')).toMatchObject({ leftOut: { count: 5n, text: 'domain 0:11-15' } });
    expect(() => to('0-1-15')).toThrow(invalid(/domain 2:1-5/));
    expect(() => to('0-1-9,2-1-5')).toThrow(invalid(/domain 0:10/));
  });
});

describe('a restart without GTIDs', () => {
  it('goes where it is told, and cannot say what lies between', () => {
    expect(restartPosition({ from: 'now' }, log(null), source(null))).toEqual({
      position: { file: 'binlog.9', pos: 99, gtidSet: null },
      leftOut: null,
      isAhead: false,
    });
    expect(() => restartPosition({ from: 'after', gtid: `${a}:1` }, log(null), source(null))).toThrow(invalid(/as a position/));
  });
});
