/** What a target makes of the statements of online tools, where their tables are not carried, and where they go with theirs. */
import { followedRoutes } from '@lutra/model';
import type { DdlRecord } from '@lutra/model';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { TestServer } from '../../../../libs/mysql/src/mysql.fixture.js';
import { isRefusal } from './carry-out.js';
import type { DdlPlan, DdlRefusal } from './carry-out.js';
import { DdlRoom, positioned } from './ddl-room.fixture.js';
import type { LoaderOptions, RoomLoader } from './ddl-room.fixture.js';
import { ghostBegins, ghostCutsOver, ghostInTwoSteps, numbered, ptOscBegins, ptOscSwaps } from './tool-statements.fixture.js';
import type { RecordOf } from './tool-statements.fixture.js';

const addsC = { table: 'item', alter: 'ADD COLUMN c int', clauses: [{ action: 'add', what: 'column', name: 'c' }] } as const;

describe.each(['9.7', '8.0'] as const)('at a target of MySQL %s', (version) => {
  let server: TestServer;
  let room: DdlRoom;
  let of: RecordOf;
  let seq: number;
  beforeAll(async () => void (server = await TestServer.shared(version)));
  afterAll(() => server.stop());
  beforeEach(async () => {
    room = await DdlRoom.of(server);
    of = numbered((...args) => room.record(...args));
    seq = 0;
    await server.run(`CREATE TABLE ${room.database}.item (id int primary key, v int); INSERT INTO ${room.database}.item VALUES (1, 1)`);
  });

  const loaderOf = (bothWays: boolean, more: LoaderOptions = {}): Promise<RoomLoader> =>
    room.loader({ ...more, bothWays, routes: followedRoutes(more.routes ?? room.routes, { uid: 'p', bothWays }) });
  /** What comes of each. */
  const all = async (loader: RoomLoader, records: readonly DdlRecord[]): Promise<unknown[]> => {
    const came: unknown[] = [];
    for (const record of records) came.push(await loader.apply(record, (seq += 1)));
    return came;
  };
  const planOf = async (loader: RoomLoader, record: DdlRecord): Promise<DdlPlan> => {
    const plan = await loader.target.plan(record);
    if (typeof plan === 'string' || isRefusal(plan)) throw new Error(`no plan: ${JSON.stringify(plan)}`);
    return plan;
  };
  const refusedOf = async (loader: RoomLoader, record: DdlRecord): Promise<DdlRefusal> => {
    const plan = await loader.target.plan(record);
    if (typeof plan === 'string' || !isRefusal(plan)) throw new Error(`no refusal: ${JSON.stringify(plan)}`);
    return plan;
  };
  const kept = (n: number): readonly string[] => Array.from({ length: n }, () => 'kept');
  const aside = async (): Promise<string> => (await room.tables()).replace(/^item$/, '');

  it('both ways nothing of gh-ost is done, and its rename is what it altered; it ends by itself once the table has it', async () => {
    const loader = await loaderOf(true);
    const [sentry, unsentry, rename] = ghostCutsOver(of, addsC) as [DdlRecord, DdlRecord, DdlRecord];
    expect(await all(loader, [...ghostBegins(of, addsC), sentry, unsentry])).toEqual(kept(7));
    expect([await aside(), await room.seq()]).toEqual(['', 7]);
    const plan = await planOf(loader, rename);
    expect(plan).toMatchObject({
      sql: `alter /* gh-ost */ table \`${room.database}\`.\`item\` ADD COLUMN c int`,
      tables: [{ database: room.database, name: 'item' }],
      held: { reason: 'online-change' },
    });
    expect(await loader.target.isMet(rename, plan)).toBe(false);
    await server.run(`ALTER TABLE ${room.database}.item ADD COLUMN c int`);
    expect(await loader.target.isMet(rename, plan)).toBe(true);
    await loader.target.conclude(rename, 'done', positioned((seq += 1)));
    expect([await loader.target.look(rename), await aside()]).toEqual(['done', '']);
    // What is left of it is dropped, and the next tool begins anew.
    const drop = of('drop /* gh-ost */ table if exists _item_del', [['subject', '_item_del']], { statement: 'DROP TABLE' });
    expect(await all(loader, [drop])).toEqual(['kept']);
  });

  it('both ways nothing of pt-online-schema-change is done, and to run it is what it altered, on the table', async () => {
    const loader = await loaderOf(true);
    const [swap, drop] = ptOscSwaps(of, addsC) as [DdlRecord, DdlRecord];
    expect(await all(loader, ptOscBegins(of, addsC))).toEqual(kept(2));
    const plan = await planOf(loader, swap);
    expect(await loader.target.run(swap, plan, positioned((seq += 1)))).toBeNull();
    expect([await room.columns('item'), await room.seq(), await loader.target.look(swap)]).toEqual(['id,v,c', seq, 'done']);
    expect(await all(loader, [drop])).toEqual(['kept']);
    expect(await room.tables()).toBe('item');
  });

  it('a cut-over in two steps: the leave passes, and the table comes back as what was altered', async () => {
    const loader = await loaderOf(true);
    const [leave, enter] = ghostInTwoSteps(of, addsC) as [DdlRecord, DdlRecord];
    expect(await all(loader, [...ghostBegins(of, addsC), leave])).toEqual(kept(6));
    expect(await room.tables()).toBe('item');
    expect(await planOf(loader, enter)).toMatchObject({ held: { reason: 'online-change' }, parts: [{}] });
  });

  it('a table that is made anew in the place of one that has left is not the one that is here', async () => {
    const loader = await loaderOf(true);
    const [leave] = ghostInTwoSteps(of, addsC) as [DdlRecord];
    await all(loader, [...ghostBegins(of, addsC), leave]);
    const create = of('CREATE TABLE item (id int primary key) CHARSET=utf8mb4', [['subject', 'item']]);
    expect(await refusedOf(loader, create)).toMatchObject({ reason: 'online-change', ways: ['done', 'skip'] });
    const drop = of('drop table _item_gho', [['subject', '_item_gho']], { statement: 'DROP TABLE' });
    await all(loader, [drop]);
    expect(await planOf(loader, create)).not.toHaveProperty('held');
  });

  it('a leave of which nobody knows what comes behind it is asked', async () => {
    const loader = await loaderOf(true);
    const [leave] = ghostInTwoSteps(of, addsC) as [DdlRecord];
    expect(await refusedOf(loader, leave)).toMatchObject({ reason: 'online-change', ways: ['done', 'skip'] });
  });

  it('a tool that began before the log: its table enters', async () => {
    const loader = await loaderOf(true);
    const [swap] = ptOscSwaps(of, addsC) as [DdlRecord];
    expect(await refusedOf(loader, swap)).toMatchObject({ reason: 'entered' });
    // … also one whose table was dropped, or taken elsewhere, in between
    const [create, alter] = ptOscBegins(of, addsC) as [DdlRecord, DdlRecord];
    const away = of('RENAME TABLE _item_new TO _kept_apart', [
      ['from', '_item_new'],
      ['to', '_kept_apart'],
    ]);
    const one = await loaderOf(true, { routes: [{ schema: room.database, table: 'item' }] });
    expect(await all(one, [create, alter, away])).toEqual(kept(3));
    expect(await refusedOf(one, swap)).toMatchObject({ reason: 'entered' });
  });

  it('a leftover that somebody renames to another routed table enters that one', async () => {
    const loader = await loaderOf(true);
    const record = of('RENAME TABLE _item_del TO archive', [
      ['from', '_item_del'],
      ['to', 'archive'],
    ]);
    expect(await refusedOf(loader, record)).toMatchObject({ reason: 'entered', message: expect.stringContaining('archive') });
  });

  it('what the table was before comes back, and a rename that does more: a person does it', async () => {
    const loader = await loaderOf(true);
    await all(loader, ptOscBegins(of, addsC));
    const revert = of('RENAME TABLE item TO _item_rev_del, _item_del TO item', [
      ['from', 'item'],
      ['to', '_item_rev_del'],
      ['from', '_item_del'],
      ['to', 'item'],
    ]);
    const more = of('RENAME TABLE item TO bak, _item_new TO item', [
      ['from', 'item'],
      ['to', 'bak'],
      ['from', '_item_new'],
      ['to', 'item'],
    ]);
    const besides = of('ALTER TABLE _item_new ADD x int, RENAME TO item', [
      ['subject', '_item_new'],
      ['to', 'item'],
    ]);
    for (const record of [revert, more, besides])
      expect(await refusedOf(loader, record)).toMatchObject({ reason: 'online-change', ways: ['done', 'skip'] });
  });

  it('a table that is dropped while its shadow is there is no table that is gone', async () => {
    const loader = await loaderOf(true);
    await all(loader, ptOscBegins(of, addsC));
    const drop = of('DROP TABLE IF EXISTS item', [['subject', 'item']]);
    expect(await planOf(loader, drop)).toMatchObject({ held: { reason: 'online-change', message: expect.stringContaining('skip') } });
    const rename = of('RENAME TABLE _item_new TO item', [
      ['from', '_item_new'],
      ['to', 'item'],
    ]);
    expect(await planOf(loader, rename)).toMatchObject({ held: { reason: 'online-change' }, parts: [{}] });
  });

  it('clauses that are not all by name are never met by themselves; several run one after the other', async () => {
    const loader = await loaderOf(true);
    const modify = { ...addsC, alter: 'MODIFY v bigint', clauses: null };
    await all(loader, ghostBegins(of, modify));
    const index = of('CREATE INDEX i ON _item_gho (v)', [['subject', '_item_gho']], {
      clauses: [{ action: 'add', what: 'index', name: 'i' }],
    });
    await all(loader, [index]);
    const rename = ghostCutsOver(of, modify).at(-1)!;
    const plan = await planOf(loader, rename);
    expect(plan.sql.split(';\n')).toEqual([
      `alter /* gh-ost */ table \`${room.database}\`.\`item\` MODIFY v bigint`,
      `CREATE INDEX i ON \`${room.database}\`.\`item\` (v)`,
    ]);
    await server.run(`ALTER TABLE ${room.database}.item ADD INDEX i (v)`);
    expect(await loader.target.isMet(rename, plan)).toBe(false);
    expect(await loader.target.run(rename, plan, positioned(seq + 1))).toMatchObject({
      reason: 'failed',
      message: expect.stringMatching(/i.*statement 2 of 2/s),
    });
    await server.run(`ALTER TABLE ${room.database}.item DROP INDEX i`);
    const type = `SELECT COLUMN_TYPE AS type FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = '${room.database}' AND COLUMN_NAME = 'v'`;
    expect(String((await server.query(type))[0]?.['type'])).toContain('bigint');
    expect(await loader.target.run(rename, plan, positioned(seq + 1))).toBeNull();
    expect([await room.ran(/MODIFY v bigint/), await room.ran(/CREATE INDEX i/)]).toEqual([1, 1]);
  });

  it.each(['before', 'behind'] as const)(
    'a loader that ends %s each commit: each statement runs once, and what has run does not again',
    async (when) => {
      for (let ends = 1, passed = false; !passed; ends += 1) {
        room = await DdlRoom.of(server);
        of = numbered((...args) => room.record(...args));
        await server.run(`CREATE TABLE ${room.database}.item (id int primary key, v int)`);
        let commits = -Infinity;
        seq = 0;
        seq = 0;
        const killing = await loaderOf(true, {
          around: (at, sql) => {
            if (sql === 'COMMIT' && at === when && (commits += 1) === ends) throw new Error('killed');
          },
        });
        await all(killing, [...ghostBegins(of, addsC), of('CREATE INDEX i ON _item_gho (c)', [['subject', '_item_gho']])]);
        const rename = ghostCutsOver(of, addsC).at(-1)!;
        commits = 0;
        const first = await killing.target.run(rename, await planOf(killing, rename), positioned(30)).catch(() => 'killed' as const);
        passed = first === null;
        const next = await loaderOf(true);
        if ((await next.target.look(rename)) !== 'done')
          expect(await next.target.run(rename, await planOf(next, rename), positioned(30))).toBeNull();
        expect([await room.columns('item'), await room.seq()]).toEqual(['id,v,c', 30]);
        expect([await room.ran(/ADD COLUMN c/), await room.ran(/CREATE INDEX i/)]).toEqual([1, 1]);
      }
    },
  );

  it('a database with another name: what was altered is said there', async () => {
    const other = `${room.database}_b`;
    await server.run(`CREATE DATABASE ${other}; CREATE TABLE ${other}.item (id int primary key, v int)`);
    const loader = await loaderOf(true, { routes: [{ schema: room.database, table: '*', to: { schema: other } }] });
    await all(loader, ptOscBegins(of, addsC));
    const [swap] = ptOscSwaps(of, addsC) as [DdlRecord];
    expect((await planOf(loader, swap)).sql).toBe(`ALTER TABLE \`${other}\`.\`item\` ADD COLUMN c int`);
    await server.run(`DROP DATABASE ${other}`);
  });

  it('one way, where the table has another name: as both ways', async () => {
    await server.run(`CREATE TABLE ${room.database}.u (id int primary key, v int)`);
    const loader = await loaderOf(false, { routes: [{ schema: room.database, table: 'item', to: { table: 'u' } }] });
    await all(loader, ptOscBegins(of, addsC));
    const [swap] = ptOscSwaps(of, addsC) as [DdlRecord];
    expect(await planOf(loader, swap)).toMatchObject({
      sql: `ALTER TABLE \`${room.database}\`.\`u\` ADD COLUMN c int`,
      held: { reason: 'online-change' },
    });
  });

  it.each(['*', 'item'])('one way they are statements like others, with a route %s', async (table) => {
    const loader = await loaderOf(false, { routes: [{ schema: room.database, table }] });
    const done = (n: number): readonly null[] => Array.from({ length: n }, () => null);
    expect(await all(loader, [...ghostBegins(of, addsC), ...ghostCutsOver(of, addsC)])).toEqual(done(8));
    expect([await room.columns('item'), await room.tables()]).toEqual(['id,v,c', '_item_del,item']);
    const second = { ...addsC, alter: 'ADD COLUMN d int' };
    expect(await all(loader, [...ptOscBegins(of, second), ...ptOscSwaps(of, second)])).toEqual(done(4));
    expect(await room.columns('item')).toBe('id,v,d');
  });

  it.each([
    ['*', 'suspended'],
    ['item', 'suspended'],
    ['*', 'seed'],
    ['item', 'seed'],
  ])('one way, with a route %s, the shadow of a table that was left out meanwhile does not take its place (%s)', async (table, store) => {
    const loader = await loaderOf(false, { routes: [{ schema: room.database, table }] });
    const [swap] = ptOscSwaps(of, addsC) as [DdlRecord];
    const named = `'${room.pipeline}', '${room.database}', 'item', 'log-a'`;
    const into = {
      suspended: `lutra.suspended (pipeline, database_name, table_name, log_id, seq, code, message, because, ended_at) VALUES (${named}, 3, 'x', '', '', NOW(3))`,
      seed: `lutra.seed (pipeline, database_name, table_name, request, part, target_database, target_table, state, on_existing, is_whole) VALUES (${named}, 0, '${room.database}', 'item', 'done', 'stop', 1)`,
    }[store];
    expect(await all(loader, ptOscBegins(of, addsC))).toEqual([null, null]);
    expect(isRefusal(await planOf(loader, swap))).toBe(false);
    await server.run(`INSERT INTO ${into}`);
    expect(await refusedOf(loader, swap)).toMatchObject({ reason: 'online-change', ways: ['done', 'skip'] });
    expect(await room.tables()).toBe('_item_new,item');
    // Made anew behind that, it has all.
    expect(await all(loader, [of('DROP TABLE _item_new', [['subject', '_item_new']], { statement: 'DROP TABLE' })])).toEqual([null]);
    expect(await all(loader, ptOscBegins(of, addsC))).toEqual([null, null]);
    expect(await all(loader, [swap])).toEqual([null]);
  });

  it('one way, a tool that began before its table was routed by its name: nothing of it is here, and it enters', async () => {
    const loader = await loaderOf(false, { routes: [{ schema: room.database, table: 'item' }] });
    const [, alter] = ptOscBegins(of, addsC) as [DdlRecord, DdlRecord];
    const [swap] = ptOscSwaps(of, addsC) as [DdlRecord];
    expect(await all(loader, [alter])).toEqual(['kept']);
    const item = { database: room.database, name: 'item' };
    expect(await refusedOf(loader, swap)).toMatchObject({ reason: 'entered', ways: ['seed', 'done', 'skip'], enters: [item] });
    expect([await room.tables(), await room.columns('item')]).toEqual(['item', 'id,v']);
    const at = { position: positioned(7).position, decision: { answer: 'seed', by: 'ann', reason: 'so' } } as const;
    expect(await loader.target.seed(swap, at)).toBeNull();
    expect([await room.tables(), await loader.target.look(swap), await room.seq()]).toEqual(['lutra_aside_item_7', 'done', 7]);
  });

  it('one way, a table that somebody dropped here, or a pipeline that went both ways when the tool began: what it altered is known', async () => {
    const before = await loaderOf(true, { routes: [{ schema: room.database, table: 'item' }] });
    expect(await all(before, ptOscBegins(of, addsC))).toEqual(kept(2));
    const loader = await loaderOf(false, { routes: [{ schema: room.database, table: 'item' }] });
    const more = of('ALTER TABLE _item_new ADD d int', [['subject', '_item_new']]);
    expect(await all(loader, [more])).toEqual(['kept']);
    const [swap] = ptOscSwaps(of, addsC) as [DdlRecord];
    expect(await planOf(loader, swap)).toMatchObject({ held: { reason: 'online-change' }, parts: [{}, {}] });
  });

  it('one way, from MariaDB: nothing of it is run here, and a person does it; it ends by itself', async () => {
    const loader = await loaderOf(false, { routes: [{ schema: room.database, table: 'item' }] });
    const foreign = numbered((sql, places, more) => room.record(sql, places, { ...more, flavor: 'mariadb' }));
    expect(await all(loader, ptOscBegins(foreign, addsC))).toEqual(kept(2));
    const [swap, drop] = ptOscSwaps(foreign, addsC) as [DdlRecord, DdlRecord];
    const refused = await refusedOf(loader, swap);
    expect(refused).toMatchObject({ reason: 'unmapped', here: { parts: [{}] } });
    await server.run(`ALTER TABLE ${room.database}.item ADD COLUMN c int`);
    expect(await loader.target.isMet(swap, refused.here!)).toBe(true);
    expect(await all(loader, [drop])).toEqual(['kept']);
  });
});
