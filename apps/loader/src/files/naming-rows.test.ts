import type { FileRule, Route, TableName } from '@lutra/model';
import type { Queries } from '@lutra/mysql';
import { expect, it } from 'vitest';
import { NamingRows } from './naming-rows.js';

const rule = { root: 'pics', path: '{image}', deletes: 'trash', missing: 'stop', waitSeconds: 60 } as FileRule;
const routes: readonly Route[] = [{ schema: 'shop', table: '*', files: [rule] }];
const queries: Queries = { query: async () => [] };
const at = (path: string) => ({ root: 'pics', path });

/** Tables of the target that have the column, and the paths that their rows name. */
function of(tables: Map<string, readonly string[]>): NamingRows {
  const named = (): readonly TableName[] => [...tables.keys()].map((name) => ({ database: 'shop', name }));
  return new NamingRows(
    {
      tablesWithColumnsOf: async (_, rules) => new Map(rules.map((one) => [one, named()])),
      isNamed: async (_, { name }, { path }) => tables.get(name)?.includes(path) ?? false,
    },
    () => routes,
  );
}

it('a row of a table that was made a moment ago names its file', async () => {
  const tables = new Map([['product', ['b']]]);
  const naming = of(tables);
  expect(await naming.name(queries, at('a'))).toBe(false);
  // CREATE TABLE archive; INSERT … SELECT; DELETE from product
  tables.set('product', []).set('archive', ['b']);
  expect(await naming.name(queries, at('b'))).toBe(true);
});

it('where no table has the columns of a rule any more nobody knows what its rows name: the file stays', async () => {
  const tables = new Map([['product', ['a']]]);
  const naming = of(tables);
  tables.clear();
  expect(await naming.name(queries, at('b'))).toBe(true);
});
