import { describe, expect, it } from 'vitest';
import type { Route } from './index.js';
import {
  createRouter,
  fileRuleSchema,
  followedRoutes,
  isHeld,
  pipelineRoutes,
  replicationFingerprint,
  unsupportedPolicy,
} from './index.js';
import { uidOf } from './pipeline-uid.fixture.js';

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
    const of = (routes: Route[]): string => replicationFingerprint({ routes, forwards: false });
    expect(of(one)).toBe(of(one.map((route) => ({ ...route, to: {} }))));
    const others = [one.slice(0, 1), one.toReversed(), [{ ...one[0]!, to: { table: 'u' } }, one[1]!], [{ schema: 'shop', table: 't,*' }]];
    expect(new Set([one, ...others].map(of)).size).toBe(5);
    // Who learns later that a pipeline forwards must know that it is behind.
    expect(replicationFingerprint({ routes: one, forwards: true })).not.toBe(of(one));
  });
});

describe('what routes and pipelines exclude', () => {
  const shop = { schema: 'shop', table: '*' };

  it('a route passes on to the next one that matches', () => {
    const route = createRouter([
      { ...shop, exclude: ['tmp_*', 'other.orders'], to: { schema: 'copy' } },
      { schema: 'shop', table: 'tmp_1' },
    ]);
    expect(route({ database: 'shop', name: 'orders' })).toEqual({ database: 'copy', name: 'orders' });
    expect(route({ database: 'shop', name: 'tmp_1' })).toEqual({ database: 'shop', name: 'tmp_1' });
    expect(route({ database: 'shop', name: 'tmp_2' })).toBeNull();
  });

  it('a pipeline drops', () => {
    const route = createRouter(
      pipelineRoutes({ routes: [{ ...shop, table: 'tmp_1' }, shop, { schema: 'crm', table: '*' }], exclude: ['shop.tmp_?'] }),
    );
    expect(route({ database: 'shop', name: 'tmp_1' })).toBeNull();
    expect(route({ database: 'shop', name: 'tmp_10' })).not.toBeNull();
    expect(route({ database: 'crm', name: 'tmp_1' })).not.toBeNull();
  });

  it('may be all of a database: then none of its tables is covered', () => {
    const covers = (...exclude: string[]): boolean => createRouter([{ schema: '*', table: '*', exclude }]).coversDatabase('shop');
    expect([covers(), covers('shop.t*'), covers('t*')]).toEqual([true, true, true]);
    expect([covers('shop.*'), covers('sh?p.*'), covers('*')]).toEqual([false, false, false]);
  });

  it('changes the fingerprint, wherever it stands; without it, it is what it was', () => {
    const print = (pipeline: object): string => replicationFingerprint({ routes: [shop], forwards: false, ...pipeline });
    expect(print({ exclude: [] })).toBe(print({}));
    expect(print({ exclude: ['t'] })).not.toBe(print({}));
    expect(print({ exclude: ['t'] })).toBe(print({ routes: pipelineRoutes({ routes: [shop], exclude: ['t'] }) }));
    expect(print({ exclude: ['t'] })).not.toBe(print({ exclude: ['u'] }));
  });

  it('a suspended table is no route’s, whatever it matches', () => {
    const route = createRouter([shop, shop], [{ database: 'shop', name: 'a.b*' }]);
    expect(route({ database: 'shop', name: 'a.b*' })).toBeNull();
    expect(route({ database: 'shop', name: 'a.bc' })).not.toBeNull();
  });
});

describe('what the log holds', () => {
  const pipeline = { uid: uidOf('c.p'), routes: [{ schema: 'shop', table: '*' }], forwards: false };
  const announced = (part: object = {}) => ({ tables: ['shop.*'], pipelines: {}, ...part });
  const suspension = { database: 'shop', name: 't', code: 'COLUMN_UNSUPPORTED', message: '', where: '', at: 0 } as const;

  it('is not all of a pattern that leaves some out', () => {
    expect(isHeld(announced(), pipeline)).toBe(true);
    expect(isHeld(announced({ tables: ['shop.* except t'] }), pipeline)).toBe(false);
    expect(isHeld(announced({ tables: ['shop.* except t'] }), { ...pipeline, routes: [{ schema: 'shop', table: 't' }] })).toBe(false);
    expect(isHeld(announced({ tables: ['shop.* except t'] }), { ...pipeline, exclude: ['t'] })).toBe(true);
  });

  it('is not what is suspended, also for a pipeline that it names', () => {
    const pipelines = { [pipeline.uid]: replicationFingerprint(pipeline) };
    expect(isHeld(announced({ pipelines }), pipeline)).toBe(true);
    expect(isHeld(announced({ pipelines, suspended: [suspension] }), pipeline)).toBe(false);
    expect(isHeld(announced({ suspended: [suspension] }), { ...pipeline, exclude: ['shop.t'] })).toBe(true);
  });
});

describe('what is unsupported', () => {
  const way = (source: string, target: string) => ({
    name: `${source}-${target}`,
    source,
    target,
    routes: [{ schema: 's', table: '*' }],
    forwards: false,
  });
  const [there, back, on] = [way('a', 'b'), way('b', 'a'), way('b', 'c')];

  it('costs the table one way; where something comes back it stops, unless the document says otherwise', () => {
    expect(unsupportedPolicy({ pipelines: [there, on] })).toBe('suspend');
    expect(unsupportedPolicy({ pipelines: [there, on], onUnsupported: 'stop' })).toBe('stop');
    expect(unsupportedPolicy({ pipelines: [there, back] })).toBe('stop');
    expect(unsupportedPolicy({ pipelines: [there, on, way('c', 'a')], onUnsupported: 'suspend' })).toBe('suspend');
  });
});

describe('the files of a table', () => {
  const rule = (path: string) => fileRuleSchema.parse({ root: 'pics', path });
  const routes = followedRoutes(
    [
      { schema: 'shop', table: 'products', files: [rule('{image}')] },
      { schema: 'shop', table: '*', exclude: ['left'], files: [rule('all/{id}')] },
      { schema: 'shop', table: 'left' },
    ],
    { uid: uidOf('c.p'), bothWays: false },
  );
  const paths = (name: string, suspended: readonly { database: string; name: string }[] = []) =>
    createRouter(routes, suspended)
      .filesOf({ database: 'shop', name })
      .map(({ path }) => path);

  it('are those of the route that takes it', () => {
    expect(paths('products')).toEqual(['{image}']);
    expect(paths('orders')).toEqual(['all/{id}']);
    expect(paths('left')).toEqual([]);
    expect(paths('products', [{ database: 'shop', name: 'products' }])).toEqual([]);
  });

  it('are not those of its shadows', () => {
    expect(createRouter(routes)({ database: 'shop', name: '_products_new' })).not.toBeNull();
    expect(paths('_products_new')).toEqual([]);
  });

  it('make no other replication', () => {
    const fingerprint = (of: readonly Route[]) => replicationFingerprint({ routes: [...of], forwards: false });
    expect(fingerprint(routes)).toBe(fingerprint(routes.map((route) => ({ ...route, files: undefined }))));
  });
});
