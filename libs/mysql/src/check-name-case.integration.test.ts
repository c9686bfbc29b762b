/** lower_case_table_names, and the advice of the checks followed to the letter. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkSource } from './check-source.js';
import { checkTarget } from './check-target.js';
import { TestServer } from './mysql.fixture.js';
import { tiedTables } from './suspended-tables.js';

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

  test('tables that foreign keys tie: in whatever case these were written, and none where only case differs', async () => {
    const tables = (parent: string) => `CREATE DATABASE tied; USE tied;
      CREATE TABLE Parent (id INT PRIMARY KEY);
      CREATE TABLE Child (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES ${parent} (id));
      CREATE TABLE Grandchild (id INT PRIMARY KEY, c INT, FOREIGN KEY (c) REFERENCES Child (id)); USE mysql`;
    await folding.run(tables('TIED.PARENT'));
    await other.run(`${tables('Parent')}; CREATE TABLE tied.parent (id INT PRIMARY KEY)`);
    const tied = async (server: TestServer, name: string): Promise<readonly string[]> =>
      (await tiedTables(server.options, { database: 'tied', name })).map((table) => table.name).toSorted();
    expect(await tied(folding, 'parent')).toEqual(['child', 'grandchild']);
    expect(await tied(folding, 'grandchild')).toEqual(['child', 'parent']);
    expect(await tied(other, 'Parent')).toEqual(['Child', 'Grandchild']);
    expect(await tied(other, 'parent')).toEqual([]);
    // A route that the checks would have refused: without its children the parent would be left out alone.
    await expect(tied(folding, 'Parent')).rejects.toMatchObject({ code: 'CONFIG_INVALID', details: { database: 'tied', table: 'Parent' } });
  });
});
