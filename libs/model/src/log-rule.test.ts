import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { admit, freshLog, SyncError } from './index.js';
import type { LogState, RecordHeader } from './index.js';

const row = (epoch: number, seq: number, log = 'L'): RecordHeader => ({ kind: 'row', log, seq, epoch });
const claim = (epoch: number): RecordHeader => ({ kind: 'epoch', log: '', seq: -1, epoch });

function read(headers: readonly RecordHeader[], from: LogState = freshLog): string[] {
  let state = from;
  return headers.map((header, offset) => {
    const step = admit(state, header, offset);
    state = step.state;
    return step.verdict;
  });
}

function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof SyncError) return error.code;
    throw error;
  }
  return 'none';
}

describe('the epoch and seq rule', () => {
  it('takes records in order, whoever leads', () => {
    expect(read([claim(1), row(1, 0), row(1, 1), claim(2), row(2, 2)])).toEqual(['epoch', 'valid', 'valid', 'epoch', 'valid']);
  });

  it('voids what a replaced leader wrote after the epoch record of its successor', () => {
    expect(read([claim(1), row(1, 0), claim(2), row(1, 1), row(2, 1)])).toEqual(['epoch', 'valid', 'epoch', 'void', 'valid']);
  });

  it('begins with an epoch: what a leader of a log before it wrote into its topic does not count as its beginning', () => {
    expect(codeOf(() => read([row(1, 7, 'old'), claim(2), row(2, 0)]))).toBe('RECORD_INVALID');
    expect(read([claim(2), row(1, 7, 'old'), row(2, 0)])).toEqual(['epoch', 'void', 'valid']);
  });

  it('lets the first of two equal epoch records win', () => {
    expect(read([claim(3), claim(3), row(3, 0)])).toEqual(['epoch', 'void', 'valid']);
  });

  it('skips a record that was written twice', () => {
    expect(read([claim(1), row(1, 0), row(1, 0), row(1, 1)])).toEqual(['epoch', 'valid', 'duplicate', 'valid']);
  });

  it('names a hole', () => {
    expect(codeOf(() => read([claim(1), row(1, 0), row(1, 2)]))).toBe('LOG_GAP');
  });

  it('names another log', () => {
    expect(codeOf(() => read([claim(1), row(1, 0), row(1, 1, 'other')]))).toBe('LOG_FOREIGN');
  });

  it('names an epoch that no epoch record opened', () => {
    expect(codeOf(() => read([claim(1), row(1, 0), row(2, 1)]))).toBe('RECORD_INVALID');
  });

  it('takes back what came before a higher epoch where the beginning was removed, and only there', () => {
    const headless: LogState = { log: '', epoch: -1, seq: null, headless: true };
    expect(read([row(1, 7), row(1, 8), row(2, 7), row(2, 8)], headless)).toEqual(['valid', 'valid', 'anew', 'valid']);
    expect(read([row(2, 7), row(1, 8), row(2, 8)], headless)).toEqual(['valid', 'void', 'valid']);
    expect(codeOf(() => read([row(1, 7), claim(2), row(2, 8), row(3, 9)], headless))).toBe('RECORD_INVALID');
  });

  it('gives every reader each row once and in order, however leaders interleave', () => {
    // Leaders with growing epochs; each reads up to its claim and goes on from there, while older ones may still write (late).
    const leaders = fc.array(fc.record({ writes: fc.nat(5), late: fc.nat(3) }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(leaders, (plan) => {
        const log: RecordHeader[] = [];
        const truth: number[] = [];
        let seq = 0;
        plan.forEach(({ writes, late }, index) => {
          log.push(claim(index + 1));
          const lateFrom = seq;
          for (let i = 0; i < late && index > 0; i += 1) log.push(row(index, lateFrom + i));
          for (let i = 0; i < writes; i += 1) {
            truth.push(seq);
            log.push(row(index + 1, seq++));
          }
        });
        const verdicts = read(log);
        expect(log.filter((_, at) => verdicts[at] === 'valid').map((header) => header.seq)).toEqual(truth);
      }),
    );
  });
});
