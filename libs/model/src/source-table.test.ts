import { createRouter, routeSchema, sourceTable } from './index.js';
import { expect, it } from 'vitest';

it('finds the table whose rows arrive as this one, behind each renaming', () => {
  const routes = [
    { schema: 'shop', table: 'old', to: { table: 'orders' } },
    { schema: 'shop', to: { schema: 'copy' } },
    { schema: 'c*' },
  ].map((route) => routeSchema.parse(route));
  const of = (database: string, name: string) => sourceTable({ database, name }, routes, createRouter(routes));
  expect(of('shop', 'orders')).toEqual({ database: 'shop', name: 'old' });
  expect(of('copy', 'users')).toEqual({ database: 'shop', name: 'users' });
  expect(of('copy', 'old')).toEqual({ database: 'copy', name: 'old' }); // shop.old goes elsewhere
  expect(of('crm', 'users')).toEqual({ database: 'crm', name: 'users' });
  expect(of('shop', 'users')).toBeNull();
});
