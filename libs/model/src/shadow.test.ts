import { describe, expect, it } from 'vitest';
import { createRouter, followedRoutes, replicationFingerprint, shadowKindOf, shadowName } from './index.js';
import type { PipelineDocument, Route } from './index.js';
import { uidOf } from './pipeline-uid.fixture.js';

describe('names of tables that online tools make', () => {
  it.each([
    ['_t_gho', 't', 'shadow'],
    ['_t_del', 't', 'old'],
    ['_t_rev_del', 't', 'old'],
    ['_t_20260131120000_del', 't', 'old'],
    ['_t_20260131120000_rev_del', 't', 'old'],
    ['_t_ghc', 't', 'notes'],
    ['_t_ghk', 't', 'notes'],
    ['_t_new', 't', 'shadow'],
    ['___t_old', 't', 'old'],
    ['__t_gho', '_t', 'shadow'],
    ['_orders_new_new', 'orders_new', 'shadow'],
    ['_orders_new_gho', 'orders_new', 'shadow'],
    ['_t_20260131120000_gho', 't_20260131120000', 'shadow'],
    ['orders_new', 'orders', null],
    ['_t_new', 'u', null],
    ['_new', '', null],
    ['_t_old2', 't', null],
  ] as const)('%s of %s: %s', (name, table, kind) => {
    expect(shadowKindOf(name, table)).toBe(kind);
  });

  it('are cut at 64 characters: gh-ost cuts the name of the table, the other tool the end', () => {
    const long = 'x'.repeat(62);
    expect(shadowKindOf(`_${'x'.repeat(59)}_gho`, long)).toBe('shadow');
    expect(shadowKindOf(`_${'x'.repeat(44)}_20260131120000_del`, long)).toBe('old');
    expect(shadowKindOf(`_${long}_`, long)).toBe('shadow');
    expect(shadowKindOf(`__${long}`, long)).toBe('shadow');
    expect(shadowKindOf(`_${'x'.repeat(58)}_gho`, long)).toBeNull();
    expect(shadowKindOf(`_${'y'.repeat(59)}_gho`, long)).toBeNull();
  });

  it('have a likeliest reading', () => {
    expect([shadowName('_t_gho'), shadowName('t'), shadowName('__')]).toEqual([{ kind: 'shadow', of: 't', isCut: false }, null, null]);
  });
});

describe('shadows of routed tables', () => {
  const router = (routes: readonly Route[], bothWays: boolean) => createRouter(followedRoutes(routes, { uid: 'p', bothWays }));
  const says = (of: ReturnType<typeof router>, name: string) => {
    const table = { database: 'shop', name };
    const target = of(table);
    return [target && `${target.database}.${target.name}`, of.shadow(table)];
  };
  const all = [{ schema: 'shop', table: '*' }];
  const exact = [{ schema: 'shop', table: 't' }];

  it('both ways: their rows are not carried, and their statements are looked at', () => {
    for (const routes of [all, exact]) {
      expect(says(router(routes, true), '_t_gho')).toEqual([null, 'apart']);
      expect(says(router(routes, true), '_t_old')).toEqual([null, 'apart']);
      expect(says(router(routes, true), '_t_ghc')).toEqual([null, null]);
      expect(says(router(routes, true), 't')).toEqual(['shop.t', null]);
    }
    expect(says(router(exact, true), '_u_gho')).toEqual([null, null]);
  });

  it('one way: they go with their table, also with one that is routed by its name', () => {
    expect(says(router(all, false), '_t_gho')).toEqual(['shop._t_gho', 'travels']);
    expect(says(router(exact, false), '_t_gho')).toEqual(['shop._t_gho', 'implied']);
    expect(says(router(exact, false), '__t_20260131120000_del')).toEqual(['shop.__t_20260131120000_del', 'implied']);
    expect(says(router(all, false), '_t_ghc')).toEqual([null, null]);
    expect(says(router([{ schema: 'shop', table: 't', to: { schema: 'eu' } }], false), '_t_gho')).toEqual(['eu._t_gho', 'implied']);
  });

  it('one way: not where the table has another name, or where they are excluded', () => {
    expect(says(router([{ schema: 'shop', table: 't', to: { table: 'u' } }], false), '_t_gho')).toEqual([null, 'apart']);
    expect(says(router([{ schema: 'shop', table: '*', exclude: ['_*_gho'] }], false), '_t_gho')).toEqual([null, 'apart']);
    const both = [{ schema: 'shop', table: 't', to: { table: 'u' } }, ...all];
    expect([says(router(both, false), '_t_gho'), says(router(both, false), '_v_gho')]).toEqual([
      [null, 'apart'],
      ['shop._v_gho', 'travels'],
    ]);
  });

  it('a name that is cut is of any table that begins so', () => {
    const name = `_orders${'x'.repeat(53)}_gho`;
    expect(says(router([{ schema: 'shop', table: `orders${'x'.repeat(56)}` }], true), name)).toEqual([null, 'apart']);
    expect(says(router([{ schema: 'shop', table: 'orders*' }], true), name)).toEqual([null, 'apart']);
    expect(says(router([{ schema: 'shop', table: 'items*' }], true), name)).toEqual([null, null]);
  });

  it('a table that is named in a route is ordinary, whatever it is called', () => {
    const named = [...all, { schema: 'shop', table: '_t_new' }];
    expect(says(router(named, true), '_t_new')).toEqual(['shop._t_new', null]);
    expect(says(router(named, true), '_t_old')).toEqual([null, 'apart']);
  });

  it('of several pipelines one may carry them', () => {
    const of = (uid: string, bothWays: boolean) => followedRoutes(exact, { uid, bothWays });
    expect(says(createRouter([...of('p', true), ...of('q', false)]), '_t_gho')[0]).toBe('shop._t_gho');
    expect(says(createRouter([...of('p', true), ...of('q', true)]), '_t_gho')).toEqual([null, 'apart']);
  });

  it('of a table that is left out they are nothing', () => {
    const routes = followedRoutes(exact, { uid: 'p', bothWays: true });
    expect(says(createRouter(routes, [{ database: 'shop', name: 't' }]), '_t_gho')).toEqual([null, null]);
  });

  it('nobody who asks plain routes, and no fingerprint, hears of them', () => {
    expect(says(createRouter(all), '_t_gho')).toEqual(['shop._t_gho', null]);
    const pipeline = { uid: uidOf('c.p'), routes: exact, forwards: false } as unknown as PipelineDocument;
    const followed = { ...pipeline, routes: [...followedRoutes(exact, { uid: 'p', bothWays: true })] };
    expect(replicationFingerprint(followed)).toBe(replicationFingerprint(pipeline));
  });
});
