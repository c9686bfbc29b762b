import { maxVerifiedTables } from '@lutra/model';
import type { Route, TableName } from '@lutra/model';
import { expect, it } from 'vitest';
import type { VerifiedPipeline } from './assignments.js';
import { listPairs, requireFew } from './table-list.js';
import type { ListedPair, ListOptions } from './table-list.js';

const named = (text: string): TableName => ({ database: text.split('.')[0] ?? '', name: text.split('.')[1] ?? '' });
const pipeline = (source: string, target: string, routes: readonly Route[], others: VerifiedPipeline['others'] = []): VerifiedPipeline =>
  ({
    name: `${source}-${target}`,
    uid: '',
    source: { name: source },
    target: { name: target },
    routes,
    others,
  }) as unknown as VerifiedPipeline;
const shop: readonly Route[] = [{ schema: 'shop', table: '*' }];

function list(
  pipelines: readonly VerifiedPipeline[],
  tables: Readonly<Record<string, readonly string[]>>,
  more: Partial<ListOptions> = {},
) {
  const options = {
    pipelines,
    all: pipelines,
    patterns: ['*.*'],
    tablesOf: (endpoint: string) => (tables[endpoint] ?? []).map(named),
    keepsRows: () => false,
  };
  return listPairs({ ...options, ...more }).map(
    ({ pipeline: { name }, source, target, twoWay, missingAt, mayBeExtra }) =>
      `${name} ${source.database}.${source.name}${source.name === target.name && source.database === target.database ? '' : ` → ${target.database}.${target.name}`}${twoWay ? ' both ways' : ''}${missingAt ? ` missing at the ${missingAt}` : ''}${mayBeExtra ? ' extra' : ''}`,
  );
}

it('lists each table that a pipeline carries, and the order names', () => {
  const tables = { a: ['shop.orders', 'shop.items', 'other.t'], b: ['shop.orders', 'shop.items'] };
  expect(list([pipeline('a', 'b', shop)], tables)).toEqual(['a-b shop.orders', 'a-b shop.items']);
  expect(list([pipeline('a', 'b', shop)], tables, { patterns: ['shop.it*'] })).toEqual(['a-b shop.items']);
});

it('a table that flows both ways is compared once', () => {
  const tables = { a: ['shop.orders'], b: ['shop.orders'] };
  expect(list([pipeline('a', 'b', shop), pipeline('b', 'a', shop)], tables)).toEqual(['a-b shop.orders both ways']);
  const renamed: readonly Route[] = [{ schema: 'shop', table: 'orders', to: { schema: 'store' } }];
  const back: readonly Route[] = [{ schema: 'store', table: 'orders', to: { schema: 'shop' } }];
  expect(list([pipeline('a', 'b', renamed), pipeline('b', 'a', back)], { a: ['shop.orders'], b: ['store.orders'] })).toEqual([
    'a-b shop.orders → store.orders both ways',
  ]);
});

it('a table that one side lacks is listed as missing there', () => {
  expect(list([pipeline('a', 'b', shop)], { a: ['shop.one'], b: ['shop.two'] })).toEqual([
    'a-b shop.one missing at the target',
    'a-b shop.two missing at the source',
  ]);
});

it('rows at the target alone may be of another pipeline, of another table of the source, or kept by a rule', () => {
  const tables = { a: ['shop.orders', 'shop2.orders'], b: ['shop.orders'] };
  expect(list([pipeline('a', 'b', shop, [shop])], tables)).toEqual(['a-b shop.orders extra']);
  expect(list([pipeline('a', 'b', shop, [[{ schema: 'other', table: '*' }]])], tables)).toEqual(['a-b shop.orders']);
  const two: readonly Route[] = [...shop, { schema: 'shop2', table: '*', to: { schema: 'shop' } }];
  expect(list([pipeline('a', 'b', two)], tables)).toEqual(['a-b shop.orders extra', 'a-b shop2.orders → shop.orders extra']);
  expect(list([pipeline('a', 'b', shop)], tables, { keepsRows: () => true })).toEqual(['a-b shop.orders extra']);
});

it('more tables than one result holds are refused by name: what is left out would count as equal', () => {
  const pairs = Array.from({ length: maxVerifiedTables + 1 }, () => ({}) as ListedPair);
  expect(() => requireFew(pairs)).toThrow('2001 tables are to be compared, and one order takes 2000');
  requireFew(pairs.slice(1));
});
