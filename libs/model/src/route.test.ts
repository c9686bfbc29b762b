import { describe, expect, it } from 'vitest';
import { carriedFingerprint, createRouter, routesFingerprint } from './index.js';

describe('routes', () => {
  it('let the first match decide', () => {
    const route = createRouter([
      { schema: 'shop', table: 'orders', to: { schema: 'shop2' } },
      { schema: 'shop', table: '*' },
    ]);
    expect(route({ database: 'shop', name: 'orders' })).toEqual({ database: 'shop2', name: 'orders' });
    expect(route({ database: 'shop', name: 'items' })).toEqual({ database: 'shop', name: 'items' });
    expect(route({ database: 'crm', name: 'orders' })).toBeNull();
  });

  it('take no letter of a pattern for a regular expression', () => {
    const route = createRouter([{ schema: 'a+b', table: 't?_*' }]);
    expect(route({ database: 'a+b', name: 't1_x' })).not.toBeNull();
    expect(route({ database: 'aab', name: 't1_x' })).toBeNull();
    expect(route({ database: 'a+b', name: 'T1_x' })).toBeNull();
  });

  it('never forward the own and the server’s schemas', () => {
    const route = createRouter([{ schema: '*', table: '*' }]);
    for (const database of ['lutra', 'mysql', 'sys', 'information_schema', 'performance_schema']) {
      expect(route({ database, name: 't' })).toBeNull();
      expect(route.coversDatabase(database)).toBe(false);
    }
    expect(route.coversDatabase('shop')).toBe(true);
  });

  it('have one fingerprint, whatever their document left out, and another when names, targets or order differ', () => {
    const one = [
      { schema: 'shop', table: 't' },
      { schema: 'shop', table: '*' },
    ];
    expect(routesFingerprint(one)).toBe(routesFingerprint(one.map((route) => ({ ...route, to: {} }))));
    const others = [one.slice(0, 1), one.toReversed(), [{ ...one[0]!, to: { table: 'u' } }, one[1]!], [{ schema: 'shop', table: 't,*' }]];
    expect(new Set([one, ...others].map(routesFingerprint)).size).toBe(5);
    // Who learns later that a pipeline forwards must know that it is behind.
    expect(carriedFingerprint({ routes: one, forwards: false })).toBe(routesFingerprint(one));
    expect(carriedFingerprint({ routes: one, forwards: true })).not.toBe(routesFingerprint(one));
  });
});
