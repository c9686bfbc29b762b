import { expect, it } from 'vitest';
import { addedTables, patternsOf } from './added-tables.js';
import type { FoundTable } from './seed-tables.js';

const found = (database: string, name: string, target = { database, name }): FoundTable => {
  return { source: { database, name }, target, rows: 0, bytes: 0, key: [] };
};
const [orders, items, leads, odd] = [found('shop', 'orders'), found('shop', 'items'), found('crm', 'leads'), found('shop', 'o.d*d')];
const all = [orders, items, leads, odd];

it('added are tables that were not carried, or that arrive under another name', () => {
  const before = { routes: [{ schema: 'shop', table: '*' }], exclude: ['items'] };
  expect(addedTables(before, all)).toEqual([items, leads]);
  const renamed = found('shop', 'orders', { database: 'shop', name: 'sold' });
  expect(addedTables(before, [renamed])).toEqual([renamed]);
});

it('an order names the pattern of a route where all of it is added, and else each table, as far as a pattern can spell it', () => {
  const after = {
    routes: [
      { schema: 'shop', table: '*' },
      { schema: 'crm', table: '*' },
    ],
  };
  expect(patternsOf(after, all, [leads])).toEqual(['crm.*']);
  expect(patternsOf(after, all, [items, leads])).toEqual(['crm.*', 'shop.items']);
  expect(patternsOf(after, all, all)).toEqual(['shop.*', 'crm.*']);
  expect(patternsOf(after, all, [odd])).toEqual(['shop.o?d?d']);
  expect(patternsOf({ routes: [{ schema: 'empty', table: '*' }] }, [], [])).toEqual([]);
});
