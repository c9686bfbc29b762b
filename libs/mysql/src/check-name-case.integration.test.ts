/** lower_case_table_names, and the advice of the checks followed to the letter. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkSource } from './check-source.js';
import { checkTarget } from './check-target.js';
import { TestServer } from './mysql.fixture.js';

describe('names without case', () => {
  let folding: TestServer;
  let other: TestServer;
  const nameProblems = (problems: readonly { readonly id: string }[]) => problems.filter(({ id }) => /case|empty|missing/.test(id));

  beforeAll(async () => {
    [folding, other] = await Promise.all([TestServer.start('mariadb-11.4', [], 1), TestServer.start('8.0')]);
    for (const server of [folding, other]) await server.run('CREATE DATABASE SHOP; CREATE TABLE SHOP.PARCEL (id INT PRIMARY KEY)');
  });
  afterAll(() => Promise.all([folding?.stop(), other?.stop()]));

  test('a route in another case is refused, with the name that works', async () => {
    const facts = (schema: string, table: string) => ({ serverId: 1001, routes: [{ schema, table }] });
    const problems = nameProblems(await checkSource(folding.options, facts('SHOP', 'PARCEL')));
    expect(problems).toContainEqual(
      expect.objectContaining({ id: 'route-case', severity: 'error', fix: 'write it in lower case: shop.parcel' }),
    );
    expect(nameProblems(await checkSource(folding.options, facts('shop', 'parcel')))).toEqual([]);
    expect(nameProblems(await checkSource(other.options, facts('SHOP', 'PARCEL')))).toEqual([]);
  });

  test('so is a target in another case', async () => {
    const routes = [{ schema: 'shop', table: 'parcel', to: { schema: 'Shop', table: 'PARCEL' } }];
    expect(nameProblems(await checkTarget(folding.options, { routes, source: null, twoWay: false }))).toMatchObject([
      { id: 'route-case', fix: 'write it in lower case: shop.parcel' },
    ]);
  });

  test('two servers that differ do not go together', async () => {
    const routes = [{ schema: 'shop', table: 'parcel' }];
    const problems = await checkTarget(other.options, { routes, source: folding.options, twoWay: false });
    expect(problems).toContainEqual(expect.objectContaining({ id: 'lower-case-table-names-differ', severity: 'error' }));
    const same = await checkTarget(folding.options, { routes, source: folding.options, twoWay: false });
    expect(nameProblems(same)).toEqual([]);
  });
});
