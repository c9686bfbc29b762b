import { expect, it } from 'vitest';
import { asideName, isPutAside } from './put-aside.js';
import { createRouter } from './route.js';

it('a table that was put aside has a name that a server takes, and no route carries it', () => {
  expect(asideName('orders', 90210)).toBe('lutra_aside_orders_90210');
  const long = asideName('ü'.repeat(64), 7);
  expect([long.length, long.endsWith('ü_7'), isPutAside(long)]).toEqual([64, true, true]);
  const router = createRouter([{ schema: 'shop', table: '*' }]);
  expect([router({ database: 'shop', name: 'lutra_asides' })?.name, router({ database: 'shop', name: asideName('t', 1) })]).toEqual([
    'lutra_asides',
    null,
  ]);
});
