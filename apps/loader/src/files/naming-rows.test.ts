import type { FileRule, Route, TableName } from '@lutra/model';
import type { Naming, Queries } from '@lutra/mysql';
import { expect, it } from 'vitest';
import { NamingRows } from './naming-rows.js';

const rule = { root: 'pics', path: '{image}', deletes: 'trash', missing: 'stop', waitSeconds: 60 } as FileRule;
const routes: readonly Route[] = [{ schema: 'shop', table: '*', files: [rule] }];
let catalogues = 0;
const queries: Queries = { query: async () => [] };

/** Tables of the target, with the paths that their rows name; null: it has not the columns. */
function of(tables: ReadonlyMap<string, readonly string[] | null>, lacksColumns = false): (path: string) => Promise<Naming> {
  const named = (names: readonly string[]): readonly TableName[] => names.map((name) => ({ database: 'shop', name }));
  const having = (): readonly string[] => [...tables.keys()].filter((name) => tables.get(name) !== null);
  const naming = new NamingRows({
    store: {
      tablesWithColumnsOf: async (_, rules) => {
        catalogues += 1;
        return new Map(rules.map((one) => [one, named(having())]));
      },
      baseTables: async () => named([...tables.keys()]),
      isNamed: async (_, { name }, { path }) => tables.get(name)?.includes(path) ?? false,
    },
    routes: () => routes,
    lacksColumns: () => lacksColumns,
  });
  return (path) => naming.of(queries)({ root: 'pics', path });
}

it('a row of a table that was made a moment ago names its file', async () => {
  const tables = new Map([['product', ['b']]]);
  const naming = of(tables);
  expect(await naming('a')).toBe('free');
  // CREATE TABLE archive; INSERT … SELECT; DELETE from product
  tables.set('product', []).set('archive', ['b']);
  expect(await naming('b')).toBe('named');
});

it('nobody knows what rows name where the columns of the rule have other names, or a suspended table lacks them', async () => {
  expect(await of(new Map([['product', null]]))('b')).toBe('unknown');
  expect(await of(new Map([['product', ['a']]]), true)('b')).toBe('unknown');
});

it('a rule whose tables are not there keeps no file of others', async () => {
  const tables = new Map([['product', ['a']]]);
  const naming = of(tables);
  tables.clear();
  expect(await naming('b')).toBe('free');
});

it('the catalogue is read once for all files of one moment', async () => {
  catalogues = 0;
  const naming = new NamingRows({
    store: {
      tablesWithColumnsOf: async (_, rules) => (catalogues++, new Map(rules.map((one) => [one, []]))),
      baseTables: async () => [],
      isNamed: async () => false,
    },
    routes: () => routes,
    lacksColumns: () => false,
  }).of(queries);
  for (const path of ['a', 'b', 'c']) expect(await naming({ root: 'pics', path })).toBe('free');
  expect([catalogues, await naming({ root: 'docs', path: 'a' })]).toEqual([1, 'named']);
});
