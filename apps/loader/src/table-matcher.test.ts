import { createRouter } from '@lutra/model';
import type { TableSchema } from '@lutra/model';
import { expect, it } from 'vitest';
import { TableMatcher } from './table-matcher.js';

it('counts the rows that no route takes, also the first of a table', async () => {
  const tables = new TableMatcher(createRouter([{ schema: 'shop', table: '*' }]), () => Promise.reject(new Error('must not ask')));
  const other = { database: 'other', name: 't' } as TableSchema;
  for (let row = 0; row < 3; row += 1) expect(await tables.targetOf(other)).toBeNull();
  expect(tables.unrouted).toBe(3);
});
