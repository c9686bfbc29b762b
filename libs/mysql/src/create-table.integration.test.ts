/** Tables that are created as another server prints them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTable, creatingAt } from './create-table.js';
import { TestServer, versions } from './mysql.fixture.js';

describe.each(versions)('%s', (version) => {
  let server: TestServer;
  beforeAll(async () => void (server = await TestServer.shared(version)));
  afterAll(() => server.stop());

  const definitionOf = async (database: string, name: string): Promise<string> =>
    String((await server.query(`SHOW CREATE TABLE ${database}.${name}`))[0]?.['Create Table']);

  it('a table is created with its database, before its parent, and only once', async () => {
    const from = await server.database();
    const to = `${from}_copy_${version.replaceAll(/\W/g, '_')}`;
    await server.run(`USE ${from}; CREATE TABLE p (id int primary key);
      CREATE TABLE c (id int auto_increment primary key, p int, e enum('a','it''s'), d datetime(3) default current_timestamp(3),
        g int generated always as (p + 1) stored, key (e), foreign key (p) references p (id)) auto_increment = 42`);
    const definition = await definitionOf(from, 'c');
    const of = { source: { database: from, name: 'c' }, target: { database: to, name: 'c' }, definition };
    const targetOf = ({ name }: { readonly name: string }) => ({ database: to, name });
    expect([
      await createTable(creatingAt(server.options), { ...of, targetOf }),
      await createTable(creatingAt(server.options), { ...of, targetOf }),
    ]).toEqual([true, false]);
    const parent = { ...of, source: { database: from, name: 'p' }, target: { database: to, name: 'p' } };
    await createTable(creatingAt(server.options), { ...parent, definition: await definitionOf(from, 'p'), targetOf });
    await server.run(`INSERT INTO ${to}.p VALUES (1); INSERT INTO ${to}.c (p) VALUES (1)`);
    expect(await server.query(`SELECT id, g FROM ${to}.c`)).toEqual([{ id: 42, g: 2 }]);
    const plain = (text: string): string => text.replaceAll(/`\w+`\.(`p`)|AUTO_INCREMENT=\d+ /g, '$1');
    expect(plain(await definitionOf(to, 'c'))).toBe(plain(definition));
    await server.run(`DROP DATABASE ${to}`);
  });

  it('what cannot be created says why', async () => {
    const database = await server.database();
    const definition = 'CREATE TABLE `t` (`a` int) ENGINE=InnoDB COLLATE=utf8mb4_of_nowhere';
    const of = { source: { database: 'shop', name: 't' }, target: { database, name: 't' }, definition, targetOf: () => null };
    await expect(createTable(creatingAt(server.options), of)).rejects.toMatchObject({
      code: 'SEED_TABLE_REFUSED',
      message: expect.stringContaining('utf8mb4_of_nowhere'),
      refused: { table: { database: 'shop', name: 't' } },
    });
  });
});
