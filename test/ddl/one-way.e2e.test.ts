/**
 * Schema changes one way, MySQL 9.7 to 8.0: carried out, passed over, and held, with each way out. Each is told by the REST API and by what
 * the two servers have.
 */
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { keptStack, leaveStack } from '../accidents/kept-stack.js';
import { until } from '../accidents/one-way.js';
import { type Stack, withAdministrator } from '../harness/index.js';
import { DdlWay, type DdlWayOptions } from './ddl-way.js';
import { witnessesOf } from './once.js';

let stack: Stack;
beforeAll(async () => {
  stack = await keptStack();
}, 240_000);
afterAll(leaveStack);

async function open(options: DdlWayOptions = {}): Promise<DdlWay> {
  const opened = await DdlWay.open(stack, options);
  onTestFailed(async () => console.error(opened.way.name, JSON.stringify(await opened.way.status(), null, 1), await stack.saveLogs()));
  await opened.way.write(1, 2);
  await opened.way.arrives();
  return opened;
}

/** Of the target's t. */
async function columnsOf({ way }: DdlWay): Promise<string> {
  return (await way.atTarget('SHOW COLUMNS FROM t')).map((row) => String(row['Field'])).join();
}

describe('a pipeline that carries out schema changes', () => {
  it('has the rows of before an ALTER TABLE and behind it, while the table is written all the time', async () => {
    const ddl = await open();
    const { way } = ddl;
    let writing = true;
    const writer = (async () => {
      let id = 10;
      for (; writing; id += 1)
        await way.atSource(`INSERT INTO t (id, v) VALUES (${id}, 'w'); UPDATE t SET v = CONCAT(v, '.') WHERE id = ${id - 1}`);
      return id;
    })();
    await way.atSource('ALTER TABLE t ADD COLUMN a INT NOT NULL DEFAULT 3');
    await way.atSource('UPDATE t SET a = id WHERE id < 20; ALTER TABLE t ADD COLUMN b DATETIME(6) DEFAULT NOW(6) FIRST, ADD INDEX k (a)');
    await way.atSource(
      'ALTER TABLE t MODIFY v VARCHAR(200) NOT NULL, DROP COLUMN a; CREATE TABLE u LIKE t; RENAME TABLE t TO x, u TO t, x TO u',
    );
    writing = false;
    await writer;
    await ddl.arrives('u');
    await way.arrives('t');
    expect(await ddl.carried()).toHaveLength(5);
    expect(new Set((await ddl.carried()).map(({ state }) => state))).toEqual(new Set(['done']));
    await way.close();
  });

  it('holds where the target refuses a statement, and says in the server’s words why; runs it once that is out of the way', async () => {
    const ddl = await open();
    const { way } = ddl;
    await way.atTarget("INSERT INTO t VALUES (50, 'row 1')");
    await way.atSource("ALTER TABLE t ADD UNIQUE INDEX u (v), COMMENT 'unique'; INSERT INTO t VALUES (3, 'row 3')");
    const hold = await ddl.holds('failed');
    expect(hold).toMatchObject({ statement: 'ALTER TABLE', ways: ['run', 'done', 'skip'] });
    expect(hold.message).toMatch(/1062|Duplicate entry/);
    expect((await way.end('loader')).worker?.lastError?.code).toBe('DDL_HELD');
    expect(await way.targetIds()).toEqual([1, 2, 50]);
    await way.atTarget('DELETE FROM t WHERE id = 50');
    await ddl.answer(hold, 'run', 'the row is gone');
    await ddl.goesOn();
    await way.arrives();
    const [, there] = await ddl.definitions('t');
    expect(there).toContain('UNIQUE KEY `u` (`v`)');
    expect((await ddl.carried()).at(-1)).toMatchObject({
      state: 'done',
      answer: { answer: 'run', by: 'a test', reason: 'the row is gone' },
    });
    await way.close();
  });

  it('keeps to the bound that a statement may run, and does not stop those who wait for the table', async () => {
    const ddl = await open({ ddl: { maxSeconds: 8 } });
    const { way } = ddl;
    await withAdministrator(way.servers[way.to], async (reader) => {
      await reader.query(`START TRANSACTION; SELECT * FROM ${way.database}.t`);
      await way.atSource('ALTER TABLE t ADD COLUMN late INT');
      expect(await until(async () => ((await way.end('loader')).worker?.ddl === undefined ? undefined : true))).toBe(true);
      await way.atTarget("INSERT INTO t VALUES (90, 'passes')");
      await ddl.holds('failed');
      await reader.query('COMMIT');
    });
    await way.atTarget('DELETE FROM t WHERE id = 90');
    const hold = await ddl.hold();
    if (hold) await ddl.answer(hold, 'run');
    await ddl.goesOn();
    expect(await columnsOf(ddl)).toBe('id,v,late');
    await way.close();
  });
});

describe('a pipeline that is told to pass schema changes over', () => {
  it('goes on, counts them until they are confirmed, and carries out what it was not told to pass', async () => {
    const ddl = await open({ ddl: { default: 'apply', truncate: 'ignore', drop: 'ignore' } });
    const { way } = ddl;
    await way.atSource(
      'CREATE TABLE gone (id INT PRIMARY KEY); DROP TABLE gone; TRUNCATE t; ALTER TABLE t ADD COLUMN a INT; INSERT INTO t VALUES (9, "x", 1)',
    );
    expect(await until(async () => ((await way.targetIds()).includes(9) ? true : undefined))).toBe(true);
    expect(await way.targetIds()).toEqual([1, 2, 9]);
    const tables = (await way.atTarget('SHOW TABLES')).map((row) => Object.values(row)[0]);
    expect([tables, await columnsOf(ddl)]).toEqual([['gone', 't'], 'id,v,a']);
    const { omissions } = await stack.api.request<{ omissions: { count: number; items: readonly object[] } }>(
      'GET',
      `/api/v1/channels/${way.name}/status`,
    );
    expect(omissions).toMatchObject({ count: 2, items: expect.arrayContaining([expect.objectContaining({ what: 'TRUNCATE TABLE' })]) });
    await way.close();
  });
});

describe('a pipeline that holds at schema changes', () => {
  const policy = { ddl: { default: 'stop' } } as const;

  it('waits with all that is behind, alone; "run" carries the statement out, once', async () => {
    const [ddl, other] = [await open(policy), await open()];
    const { way } = ddl;
    await way.atSource(
      "ALTER TABLE t ADD COLUMN a INT NULL DEFAULT 5 COMMENT 'held', COMMENT 'of t'; INSERT INTO t (id, v) VALUES (3, 'row 3')",
    );
    const hold = await ddl.holds('policy');
    expect(hold).toMatchObject({
      statement: 'ALTER TABLE',
      tables: [{ database: way.database, name: 't' }],
      ways: ['run', 'done', 'skip'],
    });
    expect(hold.here).toContain(`\`${way.database}\`.\`t\``);
    expect(await ddl.view()).toMatchObject({ settings: { default: 'stop', drop: 'stop', truncate: 'stop' }, hold: { seq: hold.seq } });
    expect((await way.end('capture')).state).toBe('running');
    await other.way.write(3);
    await other.way.arrives();
    expect(await way.targetIds()).toEqual([1, 2]);

    expect((await ddl.refused({ ...hold, seq: hold.seq + 1 }, 'run')).status).toBe(409);
    expect((await other.refused(hold, 'run')).status).toBe(409);
    await ddl.answer(hold, 'run');
    await ddl.goesOn();
    await way.arrives();
    expect((await ddl.refused(hold, 'run')).status).toBe(409);
    const [carried] = await ddl.carried();
    expect(carried).toMatchObject({ record: hold.record, state: 'done', answer: { answer: 'run' } });
    expect((await withAdministrator(way.servers[way.to], witnessesOf)).get(`${carried?.incarnation}:${carried?.n}`)).toBe(1);
    await Promise.all([way.close(), other.way.close()]);
  });

  it('takes "done" for what a person did, and "skip" for what is left out; both are kept', async () => {
    const ddl = await open(policy);
    const { way } = ddl;
    await way.atSource("ALTER TABLE t MODIFY v VARCHAR(50) NULL; INSERT INTO t VALUES (3, 'row 3')");
    const first = await ddl.holds('policy');
    await way.atTarget('ALTER TABLE t MODIFY v VARCHAR(60) NULL');
    await ddl.answer(first, 'done', 'wider there');
    await way.arrives();
    await way.atSource("TRUNCATE t; INSERT INTO t VALUES (4, 'row 4')");
    const second = await until(async () => {
      const hold = await ddl.hold();
      return hold && hold.seq > first.seq ? hold : undefined;
    });
    expect(second).toMatchObject({ statement: 'TRUNCATE TABLE' });
    await ddl.answer(second!, 'skip', 'kept there');
    expect(await until(async () => ((await way.targetIds()).includes(4) ? true : undefined))).toBe(true);
    expect(await way.targetIds()).toEqual([1, 2, 3, 4]);
    expect(await ddl.carried()).toMatchObject([
      { state: 'done', n: '0', answer: { answer: 'done', reason: 'wider there' } },
      { state: 'skipped', n: '0', answer: { answer: 'skip', reason: 'kept there' } },
    ]);
    await way.close();
  });

  it('goes on by itself once the target shows what the statement does, and when it is told to carry such statements out', async () => {
    const ddl = await open(policy);
    const { way } = ddl;
    await way.atSource("ALTER TABLE t ADD COLUMN a INT, ADD INDEX k (a); INSERT INTO t VALUES (3, 'row 3', 3)");
    await ddl.holds('policy');
    await way.atTarget('ALTER TABLE t ADD COLUMN a INT');
    await way.atTarget('CREATE INDEX k ON t (a)');
    await ddl.goesOn();
    await way.arrives();
    await way.atSource("ALTER TABLE t DROP COLUMN a; INSERT INTO t VALUES (4, 'row 4')");
    await ddl.holds('policy');
    await ddl.configure({ default: 'apply' });
    await ddl.goesOn();
    await way.arrives();
    expect(await columnsOf(ddl)).toBe('id,v');
    expect((await ddl.carried()).map(({ state, answer, n }) => [state, answer, n === '0'])).toEqual([
      ['done', null, true],
      ['done', null, false],
    ]);
    await way.close();
  });

  it('holds at the same record after kill -9 of its loader and its capture; an answer that was given meanwhile counts', async () => {
    const ddl = await open(policy);
    const { way } = ddl;
    await way.atSource("ALTER TABLE t RENAME TO renamed; INSERT INTO renamed VALUES (3, 'row 3')");
    const hold = await ddl.holds('policy');
    await Promise.all([stack.loader[way.to].kill(), stack.capture[way.from].kill()]);
    await Promise.all([stack.loader[way.to].restart(), stack.capture[way.from].restart()]);
    expect(await ddl.holds('policy')).toMatchObject({ seq: hold.seq, log: hold.log, record: hold.record });
    await ddl.answer(hold, 'run');
    await stack.loader[way.to].kill();
    await stack.loader[way.to].restart();
    await ddl.goesOn();
    await ddl.arrives('renamed');
    expect(await ddl.carried()).toHaveLength(1);
    await way.close();
  });
});
