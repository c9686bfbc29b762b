/** Parts of a table in lutra.seed. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { TestServer, versions } from './mysql.fixture.js';
import { fence } from './ownership.js';
import { beginSeed, endSeed, isSeedWhole, noCounts, readSeeds, tickSeed } from './seed-store.js';

const key = (id: number): string => `{"id":${id}}`;

describe.each(versions)('lutra.seed on %s', (version) => {
  let server: TestServer;
  const pipeline = 'seedparts';
  const table = { database: 'shop', name: 't' };
  const of = { pipeline, table, target: table, request: 'one', onExisting: 'source' };
  beforeAll(async () => {
    server = await TestServer.shared(version);
  });
  afterAll(() => server?.stop());
  beforeEach(async () => {
    await server.run(`DELETE FROM lutra.seed WHERE pipeline = '${pipeline}'`);
    await server.run(beginSeed(of, [key(10), key(20)]).sql);
  });

  async function parts(): Promise<readonly string[]> {
    return (await readSeeds(server.options, pipeline)).map(({ cursor, end, isWhole, state }) =>
      [cursor, end, isWhole ? 'whole' : state].join(' '),
    );
  }

  async function tick(part: number, from: string | null, to: string | null): Promise<void> {
    await server.run(tickSeed(of, { part, from, to, counts: { ...noCounts, inserted: 1 } }).sql);
  }

  it('each part begins behind the end of the one before, and is whole when it is at its own', async () => {
    expect(await parts()).toEqual([` ${key(10)} seeding`, `${key(10)} ${key(20)} seeding`, `${key(20)}  seeding`]);
    await tick(1, key(10), key(15));
    await tick(1, key(15), key(20));
    await tick(2, key(20), null);
    await tick(0, null, key(4));
    expect(await parts()).toEqual([`${key(4)} ${key(10)} seeding`, `${key(20)} ${key(20)} whole`, `${key(20)}  whole`]);
  });

  // Capture was killed before it heard of the parts, and has others in mind now: 5 is the end of its part 0.
  it('a chunk that ends before the end of the part leaves it open, and other parts change nothing', async () => {
    await tick(1, key(10), key(12));
    await server.run(beginSeed(of, [key(5)]).sql);
    await tick(0, null, key(5));
    await tick(1, key(5), null);
    expect(await parts()).toEqual([`${key(5)} ${key(10)} seeding`, `${key(12)} ${key(20)} seeding`, `${key(20)}  seeding`]);
  });

  it('another order begins anew, with parts of its own', async () => {
    await tick(0, null, key(4));
    await tick(2, key(20), null);
    await server.run(beginSeed({ ...of, request: 'two' }, [key(7)]).sql);
    expect(await parts()).toEqual([` ${key(7)} seeding`, `${key(7)}  seeding`, `${key(20)}  whole`]);
    const requests = (await readSeeds(server.options, pipeline)).map(({ request, state }) => `${request} ${state}`);
    expect(requests).toEqual(['two seeding', 'two seeding', 'one cancelled']);
  });

  // Else other pipelines into the table take what differs whole for ever, and rows of it are sent from here no more.
  it('a pipeline that was removed leaves no table that is being seeded, or is not known to be equal', async () => {
    const names = 'pipeline, database_name, table_name, target_database, target_table, cause, request, reason';
    const entry = (uid: string, name: string): string => `('${uid}', 'shop', '${name}', 'shop', '${name}', 'hole', 'r', 'ann')`;
    await server.run(`REPLACE INTO lutra.unequal (${names}) VALUES ${entry(pipeline, 't')}, ${entry('seedother', 't')}`);
    await fence(server.options, pipeline);
    expect(new Set((await readSeeds(server.options, pipeline)).map(({ state }) => state))).toEqual(new Set(['cancelled']));
    const lasting = `SELECT pipeline FROM lutra.unequal WHERE pipeline IN ('${pipeline}', 'seedother') AND ended_at IS NULL`;
    expect((await server.query(lasting)).map((row) => String(row['pipeline']))).toEqual(['seedother']);
    await server.run(`DELETE FROM lutra.unequal WHERE pipeline IN ('${pipeline}', 'seedother')`);
  });

  it.each([[[]], [[key(7)]], [[key(1), key(2), key(3)]]])('a table that was cancelled begins anew, with parts %s', async (ends) => {
    await tick(0, null, key(10));
    await tick(1, key(10), key(15));
    await server.run(endSeed(of, 'cancelled').sql);
    await server.run(beginSeed(of, ends).sql);
    const open = [...ends, null].map((end, i) => `${ends[i - 1] ?? ''} ${end ?? ''} seeding`);
    const rest = Array.from({ length: Math.max(0, 3 - open.length) }, () => '  whole');
    expect(await parts()).toEqual([...open, ...rest]);
    expect((await readSeeds(server.options, pipeline)).map(({ counts }) => counts.inserted)).toEqual([...open, ...rest].map(() => 0));
  });

  it('says whether all parts are at their ends', async () => {
    await tick(0, null, key(10));
    await tick(1, key(10), key(20));
    expect(await isSeedWhole(server.options, of)).toBe(false);
    await tick(2, key(20), null);
    expect(await isSeedWhole(server.options, of)).toBe(true);
  });

  it('a chunk to the end of the table is to the end of its part', async () => {
    await tick(1, key(10), null);
    expect((await parts())[1]).toBe(`${key(10)} ${key(20)} whole`);
  });

  it('is named where an earlier script made it', async () => {
    const query = async (sql: string): Promise<never> => {
      await server.query(sql.replace('end_key', 'no_such_key'));
      throw new Error('nothing was refused');
    };
    await expect(readSeeds({ query }, pipeline)).rejects.toThrow('DROP TABLE lutra.seed');
  });
});
