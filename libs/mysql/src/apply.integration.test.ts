import { checkpointStatement, openingStatement } from '@lutra/marker';
import type { Checkpoint } from '@lutra/marker';
import type { Row } from '@lutra/model';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { Proxy } from '../../../test/network/index.js';
import { ApplyConnection } from './apply-connection.js';
import { TestServer, versions } from './mysql.fixture.js';
import { countTurns, digestsOf, noise, utf8 } from './large-values.fixture.js';
import { fence, readCheckpoint, takeOver } from './ownership.js';
import { Session } from './session.js';
import { differing, StatementBuilder } from './statement-builder.js';
import type { Change } from './statement-builder.js';
import type { SqlText } from './sql-text.js';
import { asSource, loadTable } from './target-table.js';
import { closingText, openingText, transactionText } from './transaction-text.js';

type Step = readonly [op: Change['op'], before: Row | null, after: Row | null];

const refused = (code: string, details: object = {}): unknown =>
  expect.objectContaining({ code, details: expect.objectContaining(details) });

describe.each(versions)('a target transaction on %s', (version) => {
  let server: TestServer;
  let connection: ApplyConnection;
  let database: string;
  let checkpoint: Checkpoint;

  beforeAll(async () => {
    server = await TestServer.start(version, ['--max-allowed-packet=64M']);
  });
  afterAll(async () => {
    await server.stop();
  });
  beforeEach(async () => {
    database = await server.database();
    await server.run(`CREATE TABLE ${database}.t (id int primary key, u varchar(20) unique, v int)`);
    await server.run(`INSERT INTO ${database}.t VALUES (1, 'one', 1), (2, 'two', 2), (3, 'three', 3)`);
    connection = await ApplyConnection.open(server.options);
    ({ checkpoint } = await takeOver(connection, { pipeline: database, part: 0, lease: 5, mayCreate: true }));
    return async () => connection.close();
  });

  async function statements(steps: readonly Step[]): Promise<ReturnType<StatementBuilder['take']>> {
    const { source, target } = await server.load(database, 't');
    const builder = new StatementBuilder();
    for (const [op, before, after] of steps) builder.add({ op, before, after, source, target });
    return builder.take();
  }

  const next = (seq: number, epoch = checkpoint.epoch): Checkpoint => ({
    ...checkpoint,
    logId: 'b3c7',
    logEpoch: 1,
    seq,
    nextOffset: seq + 1,
    gtid: 'u:1',
    sourceUs: 1,
    origin: 'a',
    path: ['a'],
    epoch,
  });
  const apply = async (seq: number, steps: readonly Step[], epoch?: number): Promise<void> => {
    await connection.run(transactionText(checkpointStatement(next(seq, epoch)), await statements(steps)));
  };
  const table = async (): Promise<readonly unknown[]> => server.query(`SELECT id, u, v FROM ${database}.t ORDER BY id`);
  const seq = async (): Promise<number | undefined> => (await readCheckpoint(server.options, database, 0))?.seq;

  const one: Row = { id: 1, u: 'one', v: 1 };
  const two: Row = { id: 2, u: 'two', v: 2 };
  const three: Row = { id: 3, u: 'three', v: 3 };
  const four: Row = { id: 4, u: 'four', v: 4 };
  const five: Row = { id: 5, u: 'five', v: 5 };

  /** Nothing of a failed transaction is there, and nothing of it comes with the next one. */
  async function unharmed(before: readonly unknown[]): Promise<void> {
    expect(await table()).toEqual(before);
    expect(await seq()).toBe(-1);
    if (connection.broken) return;
    await apply(9, [['c', null, { id: 99, u: 'later', v: 0 }]]);
    expect(await table()).toEqual([...before, { id: 99, u: 'later', v: 0 }]);
    expect(await seq()).toBe(9);
  }

  test('rows and position are committed together, and the checkpoint is read back as it was written', async () => {
    await apply(3, [
      ['c', null, four],
      ['u', one, { ...one, v: 10 }],
      ['d', two, null],
    ]);
    expect(await table()).toEqual([{ ...one, v: 10 }, three, four]);
    expect(await readCheckpoint(connection, database, 0)).toEqual({ ...next(3), n: 1n });
  });

  test('unique values may be swapped through a third one, and freed ones taken', async () => {
    await apply(0, [
      ['u', one, { ...one, u: 'x' }],
      ['u', two, { ...two, u: 'one' }],
      ['u', { ...one, u: 'x' }, { ...one, u: 'two' }],
      ['d', three, null],
      ['c', null, { ...four, u: 'three' }],
    ]);
    expect(await table()).toEqual([
      { ...one, u: 'two' },
      { ...two, u: 'one' },
      { ...four, u: 'three' },
    ]);
  });

  test('a key may move to one that was freed just before', async () => {
    await apply(0, [
      ['d', one, null],
      ['u', two, { ...two, id: 1 }],
      ['c', null, { ...two, u: 'new' }],
      ['u', three, { ...three, id: 9 }],
    ]);
    expect(await table()).toEqual([
      { ...two, id: 1 },
      { ...two, u: 'new' },
      { ...three, id: 9 },
    ]);
  });

  test('a taken key in the middle: ROW_CONFLICT names table, key and change, not the value; nothing stays', async () => {
    const before = await table();
    const failing = apply(0, [
      ['c', null, four],
      ['u', one, { ...one, v: 7 }],
      ['c', null, { ...five, u: 'secret' }],
      ['c', null, { id: 6, u: 'two', v: 6 }],
      ['d', two, null],
    ]);
    const error = await failing.catch((thrown: unknown) => thrown as Error);
    expect(error).toEqual(
      refused('ROW_CONFLICT', {
        does: 'insert',
        database,
        table: 't',
        change: 2,
        changes: 2,
        errno: 1062,
        key: expect.stringMatching(/u$/),
      }),
    );
    expect((error as Error).message).not.toContain('two');
    expect((error as Error).cause).toBeUndefined();
    await unharmed(before);
  });

  test('a lock that another session holds: TARGET_BUSY, nothing stays', async () => {
    const before = await table();
    const other = await Session.open(server.options, 'target');
    await other.execute(`BEGIN; UPDATE ${database}.t SET v = v + 1 WHERE id = 2`);
    await expect(
      apply(0, [
        ['c', null, four],
        ['u', one, { ...one, v: 7 }],
        ['u', two, { ...two, v: 7 }],
      ]),
    ).rejects.toEqual(refused('TARGET_BUSY', { errno: 1205, change: 2 }));
    await other.execute('ROLLBACK');
    await other.close();
    await unharmed(before);
  });

  test('a deadlock: TARGET_BUSY for the loser, nothing of it stays', async () => {
    const before = await table();
    const other = await Session.open(server.options, 'target');
    // the heavier transaction wins: the other one has changed many rows
    await server.run(`CREATE TABLE ${database}.heavy (id int auto_increment primary key, v int)`);
    await other.execute(
      `BEGIN; INSERT INTO ${database}.heavy (v) VALUES ${Array.from({ length: 500 }, () => '(1)').join()}; UPDATE ${database}.t SET v = v + 1 WHERE id = 2`,
    );
    const losing = apply(0, [
      ['u', one, { ...one, v: 7 }],
      ['u', two, { ...two, v: 7 }],
    ]).catch((error: unknown) => error);
    await vi.waitFor(async () => expect(await waiters()).toBeGreaterThan(0), { timeout: 20_000, interval: 200 });
    await other.execute(`UPDATE ${database}.t SET v = v + 1 WHERE id = 1`);
    expect(await losing).toEqual(refused('TARGET_BUSY', { errno: 1213 }));
    await other.execute('ROLLBACK');
    await other.close();
    await unharmed(before);
  });

  /** InnoDB refreshes the view only when nobody has asked for 100 ms. */
  async function waiters(): Promise<number> {
    const [row] = await server.query("SELECT COUNT(*) AS n FROM information_schema.INNODB_TRX WHERE TRX_STATE = 'LOCK WAIT'");
    return Number(row?.['n']);
  }

  test('an UPDATE whose row is missing: ROW_CONFLICT names the change, nothing stays', async () => {
    const before = await table();
    await expect(
      apply(0, [
        ['c', null, four],
        ['u', five, { ...five, v: 7 }],
        ['d', one, null],
      ]),
    ).rejects.toEqual(refused('ROW_CONFLICT', { does: 'count rows', table: 't', change: 1, changes: 1 }));
    await unharmed(before);
  });

  test('a DELETE whose row is missing: ROW_CONFLICT, nothing stays', async () => {
    const before = await table();
    await expect(
      apply(0, [
        ['d', one, null],
        ['d', five, null],
        ['d', two, null],
      ]),
    ).rejects.toEqual(refused('ROW_CONFLICT', { does: 'count rows', table: 't', change: 0, changes: 3 }));
    await unharmed(before);
  });

  test('an UPDATE that changes nothing at the target counts as found', async () => {
    await server.run(`UPDATE ${database}.t SET v = 7 WHERE id = 1`);
    await apply(0, [['u', one, { ...one, v: 7 }]]);
    expect(await seq()).toBe(0);
  });

  test('another epoch in the row: FENCED, nothing stays', async () => {
    const before = await table();
    await expect(apply(0, [['d', one, null]], checkpoint.epoch - 1)).rejects.toEqual(refused('FENCED', { does: 'fence' }));
    await unharmed(before);
  });

  test('an owner that wakes after a take-over is fenced, in a large transaction too', async () => {
    const before = await table();
    const key = { ...next(0) };
    await connection.run(openingText(openingStatement(key)));
    await connection.run(await statements([['d', one, null]]));
    const stranger = { pipeline: database, part: 0, lease: 1, mayCreate: false };
    await expect(takeOver(server.options, stranger)).rejects.toEqual(refused('TARGET_BUSY'));
    await connection.rollback();
    const taken = await takeOver(server.options, stranger);
    expect(taken).toMatchObject({ created: false, checkpoint: { seq: -1, epoch: checkpoint.epoch + 1 } });
    await expect(connection.run(openingText(openingStatement(key)))).rejects.toEqual(refused('FENCED'));
    await expect(apply(0, [['d', one, null]])).rejects.toEqual(refused('FENCED'));
    checkpoint = taken.checkpoint;
    await unharmed(before);
  });

  test('the owner of a pipeline that was removed cannot write any more, whoever owns the next one; the position stays', async () => {
    const before = await table();
    // Another pipeline's row stops nobody: each has its own.
    await takeOver(server.options, { pipeline: `${database}.next`, part: 0, lease: 90, mayCreate: true });
    await apply(0, [['d', one, null]]);
    expect(await table()).not.toEqual(before);
    const written = await table();
    const { seq, logId } = (await readCheckpoint(connection, database, 0))!;
    await fence(server.options, database);
    await expect(apply(1, [['d', two, null]])).rejects.toEqual(refused('FENCED'));
    expect(await table()).toEqual(written);
    expect(await readCheckpoint(connection, database, 0)).toMatchObject({ seq, logId, epoch: checkpoint.epoch + 1 });
    await fence(server.options, `${database}.never`);
    expect(await readCheckpoint(connection, `${database}.never`, 0)).toBeNull();
  });

  test('the same transaction sent twice by one owner is fenced the second time', async () => {
    await apply(4, [['c', null, four]]);
    await expect(apply(4, [['u', four, { ...four, v: 40 }]])).rejects.toEqual(refused('FENCED'));
    expect(await table()).toEqual([one, two, three, four]);
  });

  test('the row is gone: CHECKPOINT_MISSING, nothing stays, and no take-over makes a new one', async () => {
    const before = await table();
    await server.run(`DELETE FROM lutra.checkpoint WHERE pipeline = '${database}'`);
    await expect(apply(0, [['d', one, null]])).rejects.toEqual(refused('CHECKPOINT_MISSING'));
    expect(await table()).toEqual(before);
    expect(await readCheckpoint(connection, database, 0)).toBeNull();
    await expect(takeOver(connection, { pipeline: database, part: 0, lease: 9, mayCreate: false })).rejects.toEqual(
      refused('CHECKPOINT_MISSING'),
    );
    expect((await takeOver(connection, { pipeline: database, part: 0, lease: 9, mayCreate: true })).created).toBe(true);
  });

  test('the table is gone: CHECKPOINT_INVALID', async () => {
    await server.run('RENAME TABLE lutra.checkpoint TO lutra.aside');
    try {
      await expect(apply(0, [['d', one, null]])).rejects.toEqual(refused('CHECKPOINT_INVALID'));
      await expect(takeOver(connection, { pipeline: database, part: 0, lease: 9, mayCreate: true })).rejects.toEqual(
        refused('CHECKPOINT_INVALID'),
      );
    } finally {
      await server.run('RENAME TABLE lutra.aside TO lutra.checkpoint');
    }
  });

  test('take-over raises above the lease and above what is there, for all lanes and for no other pipeline', async () => {
    await server.run(
      `INSERT INTO lutra.checkpoint SELECT pipeline, part, 1, log_id, log_epoch, seq, next_offset, gtid, source_us, origin, path, 70, 0, -1, routes FROM lutra.checkpoint WHERE pipeline = '${database}'`,
    );
    await takeOver(connection, { pipeline: `${database}.other`, part: 0, lease: 0, mayCreate: true });
    expect((await takeOver(connection, { pipeline: database, part: 0, lease: 3, mayCreate: false })).checkpoint.epoch).toBe(71);
    expect((await takeOver(connection, { pipeline: database, part: 0, lease: 90, mayCreate: false })).checkpoint).toMatchObject({
      epoch: 91,
      n: 2n,
    });
    expect(await server.query(`SELECT DISTINCT epoch FROM lutra.checkpoint WHERE pipeline = '${database}'`)).toEqual([{ epoch: '91' }]);
    expect((await readCheckpoint(connection, `${database}.other`, 0))?.epoch).toBe(1);
  });

  test('two that take over a new pipeline at once get different epochs', async () => {
    const of = { pipeline: `${database}.new`, part: 0, lease: 0, mayCreate: true };
    const attempt = async (): Promise<number> => {
      for (;;) {
        const taken = await takeOver(server.options, of).catch((error: unknown) => error as { code: string });
        if ('checkpoint' in taken) return taken.checkpoint.epoch;
        expect(taken.code).toBe('TARGET_BUSY');
      }
    };
    expect((await Promise.all([attempt(), attempt(), attempt()])).toSorted((a, b) => a - b)).toEqual([1, 2, 3]);
  });

  test('a large transaction commits as a whole, by its last text', async () => {
    await connection.run(openingText(openingStatement(next(0))));
    await connection.run(await statements([['c', null, four]]));
    await connection.run(await statements([['u', four, { ...four, v: 40 }]]));
    expect(await table()).toEqual([one, two, three]);
    await connection.run(closingText(await statements([['d', one, null]]), checkpointStatement(next(7))));
    expect(await table()).toEqual([two, three, { ...four, v: 40 }]);
    expect(await seq()).toBe(7);
  });

  test('texts out of turn are refused and rolled back', async () => {
    const before = await table();
    const begin = openingText(openingStatement(next(0)));
    await connection.run(begin);
    await connection.run(await statements([['c', null, four]]));
    await expect(connection.run(begin)).rejects.toEqual(refused('INTERNAL'));
    await expect(connection.run(await statements([['c', null, four]]))).rejects.toEqual(refused('INTERNAL'));
    await connection.run(begin);
    await expect(connection.query('SELECT 1')).rejects.toEqual(refused('INTERNAL'));
    await unharmed(before);
  });

  async function threadOf(other: ApplyConnection): Promise<number> {
    return Number((await other.query('SELECT CONNECTION_ID() AS id'))[0]?.['id']);
  }

  test('a connection killed in the middle of a text: TARGET_UNAVAILABLE, nothing stays', async () => {
    const before = await table();
    const thread = await threadOf(connection);
    const other = await Session.open(server.options, 'target');
    await other.execute(`BEGIN; UPDATE ${database}.t SET v = v + 1 WHERE id = 2`);
    const dying = apply(0, [
      ['c', null, four],
      ['u', two, { ...two, v: 7 }],
    ]).catch((error: unknown) => error);
    await vi.waitFor(async () => expect(await waiters()).toBeGreaterThan(0), { timeout: 20_000, interval: 200 });
    await server.run(`KILL ${thread}`);
    expect(await dying).toEqual(refused('TARGET_UNAVAILABLE'));
    await other.execute('ROLLBACK');
    await other.close();
    expect(connection.broken).toBe(true);
    await expect(connection.run(openingText(openingStatement(next(0))))).rejects.toEqual(refused('TARGET_UNAVAILABLE'));
    await unharmed(before);
  });

  test('a large transaction whose connection is killed between texts leaves nothing', async () => {
    const before = await table();
    const thread = await threadOf(connection);
    await connection.run(openingText(openingStatement(next(0))));
    await connection.run(await statements([['d', one, null]]));
    await server.run(`KILL ${thread}`);
    await expect(connection.run(closingText(await statements([]), checkpointStatement(next(7))))).rejects.toEqual(
      refused('TARGET_UNAVAILABLE'),
    );
    expect((await takeOver(server.options, { pipeline: database, part: 0, lease: 0, mayCreate: false })).checkpoint.seq).toBe(-1);
    await unharmed(before);
  });

  test('connections killed at any moment: rows and position always agree', async () => {
    for (let i = 0; i < 8; i++) {
      const other = await ApplyConnection.open(server.options);
      const thread = await threadOf(other);
      const at = (await takeOver(other, { pipeline: database, part: 0, lease: 0, mayCreate: false })).checkpoint;
      const from = at.seq < 0 ? 1 : at.seq + 1;
      expect(await server.query(`SELECT v FROM ${database}.t WHERE id = 1`)).toEqual([{ v: from }]);
      const text = transactionText(
        checkpointStatement(next(from, at.epoch)),
        await statements([['u', { ...one, v: from }, { ...one, v: from + 1 }]]),
      );
      const [outcome] = await Promise.all([
        other.run(text).then(
          () => 'committed',
          (error: { code: string }) => error.code,
        ),
        server.run(`DO SLEEP(${i / 2000}); KILL ${thread}`).catch(() => undefined), // gone already
      ]);
      expect(['committed', 'TARGET_UNAVAILABLE']).toContain(outcome);
      await other.close();
    }
  });

  /** Sends what the position says is not there yet, as a loader does after each loss. */
  async function again(seq: number, texts: (epoch: number) => Promise<readonly SqlText[]>): Promise<void> {
    const other = await ApplyConnection.open(server.options);
    const taken = await takeOver(other, { pipeline: database, part: 0, lease: 0, mayCreate: false });
    if (taken.checkpoint.seq < seq) for (const text of await texts(taken.checkpoint.epoch)) await other.run(text);
    await other.close();
  }

  test('a connection lost at each statement, and after COMMIT: the position says what took effect, and all of it does once', async () => {
    const steps = (n: number): readonly Step[] => [
      ['c', null, { id: 10 + n, u: `new ${n}`, v: n }],
      ['u', { ...one, v: n }, { ...one, v: n + 1 }],
      ['c', null, { id: 1000, u: 'passing', v: 0 }],
      ['d', { id: 1000, u: 'passing', v: 0 }, null],
    ];
    const whole = async (n: number, epoch: number): Promise<readonly SqlText[]> => [
      transactionText(checkpointStatement(next(n, epoch)), await statements(steps(n))),
    ];
    const large = async (n: number, epoch: number): Promise<readonly SqlText[]> => [
      openingText(openingStatement(next(n, epoch))),
      await statements(steps(n).slice(0, 2)),
      closingText(await statements(steps(n).slice(2)), checkpointStatement(next(n, epoch))),
    ];
    let n = 0;
    const committed: number[] = [];
    for (const texts of [whole, large]) {
      const count = (await texts(1, 1)).reduce((sum, text) => sum + text.sql.split(';\n').length, 0);
      for (let at = 0; at <= count; at++) {
        n += 1;
        const dying = await ApplyConnection.open(server.options);
        const { epoch } = (await takeOver(dying, { pipeline: database, part: 0, lease: 0, mayCreate: false })).checkpoint;
        await expect(runAndDie(dying, await texts(n, epoch), at)).rejects.toEqual(refused('TARGET_UNAVAILABLE'));
        expect(dying.broken).toBe(true);
        if ((await seq()) === n) committed.push(at);
        else expect(await table()).toHaveLength(3 + n - 1);
        const number = n;
        await again(n, (fresh) => texts(number, fresh));
        expect(await seq()).toBe(n);
        expect(await table()).toEqual([{ ...one, v: n + 1 }, two, three, ...Array.from({ length: n }, (_, i) => steps(i + 1)[0]?.[2])]);
      }
      // Only what was lost after COMMIT had taken effect.
      expect(committed.splice(0)).toEqual([count]);
    }
  });

  /** Runs the texts with one statement more, which ends the connection: before the statement of that number, or behind them all. */
  async function runAndDie(dying: ApplyConnection, texts: readonly SqlText[], at: number): Promise<void> {
    let passed = 0;
    for (const text of texts) {
      const parts = text.sql.split(';\n');
      const isLast = text === texts.at(-1);
      const here = at - passed < parts.length || isLast ? at - passed : -1;
      passed += parts.length;
      const dies = [...parts.slice(0, here), 'KILL CONNECTION_ID()', ...parts.slice(here)].join(';\n');
      await dying.run(here < 0 ? text : { ...text, sql: dies });
      if (here >= 0) return;
    }
  }

  test('a text whose answer is lost took effect; one that is lost on the way did not', async () => {
    const proxy = await Proxy.start({ host: server.options.host, port: server.options.port });
    try {
      for (const [n, mode] of (['swallow', 'silent', 'swallow'] as const).entries()) {
        proxy.mode = 'open';
        const other = await ApplyConnection.open({ ...server.options, port: proxy.port, answerTimeoutMs: 700 });
        const { epoch } = (await takeOver(other, { pipeline: database, part: 0, lease: 0, mayCreate: false })).checkpoint;
        const step: Step = ['c', null, { id: 10 + n, u: `new ${n}`, v: n }];
        const text = async (by: number): Promise<SqlText> => transactionText(checkpointStatement(next(n, by)), await statements([step]));
        proxy.mode = mode;
        await expect(other.run(await text(epoch))).rejects.toEqual(refused('TARGET_UNAVAILABLE'));
        expect(await seq()).toBe(mode === 'swallow' ? n : n - 1);
        await again(n, async (fresh) => [await text(fresh)]);
        expect(await table()).toHaveLength(4 + n);
      }
    } finally {
      await proxy.stop();
    }
  });

  test('the server killed at COMMIT: rows and position agree after it is back', async () => {
    const text = transactionText(
      checkpointStatement(next(0)),
      await statements([
        ['c', null, four],
        ['d', one, null],
      ]),
    );
    const running = connection.run(text).then(
      () => 'committed',
      (error: { code: string }) => error.code,
    );
    await server.server.kill();
    const outcome = await running;
    await server.server.restart();
    await server.reconnect();
    const applied = (await seq()) === 0;
    expect(await table()).toEqual(applied ? [two, three, four] : [one, two, three]);
    expect(applied ? ['committed', 'TARGET_UNAVAILABLE'] : ['TARGET_UNAVAILABLE']).toContain(outcome);
  });

  test('a frozen server: the answer has a time limit, and the text that may still run is fenced off by a take-over', async () => {
    const limited = await ApplyConnection.open({ ...server.options, answerTimeoutMs: 500 });
    const text = transactionText(checkpointStatement(next(0)), await statements([['c', null, four]]));
    server.server.freeze();
    await expect(limited.run(text)).rejects.toEqual(refused('TARGET_UNAVAILABLE'));
    server.server.resume();
    const { checkpoint: at } = await takeOver(server.options, { pipeline: database, part: 0, lease: 0, mayCreate: false });
    expect(await table()).toEqual(at.seq === 0 ? [one, two, three, four] : [one, two, three]);
    await limited.close();
  });

  test('an idle connection lives longer than the server waits for a frozen one', async () => {
    const [row] = await connection.query(
      'SELECT @@wait_timeout AS seconds, @@transaction_isolation AS isolation, @lutra_apply AS apply, @@foreign_key_checks AS fk',
    );
    expect(row).toMatchObject({ seconds: '8', isolation: 'READ-COMMITTED', apply: '1', fk: '1' });
    const idle = Date.now();
    await vi.waitFor(() => expect(Date.now() - idle).toBeGreaterThan(9500), { timeout: 20_000, interval: 200 });
    await apply(0, [['c', null, four]]);
    expect(await seq()).toBe(0);
  });

  test('a text larger than max_allowed_packet is refused by name before it is sent', async () => {
    const [row] = await connection.query('SELECT @@max_allowed_packet AS bytes');
    const big = 'x'.repeat(Number(row?.['bytes']));
    await expect(connection.query(`SELECT '${big}'`)).rejects.toEqual(refused('TARGET_SETTINGS'));
    expect(connection.broken).toBe(false);
  });

  test('rows with values that are too large for a text arrive to the byte, without holding up the event loop', async () => {
    const name = `${database}.large`;
    await server.run(
      `CREATE TABLE ${name} (id int primary key, b longblob, b2 longblob, t longtext, l longtext character set latin1, j json)`,
    );
    const { source, target } = await server.load(database, 'large');
    // 34 MiB is more than half of the packet, and its literal more than all of it.
    const one: Row = {
      id: 1,
      b: noise(34),
      b2: noise(1),
      t: "'\\".repeat(2 ** 20),
      l: 'é"\0'.repeat(2 ** 19),
      j: `{"k": "${"'😀".repeat(2 ** 18)}"}`,
    };
    const two: Row = { ...one, id: 2, t: '😀'.repeat(2 ** 18), l: null };
    const builder = new StatementBuilder({ exact: true });
    const turns = countTurns();
    builder.add({ op: 'c', before: null, after: one, source, target });
    const first = builder.take();
    await connection.run(transactionText(checkpointStatement(next(1)), first));
    // What is there is read back and compared.
    builder.add({ op: 'u', before: one, after: two, source, target });
    const text = builder.take();
    const results = await connection.run(transactionText(checkpointStatement(next(2)), text));
    expect(await differing(text, results)).toEqual([]);
    const { longest, count } = turns.end();
    expect(count).toBeGreaterThan(20);
    expect(longest, 'ms, far below what ends a session').toBeLessThan(2000);
    const digests = async (id: number): Promise<unknown> =>
      (
        await server.query(
          `SELECT ${['b', 'b2', 't', 'l', 'j'].map((column) => `SHA2(${utf8(column)}, 256) AS ${column}`).join()} FROM ${name} WHERE id = ${id}`,
        )
      )[0];
    expect(await digests(2)).toEqual(digestsOf(two));
    const variables = (first.staged ?? []).map(({ variable }) => variable);
    expect(variables).not.toEqual([]);
    expect(await connection.query(`SELECT COALESCE(${variables.join()}) AS left_over`)).toEqual([{ left_over: null }]);
  }, 120_000);

  test('a value that the target cannot take is refused by table, column and change', async () => {
    const name = `${database}.large`;
    await server.run(`CREATE TABLE ${name} (id int primary key, b longblob)`);
    const { source, target } = await server.load(database, 'large');
    const builder = new StatementBuilder();
    builder.add({ op: 'c', before: null, after: { id: 1, b: Buffer.alloc(64 * 2 ** 20 + 1) }, source, target });
    const running = connection.run(transactionText(checkpointStatement(next(1)), builder.take()));
    await expect(running).rejects.toEqual(
      refused('TARGET_SETTINGS', { table: 'large', column: 'b', change: 0, changes: 1, maxAllowedPacket: 64 * 2 ** 20 }),
    );
    expect(await server.query(`SELECT id FROM ${name}`)).toEqual([]);
  });

  test('texts about as large as the largest packet arrive whole', async () => {
    const [head, tail] = ["SELECT LENGTH('", "') AS n"];
    // The text is cut by the client: one server takes all sizes, the others those beside the limit.
    const sizes = version === '9.7' ? [-8, -7, -6, -5, -4, -3, -2, -1, 0, 1] : [-1, 0];
    for (const bytes of sizes.map((more) => 2 ** 24 - 1 + more)) {
      const length = bytes - head.length - tail.length;
      const [row] = await connection.query(head + 'x'.repeat(length) + tail);
      expect(Number(row?.['n'])).toBe(length);
    }
  });

  test('a server that is not there or lets nobody in has a name', async () => {
    await expect(ApplyConnection.open({ ...server.options, port: 1 })).rejects.toEqual(
      refused('TARGET_UNAVAILABLE', { driverCode: 'ECONNREFUSED' }),
    );
    await expect(ApplyConnection.open({ ...server.options, user: 'nobody', password: 'hush' })).rejects.toEqual(
      refused('TARGET_DENIED', { errno: 1045 }),
    );
    await expect(Session.open({ ...server.options, user: 'nobody' }, 'source')).rejects.toEqual(refused('SOURCE_DENIED'));
    const tls = version === 'mariadb-11.4' ? 'TARGET_SETTINGS' : 'TARGET_UNAVAILABLE'; // no TLS there; an unknown authority here
    await expect(ApplyConnection.open({ ...server.options, tls: { verify: true } })).rejects.toEqual(refused(tls));
  });

  test('what the target refuses has a name and no values', async () => {
    const { source } = await server.load(database, 't');
    await server.run(
      `CREATE TABLE ${database}.small (id int primary key, u varchar(2), v int); CREATE TABLE ${database}.kid (id int primary key, t int, foreign key (t) references ${database}.t (id))`,
    );
    const small = (await server.load(database, 'small')).target;
    const builder = new StatementBuilder();
    builder.add({ op: 'c', before: null, after: { id: 1, u: 'too long', v: 1 }, source, target: small });
    await expect(connection.run(transactionText(checkpointStatement(next(0)), builder.take()))).rejects.toEqual(
      refused('APPLY_REFUSED', { errno: 1406, table: 'small' }),
    );
    await server.run(`CREATE TABLE ${database}.computed (id int primary key, v bigint unsigned, g bigint unsigned as (v + 1) stored)`);
    const computed = (await server.load(database, 'computed')).target;
    const overflows = { id: 1, v: 18_446_744_073_709_551_615n };
    builder.add({
      op: 'c',
      before: null,
      after: overflows,
      source: { ...source, columns: asSource(computed).columns.filter(({ name }) => name !== 'g') },
      target: computed,
    });
    await expect(connection.run(transactionText(checkpointStatement(next(0)), builder.take()))).rejects.toEqual(
      refused('APPLY_REFUSED', { errno: 1690, table: 'computed' }), // not the hour that a zone counts twice
    );
    const kid = await server.load(database, 'kid');
    builder.add({ op: 'c', before: null, after: { id: 1, t: 77 }, ...kid });
    await expect(connection.run(transactionText(checkpointStatement(next(0)), builder.take()))).rejects.toEqual(
      refused('ROW_CONFLICT', { errno: 1452, table: 'kid', constraint: `kid_ibfk_1 of ${database}.kid (t), which references t (id)` }),
    );
    await expect(loadTable(connection, database, 'nothing')).rejects.toEqual(refused('TABLE_MISSING'));
    await server.run(`CREATE TABLE ${database}.heap (id int primary key) ENGINE = MyISAM`);
    await expect(loadTable(connection, database, 'heap')).rejects.toEqual(refused('ENGINE_UNSUPPORTED'));
  });

  test('a read-only target makes the loader wait', async () => {
    await server.run(`CREATE USER ${database}@'%'; GRANT ALL ON ${database}.* TO ${database}@'%'; GRANT ALL ON lutra.* TO ${database}@'%'`);
    const plain = await ApplyConnection.open({ ...server.options, user: database });
    const text = transactionText(checkpointStatement(next(0)), await statements([['c', null, four]]));
    await server.run('SET GLOBAL read_only = ON');
    try {
      await expect(plain.run(text)).rejects.toEqual(refused('TARGET_READ_ONLY', { errno: 1290 }));
    } finally {
      await server.run('SET GLOBAL read_only = OFF');
    }
    await plain.run(text);
    expect(await seq()).toBe(0);
    await server.run(`REVOKE INSERT ON ${database}.* FROM ${database}@'%'`);
    await plain.close();
    const poor = await ApplyConnection.open({ ...server.options, user: database });
    const more = transactionText(checkpointStatement(next(1)), await statements([['c', null, five]]));
    await expect(poor.run(more)).rejects.toEqual(refused('TARGET_DENIED', { errno: 1142, table: 't' }));
    await poor.close();
  });
});
