/**
 * Tables that come into a pipeline with a past, MySQL 9.7 to 8.0, while applications write them: each is put aside at the target, made anew
 * and copied, and both sides end equal, by what the servers have and by the product's own verification.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChannelDocument } from '@lutra/model';
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { keptStack, leaveStack } from '../accidents/kept-stack.js';
import { openOneWay, until, type OneWay } from '../accidents/one-way.js';
import { lutraUser, sides, type Stack, withAdministrator } from '../harness/index.js';
import { DdlWay, grantSchemaChanges, type DdlView } from './ddl-way.js';

let stack: Stack;
beforeAll(async () => {
  stack = await keptStack();
}, 240_000);
afterAll(leaveStack);

const rows = 3_000;
const many = `WITH RECURSIVE s (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < ${rows})`;

async function mayVerify(way: OneWay, side: (typeof sides)[number]): Promise<void> {
  const may = ['difference', 'resync'].map((table) => `GRANT DELETE ON lutra.${table} TO '${lutraUser}'@'%'`).join('; ');
  await withAdministrator(way.servers[side], (connection) => connection.query(may));
}

/** With a database beside it at the source that no route takes. */
async function open(): Promise<DdlWay & { readonly stage: string }> {
  const opened = await DdlWay.open(stack);
  const { way } = opened;
  onTestFailed(async () => console.error(way.name, JSON.stringify(await way.status(), null, 1), await stack.saveLogs()));
  for (const side of sides) await mayVerify(way, side);
  const stage = `${way.database}_stage`;
  await way.atSource(`CREATE DATABASE ${stage}; GRANT LOCK TABLES ON ${way.database}.* TO '${lutraUser}'@'%'`);
  await way.write(1, 2);
  await way.arrives();
  return Object.assign(opened, { stage });
}

/** Writes t all the time: rows that were there, and new ones. */
function writing({ way }: DdlWay): () => Promise<void> {
  let isOver = false;
  const written = (async () => {
    for (let n = 1; !isOver; n += 1) {
      const old = (n * 37) % rows;
      await way.atSource(
        `INSERT INTO t (id, v) VALUES (${10_000 + n}, 'w'); UPDATE t SET v = CONCAT(v, '.') WHERE id IN (${old}, ${old + 1}, ${9_990 + n}); ` +
          `DELETE FROM t WHERE id = ${rows - n}`,
      );
      await sleep(5);
    }
  })();
  return async () => {
    isOver = true;
    await written;
  };
}

async function seedIsDone({ way }: DdlWay, tables: number): Promise<void> {
  const path = `/api/v1/channels/${way.name}/pipelines/rows/seed`;
  const done = await until(async () => {
    const seed = await stack.api.request<{ tables: { done: number; seeding: number } }>('GET', path);
    return seed.tables.done === tables && seed.tables.seeding === 0 ? seed : undefined;
  }, 60_000);
  if (!done) expect(await stack.api.request('GET', path), 'the seed should be done').toBeNull();
}

async function isVerified({ way }: DdlWay): Promise<void> {
  const path = `/api/v1/channels/${way.name}/verify`;
  type Verified = { readonly result: { readonly tables: readonly { readonly verdict: string | null }[] } | null };
  const equal = await until(async () => {
    const { result } = await stack.api.request<Verified>('GET', path);
    return result && result.tables.length > 0 && result.tables.every(({ verdict }) => verdict === 'equal') ? true : undefined;
  }, 60_000);
  if (!equal) expect(await stack.api.request('GET', path), 'all tables should be equal').toBeNull();
}

async function tablesThere({ way }: DdlWay): Promise<readonly string[]> {
  return (await way.atTarget('SHOW TABLES')).map((row) => String(Object.values(row)[0]));
}

describe('a table that is renamed into the routes', () => {
  it('has its rows at the target after "seed", though it was written and altered meanwhile; what was there is put aside', async () => {
    const ddl = await open();
    const { way, stage } = ddl;
    const parts = `id BIGINT NOT NULL PRIMARY KEY, v VARCHAR(100) NULL, w INT NOT NULL DEFAULT 1, CHECK (w > 0)`;
    await way.atSource(
      `CREATE TABLE ${stage}.t (${parts}); SET SESSION cte_max_recursion_depth = 100000; INSERT INTO ${stage}.t (id, v) ${many} SELECT i, 'old' FROM s`,
    );
    await way.atSource(`RENAME TABLE t TO ${stage}.before_it, ${stage}.t TO t`);
    const end = writing(ddl);
    const hold = await ddl.holds('entered');
    expect(hold).toMatchObject({
      statement: 'RENAME TABLE',
      ways: ['seed', 'done', 'skip'],
      enters: [{ database: way.database, name: 't' }],
    });
    // Rows of the definition of before wait behind the hold, and it is gone when the table is made.
    await way.atSource(
      'ALTER TABLE t ADD COLUMN x INT NULL, DROP COLUMN w; CREATE TABLE other (id INT PRIMARY KEY); INSERT INTO other VALUES (1)',
    );
    expect(await way.targetIds()).toEqual([1, 2]);
    await ddl.answer(hold, 'seed', 'loaded beside it');
    await ddl.goesOn();
    await seedIsDone(ddl, 1);
    // Before the table is altered once more: it is refused where one side has another column.
    await isVerified(ddl);
    await way.atSource('ALTER TABLE t ADD COLUMN y INT NULL DEFAULT 7');
    await end();
    await ddl.arrives('t');
    await ddl.arrives('other');
    const aside = `lutra_aside_t_${hold.seq}`;
    expect(await tablesThere(ddl)).toEqual([aside, 'other', 't']);
    expect((await way.atTarget(`SELECT id FROM ${aside} ORDER BY id`)).map((row) => Number(row['id']))).toEqual([1, 2]);
    const [here, there] = await ddl.definitions('t');
    const columns = (definition: string): string => definition.replace(/ ENGINE.*/s, '').replaceAll(/int\(\d+\)/g, 'int');
    expect(columns(there)).toBe(columns(here));
    expect((await ddl.view()) satisfies DdlView).toMatchObject({ hold: null, waiting: [] });
    const carried = (await ddl.carried()).filter(({ record }) => record === hold.record).toSorted((one, other) => one.part - other.part);
    expect(carried).toMatchObject([
      { part: 0, state: 'done', answer: { answer: 'seed', reason: 'loaded beside it' } },
      { part: 1, state: 'done' },
    ]);
    await way.close();
  });

  it('is not put aside where it cannot be seeded; the answer counts although the loader is killed', async () => {
    const ddl = await open();
    const { way, stage } = ddl;
    await way.atSource(
      `CREATE TABLE ${stage}.n (id BIGINT NOT NULL PRIMARY KEY, v VARCHAR(100)); INSERT INTO ${stage}.n VALUES (1, 'old'); CREATE TABLE ${stage}.floats (f FLOAT NOT NULL PRIMARY KEY)`,
    );
    await way.atSource(`RENAME TABLE ${stage}.floats TO floats`);
    const floats = await ddl.holds('entered');
    const refused = await ddl.refused(floats, 'seed');
    expect([refused.status, JSON.stringify(refused.body)]).toEqual([409, expect.stringContaining('seed-key')]);
    expect((await ddl.view()).hold).toMatchObject({ seq: floats.seq });
    await ddl.answer(floats, 'skip');
    await ddl.goesOn();

    await way.atSource(`RENAME TABLE ${stage}.n TO n; INSERT INTO n VALUES (2, 'new'); UPDATE n SET v = 'newer' WHERE id = 1`);
    await way.atSource(
      `CREATE TABLE ${stage}.k (id INT, v VARCHAR(100)); INSERT INTO ${stage}.k VALUES (5, 'without a key'), (5, 'without a key'); RENAME TABLE ${stage}.k TO k`,
    );
    const hold = await ddl.holds('entered');
    await ddl.answer(hold, 'seed');
    await stack.loader[way.to].kill();
    await stack.loader[way.to].restart();
    // The seed of n cannot be done before this one is answered: the next order takes it in.
    const next = await until(async () => {
      const now = await ddl.hold();
      return now && now.seq > hold.seq ? now : undefined;
    });
    await ddl.answer(next!, 'seed');
    await ddl.goesOn();
    await seedIsDone(ddl, 2);
    await ddl.arrives('n');
    await ddl.arrives('k');
    expect(await tablesThere(ddl)).toEqual(['k', 'n', 't']);
    await way.close();
  });

  it('waits for a seed, and nothing of it is applied before one begins; where it is dropped at the source, it waits no more', async () => {
    const ddl = await open();
    const { way, stage } = ddl;
    const made = `(id BIGINT NOT NULL PRIMARY KEY, v VARCHAR(100))`;
    await way.atSource(`CREATE TABLE ${stage}.n ${made}; INSERT INTO ${stage}.n VALUES (1, 'old'); CREATE TABLE ${stage}.m ${made}`);
    await way.atSource(`RENAME TABLE ${stage}.n TO n, ${stage}.m TO m`);
    const hold = await ddl.holds('entered');
    await stack.capture[way.from].kill();
    await ddl.answer(hold, 'seed');
    await stack.api.request('POST', `/api/v1/channels/${way.name}/pipelines/rows/seed/cancel`);
    await ddl.goesOn();
    await stack.capture[way.from].restart();
    await way.atSource(`UPDATE n SET v = 'new'; INSERT INTO n VALUES (2, 'new'); INSERT INTO t VALUES (3, 'row 3')`);
    await way.arrives();
    const names = (await ddl.view()).waiting.map((one) => one.source);
    expect([names, await tablesThere(ddl)]).toEqual([[`${way.database}.m`, `${way.database}.n`], ['t']]);
    await way.atSource(`DROP TABLE m; CREATE TABLE m ${made}; INSERT INTO m VALUES (7, 'seven')`);
    await ddl.arrives('m');
    const order = { tables: [`${way.database}.n`], createTables: true, reason: 'again' };
    await stack.api.request('POST', `/api/v1/channels/${way.name}/pipelines/rows/seed`, order);
    await seedIsDone(ddl, 1);
    await ddl.arrives('n');
    expect((await ddl.view()).waiting).toEqual([]);
    await way.close();
  });
});

/** The channel has a pipeline back, and its home at the source. */
async function openBothWays(): Promise<DdlWay> {
  const way: OneWay = await openOneWay(stack, { start: false });
  onTestFailed(async () => console.error(way.name, JSON.stringify(await way.status(), null, 1), await stack.saveLogs()));
  for (const side of sides) {
    await grantSchemaChanges(way.servers[side], [way.database]);
    await mayVerify(way, side);
  }
  const { pipelines } = await stack.api.request<ChannelDocument>('GET', `/api/v1/channels/${way.name}`);
  const back = { name: 'back', source: way.endpoints.target, target: way.endpoints.source, routes: [{ schema: way.database }] };
  const conflicts = { home: stack.regions[way.from], rules: [{ schema: way.database, policy: 'home' }] };
  await way.change(`channels/${way.name}`, { pipelines: [...pipelines, back], conflicts });
  await way.start();
  await way.runs();
  await way.write(1, 2);
  await way.arrives();
  return new DdlWay(stack, way);
}

describe('both ways', () => {
  it('holds, and is not seeded', async () => {
    const ddl = await openBothWays();
    const { way } = ddl;
    const stage = `${way.database}_stage`;
    await way.atSource(
      `CREATE DATABASE ${stage}; CREATE TABLE ${stage}.t LIKE t; SET SESSION cte_max_recursion_depth = 100000; INSERT INTO ${stage}.t ${many} SELECT i, 'past' FROM s`,
    );
    await way.atSource(`RENAME TABLE t TO ${stage}.before_it, ${stage}.t TO t`);
    const hold = await ddl.holds('entered');
    expect(hold.ways).toEqual(['done', 'skip']);
    expect((await ddl.refused(hold, 'seed')).status).toBe(409);
    await way.close();
  });
});

describe('a table that leaves the routes', () => {
  it('stays at the target, and people are told until they confirm it', async () => {
    const ddl = await open();
    const { way, stage } = ddl;
    await way.atSource(
      `RENAME TABLE t TO ${stage}.t; INSERT INTO ${stage}.t VALUES (3, 'not carried'); CREATE TABLE u (id INT PRIMARY KEY, v INT)`,
    );
    await ddl.arrives('u');
    expect(await way.targetIds()).toEqual([1, 2]);
    const { omissions } = await stack.api.request<{ omissions: { items: readonly object[] } }>(
      'GET',
      `/api/v1/channels/${way.name}/status`,
    );
    expect(omissions.items).toMatchObject([{ kind: 'skip', what: 'RENAME TABLE' }]);
    await way.close();
  });
});
