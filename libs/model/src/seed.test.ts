import { describe, expect, it } from 'vitest';
import { hasAllBegun, isSeedDone } from './seed.js';
import type { SeededTable, SeedProgress } from './seed.js';

const table = (more: Partial<SeededTable> = {}): SeededTable => {
  const counts = { inserted: 0, equal: 0, replaced: 0, kept: 0, yielded: 0, clashes: 0, endedAt: null };
  return { database: 'd', table: 't', state: 'seeding', cursors: [null], ends: [null], whole: [false], ...counts, ...more };
};
const said = (...tables: readonly SeededTable[]): SeedProgress => ({ request: 'one', tables, at: 1 });

describe('what a target says of an order', () => {
  it('tells that all tables have begun when a first part is ticked off', () => {
    expect(hasAllBegun(said(table({ cursors: ['{"id":1}'] })), 'one')).toBe(true);
    expect(hasAllBegun(said(table(), table({ whole: [true] })), 'one')).toBe(true);
    expect(hasAllBegun(said(table(), table({ state: 'done' })), 'one')).toBe(true);
    expect(hasAllBegun(said(table({ state: 'done' })), 'two')).toBe(false);
  });

  it('tells nothing where tables have begun, were cancelled, or where other parts stand somewhere', () => {
    expect(hasAllBegun(said(), 'one')).toBe(false);
    expect(hasAllBegun(said(table(), table({ state: 'cancelled' })), 'one')).toBe(false);
    const parts = { cursors: [null, '{"id":5}'], ends: ['{"id":9}', null], whole: [false, true] };
    expect(hasAllBegun(said(table(parts)), 'one')).toBe(false);
  });

  it('tells that the order is carried out when nothing of it is under way', () => {
    expect(isSeedDone(said(table({ state: 'done' }), table({ state: 'cancelled' })), 'one')).toBe(true);
    expect(isSeedDone(said(table({ state: 'done' }), table()), 'one')).toBe(false);
    expect(isSeedDone(said(table({ state: 'cancelled' })), 'one')).toBe(false);
  });
});
