import { describe, expect, it } from 'vitest';
import { exploreChunk, withGtid, withoutGtid } from './watermark.js';
import type { Counted, Transaction, WatermarkRules } from './watermark.js';

const kinds: readonly Transaction[] = [{ writes: 'p' }, { writes: 'other' }, { writes: 'p', skipped: true }];

/** Every sequence that touches the row. */
function sequences(length: number): readonly (readonly Transaction[])[] {
  return length === 0 ? [[]] : sequences(length - 1).flatMap((rest) => kinds.map((kind) => [...rest, kind]));
}

function count(rules: WatermarkRules, { longest, crashes }: { longest: number; crashes: number }): Counted {
  return Array.from({ length: longest }, (_, i) => i + 1)
    .flatMap(sequences)
    .filter((transactions) => transactions.some(({ writes }) => writes === 'p'))
    .map((transactions) => exploreChunk(transactions, rules, crashes))
    .reduce((sum, { good, bad }) => ({ good: sum.good + good, bad: sum.bad + bad }));
}

describe('a row of a chunk is published as it is at its place', () => {
  it.each([
    ['with GTIDs: low is gtid_executed, high the end of the file', withGtid],
    ['without: FOR SHARE until the end of the file is read', withoutGtid],
    ['with both', { ...withGtid, read: 'FOR SHARE' }],
  ] as const)('%s', (name, rules) => {
    for (const size of [
      { longest: 3, crashes: 0 },
      { longest: 2, crashes: 1 },
    ]) {
      const { good, bad } = count(rules, size);
      console.log(`${name}, ${size.crashes} crashes: ${good} interleavings`);
      expect(bad).toBe(0);
      expect(good).toBeGreaterThan(10_000);
    }
  });
});

/** The numbers are those of docs/decisions/0032-seeding.md. */
describe('it is not', () => {
  it.each([
    ['5: where high is gtid_executed: values from the future', { ...withGtid, high: 'gtid_executed' }],
    ['5: where what touches it behind high does not count', { ...withGtid, dropped: 'up to high' }],
    ['6: where low does not wait for what the reader has passed', { ...withGtid, low: 'noted' }],
    ['8: where it is dropped for what is not in the log: it never comes', { ...withGtid, skippedTouch: 'dropped' }],
    ['8: where what is not in the log is ignored: it is too old', { ...withGtid, skippedTouch: 'ignored' }],
    ['without GTIDs, by a consistent read', { ...withoutGtid, read: 'consistent' }],
    ['without GTIDs, where what touches it behind high does not count', { ...withoutGtid, dropped: 'up to high' }],
  ] as const)('%s', (name, rules) => {
    const { good, bad } = count(rules, { longest: 2, crashes: 0 });
    console.log(`${name}: ${bad} of ${good + bad}`);
    expect(bad).toBeGreaterThan(0);
    expect(good).toBeGreaterThan(0);
  });
});
