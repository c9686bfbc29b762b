/**
 * What can happen at the target: tables that lack something, rights, locks, lost connections, its checkpoint taken away or edited, rows
 * that differ. Each is told by name, nothing of the transaction stays, and after the cause is fixed everything arrives once.
 */
import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { ApiError, lutraPassword, sides, type Stack } from '../harness/index.js';
import { HeldPipeline } from './held.js';
import { keptStack, leaveStack } from './kept-stack.js';
import { openOneWay, until } from './one-way.js';
import type { OneWay, OneWayOptions } from './one-way.js';

let stack: Stack;
beforeAll(async () => {
  stack = await keptStack();
}, 240_000);
afterAll(leaveStack);

async function openWay(options?: OneWayOptions): Promise<OneWay> {
  const way = await openOneWay(stack, options);
  onTestFailed(async () => console.error(way.name, JSON.stringify(await way.status(), null, 1), await stack.saveLogs()));
  if (options?.start === false) return way;
  await way.write(1);
  await way.arrives();
  return way;
}

/** By what is fixed and `retry`. */
async function goesOn(way: OneWay, fix: () => Promise<unknown>): Promise<void> {
  await fix();
  await way.act('retry');
  await way.arrives();
}

describe('a table at the target', () => {
  it('that is missing: nobody heard of its CREATE', async () => {
    const way = await openWay();
    const create = 'CREATE TABLE more (id INT PRIMARY KEY, v VARCHAR(10))';
    const unheard = `SET SESSION sql_log_bin = 0; ${create}; SET SESSION sql_log_bin = 1`;
    await way.atSource(`${unheard}; BEGIN; INSERT INTO t VALUES (2, 'same transaction'); INSERT INTO more VALUES (1, 'x'); COMMIT`);
    await way.fails('loader', 'TABLE_MISSING');
    expect(await way.targetIds()).toEqual([1]);
    await goesOn(way, () => way.atTarget(create));
    await way.arrives('more');
    await way.close();
  });

  it('that lacks a column, from the start or suddenly', async () => {
    const way = await openWay();
    await way.atTarget('CREATE TABLE more (id INT PRIMARY KEY); ALTER TABLE t DROP COLUMN v');
    await way.write(2);
    await way.fails('loader', 'COLUMN_MISSING');
    expect(await way.targetIds()).toEqual([1]);
    await goesOn(way, () => way.atTarget("ALTER TABLE t ADD COLUMN v VARCHAR(100) NULL; UPDATE t SET v = 'row 1'"));
    await way.atSource("CREATE TABLE more (id INT PRIMARY KEY, v VARCHAR(10)); INSERT INTO more VALUES (1, 'x')");
    await way.fails('loader', 'COLUMN_MISSING');
    await goesOn(way, () => way.atTarget('ALTER TABLE more ADD COLUMN v VARCHAR(10)'));
    await way.arrives('more');
    await way.close();
  });

  it('that is not InnoDB', async () => {
    const way = await openWay();
    await way.atTarget('CREATE TABLE more (id INT PRIMARY KEY) ENGINE = MyISAM');
    await way.atSource('CREATE TABLE more (id INT PRIMARY KEY) ENGINE = InnoDB; INSERT INTO more VALUES (1)');
    await way.fails('loader', 'ENGINE_UNSUPPORTED');
    expect(await way.atTarget('SELECT id FROM more')).toEqual([]);
    await goesOn(way, () => way.atTarget('ALTER TABLE more ENGINE = InnoDB'));
    await way.arrives('more');
    await way.close();
  });

  it('that refuses a row', async () => {
    const way = await openWay();
    await way.atTarget(
      "CREATE TRIGGER refuse BEFORE INSERT ON t FOR EACH ROW BEGIN /* also where @lutra_apply is set */ IF NEW.id = 3 THEN SIGNAL SQLSTATE '45000'; END IF; END",
    );
    await way.write(2, 3);
    await way.fails('loader', 'APPLY_REFUSED');
    expect(await way.targetIds()).toEqual([1]);
    await goesOn(way, () => way.atTarget('DROP TRIGGER refuse'));
    await way.close();
  });
});

describe('a table at the target that cannot be written, in a channel that suspends', () => {
  const tables = [
    'CREATE TABLE parent (id INT PRIMARY KEY, v VARCHAR(10))',
    'CREATE TABLE child (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES parent (id) ON DELETE CASCADE)',
  ];
  const names = ['child', 'parent'];

  it('costs itself and its child, whoever is killed; and it comes back as the docs say', async () => {
    const way = await openWay({ onUnsupported: 'suspend' });
    const suspended = async () => (await way.status()).suspended.map(({ name, code, because }) => ({ name, code, because }));
    const pipeline = (exclude: readonly string[]) => ({
      pipelines: [{ name: 'rows', ...way.endpoints, routes: [{ schema: way.database }], exclude }],
    });
    const inForce = async (): Promise<void> => {
      const isSo = async (): Promise<true | undefined> => ((await way.status()).routes === 'in force' ? true : undefined);
      expect(await until(isSo)).toBe(true);
    };
    for (const sql of tables) for (const create of [way.atSource, way.atTarget]) await create.call(way, sql);
    await way.atSource("BEGIN; INSERT INTO parent VALUES (1, 'a'), (2, 'b'); INSERT INTO child VALUES (1, 1), (2, 2); COMMIT");
    for (const name of names) await way.arrives(name);

    await way.atTarget('ALTER TABLE parent DROP COLUMN v');
    await way.atSource(
      "BEGIN; INSERT INTO child VALUES (3, 1); INSERT INTO parent VALUES (3, 'c'); INSERT INTO t VALUES (2, 'same transaction'); COMMIT",
    );
    await way.arrives();
    const both = [
      { name: 'child', code: 'COLUMN_MISSING', because: `${way.database}.parent` },
      { name: 'parent', code: 'COLUMN_MISSING', because: undefined },
    ];
    expect(await until(async () => ((await suspended()).length === 2 ? true : undefined))).toBe(true);
    expect((await suspended()).toSorted((one, other) => (one.name < other.name ? -1 : 1))).toEqual(both);

    for (const app of [stack.loader.b, stack.capture.a]) {
      await app.kill();
      await way.atSource(
        `DELETE FROM parent WHERE id = 2; UPDATE parent SET v = CONCAT(v, 'x'); INSERT INTO t VALUES (${app === stack.loader.b ? 3 : 4}, 'x')`,
      );
      await app.restart();
    }
    await way.arrives();
    expect(await suspended()).toHaveLength(2);
    expect([await way.atTarget('SELECT id FROM parent'), await way.atTarget('SELECT id FROM child')]).toEqual([
      [{ id: 1 }, { id: 2 }],
      [{ id: 1 }, { id: 2 }],
    ]);
    const { omissions } = await stack.api.request<{ omissions: { items: { kind: string }[] } }>(
      'GET',
      `/api/v1/channels/${way.name}/status`,
    );
    expect(omissions.items.map(({ kind }) => kind)).toEqual(['suspend', 'suspend']);

    // Fixed, taken out, seeded, taken in.
    await way.atTarget('ALTER TABLE parent ADD COLUMN v VARCHAR(10)');
    await way.change(`channels/${way.name}`, pipeline(names));
    await inForce();
    expect(await until(async () => ((await suspended()).length === 0 ? true : undefined))).toBe(true);
    const [parents, children] = [await way.atSource('SELECT id, v FROM parent'), await way.atSource('SELECT id, p FROM child')];
    const values = (rows: readonly object[]): string =>
      rows
        .map(
          (row) =>
            `(${Object.values(row)
              .map((value) => `'${value}'`)
              .join()})`,
        )
        .join();
    await way.atTarget(
      `DELETE FROM parent; INSERT INTO parent (id, v) VALUES ${values(parents)}; INSERT INTO child VALUES ${values(children)}`,
    );
    await expect(way.change(`channels/${way.name}`, pipeline([]))).rejects.toThrow('table-removed');
    await way.change(`channels/${way.name}`, pipeline([]), '?force=true');
    await inForce();
    await way.atSource("INSERT INTO parent VALUES (9, 'new'); INSERT INTO child VALUES (9, 9); DELETE FROM parent WHERE id = 1");
    for (const name of ['t', ...names]) await way.arrives(name);
    expect(await suspended()).toEqual([]);
    await way.close();
  });
});

describe('a table at the target that is changed while the loader remembers it', () => {
  /** A table more on both sides, and a row that has arrived in it. */
  async function openMore(columns: string, row: string): Promise<OneWay> {
    const way = await openWay();
    for (const create of [way.atSource, way.atTarget]) await create.call(way, `CREATE TABLE more (${columns})`);
    await way.atSource(`INSERT INTO more ${row}`);
    await way.arrives('more');
    return way;
  }

  it('by the answer to a hold: what was a generated column is written', async () => {
    const way = await openMore('id INT PRIMARY KEY, a INT, b INT AS (a + 1) STORED', '(id, a) VALUES (1, 1)');
    const ddl = 'ALTER TABLE more DROP b, ADD b INT';
    await way.atSource(`${ddl}; INSERT INTO more VALUES (2, 2, 77)`);
    const held = new HeldPipeline(stack, { channel: way.name, pipeline: 'rows' });
    const hold = await held.holds('policy');
    await way.atTarget(ddl);
    await held.answer(hold, 'done');
    await way.atSource('UPDATE more SET b = 5 WHERE id = 1');
    await way.arrives('more');
    await way.close();
  });

  it('there alone, while rows flow: no row of it is lost, and nobody retries', async () => {
    const way = await openMore('id INT PRIMARY KEY, a INT NOT NULL, b INT', 'VALUES (1, 1, 1)');
    await way.atTarget('ALTER TABLE more DROP b, ADD b INT AS (a + 1) STORED');
    await way.atSource('INSERT INTO more VALUES (2, 2, 3)');
    expect(await until(async () => (await way.atTarget('SELECT id FROM more')).length === 2 || undefined)).toBe(true);
    await way.atTarget('ALTER TABLE more MODIFY b INT');
    await way.atSource('INSERT INTO more VALUES (3, 3, 77)');
    expect(await until(async () => (await way.atTarget('SELECT id FROM more WHERE b = 77')).length === 1 || undefined)).toBe(true);
    await way.close();
  });

  it('NULL is allowed since: nothing is refused', async () => {
    const way = await openWay();
    await way.atSource('CREATE TABLE more (id INT PRIMARY KEY, a INT NULL)');
    await way.atTarget('CREATE TABLE more (id INT PRIMARY KEY, a INT NOT NULL)');
    await way.atSource('INSERT INTO more VALUES (1, 1)');
    await way.arrives('more');
    await way.atTarget('ALTER TABLE more MODIFY a INT NULL');
    await way.atSource('INSERT INTO more VALUES (2, NULL)');
    await way.arrives('more');
    expect((await way.end('loader')).state).not.toBe('failed');
    await way.close();
  });

  it('a trigger that would change rows stops the pipeline, and what the check says fixes it', async () => {
    const way = await openMore('id INT PRIMARY KEY, a INT', 'VALUES (1, 1)');
    await way.atTarget('CREATE TRIGGER more_before BEFORE INSERT ON more FOR EACH ROW SET NEW.a = NEW.a + 1');
    await way.atSource('INSERT INTO more VALUES (2, 2)');
    await way.fails('loader', 'TRIGGER_UNGUARDED');
    expect(await way.atTarget('SELECT id, a FROM more')).toEqual([{ id: 1, a: 1 }]);
    await goesOn(way, () => way.atTarget('DROP TRIGGER more_before'));
    await way.arrives('more');
    await way.close();
  });
});

describe('a row at the target that differs', () => {
  it('missing: fixed, then retried', async () => {
    const way = await openWay();
    await way.write(2);
    await way.arrives();
    await way.atTarget('DELETE FROM t WHERE id = 2');
    await way.atSource("BEGIN; INSERT INTO t VALUES (3, 'x'); UPDATE t SET v = 'changed' WHERE id = 2; COMMIT");
    await way.fails('loader', 'ROW_CONFLICT');
    expect(await way.targetIds()).toEqual([1]);
    await goesOn(way, () => way.atTarget("INSERT INTO t VALUES (2, 'row 2')"));
    await way.close();
  });

  it('there already: fixed, then retried', async () => {
    const way = await openWay();
    await way.atTarget("INSERT INTO t VALUES (3, 'a stranger')");
    await way.atSource("BEGIN; INSERT INTO t VALUES (2, 'x'); INSERT INTO t VALUES (3, 'ours'); COMMIT");
    await way.fails('loader', 'ROW_CONFLICT');
    expect(await way.targetIds()).toEqual([1, 3]);
    await goesOn(way, () => way.atTarget('DELETE FROM t WHERE id = 3'));
    await way.close();
  });
});

describe.each(sides)('the server of the target, the source being %s', (from) => {
  it('takes a right away', async () => {
    const way = await openWay({ from, ownUser: 'target' });
    await way.atTarget(`REVOKE INSERT ON ${way.database}.* FROM '${way.user}'@'%'`);
    await way.write(2);
    await way.fails('loader', 'TARGET_DENIED');
    expect(await way.targetIds()).toEqual([1]);
    await goesOn(way, () => way.atTarget(`GRANT INSERT ON ${way.database}.* TO '${way.user}'@'%'`));
    await way.close();
  });

  it('changes the password', async () => {
    const way = await openWay({ from, ownUser: 'target' });
    await way.atTarget(`ALTER USER '${way.user}'@'%' IDENTIFIED BY 'another'`);
    await way.cutConnections(way.to);
    await way.write(2);
    await way.fails('loader', 'TARGET_DENIED');
    await way.change(`endpoints/${way.endpoints.target}`, { password: 'another' });
    await way.arrives(); // by the change alone
    await way.atTarget(`ALTER USER '${way.user}'@'%' IDENTIFIED BY '${lutraPassword}'`);
    await way.close();
  });

  it('is read-only for a while: goes on by itself', async () => {
    const way = await openWay({ from });
    await way.atTarget('SET GLOBAL super_read_only = ON');
    try {
      await way.write(2);
      await way.fails('loader', 'TARGET_READ_ONLY');
    } finally {
      await way.atTarget('SET GLOBAL super_read_only = OFF, GLOBAL read_only = OFF');
    }
    await way.arrives();
    await way.close();
  });

  it('takes texts of one megabyte only', async () => {
    const way = await openWay({ from, start: false });
    const create = 'CREATE TABLE pictures (id INT PRIMARY KEY, picture LONGBLOB)';
    await way.atSource(create);
    await way.atTarget(create);
    const [packet] = await way.atTarget('SELECT @@GLOBAL.max_allowed_packet AS n');
    await way.atTarget('SET GLOBAL max_allowed_packet = 1048576');
    try {
      await expect(way.start()).rejects.toSatisfy(
        (error) => error instanceof ApiError && JSON.stringify(error.body).includes('max-allowed-packet'),
      );
      await way.start({ force: true });
      await way.runs();
      await way.atSource("INSERT INTO t VALUES (2, 'x'); INSERT INTO pictures VALUES (1, REPEAT('x', 2000000))");
      await way.fails('loader', 'TARGET_SETTINGS');
      expect((await way.end('loader')).worker?.lastError?.message).toContain('id=1');
      expect(await way.atTarget('SELECT id FROM pictures')).toEqual([]);
    } finally {
      await way.atTarget(`SET GLOBAL max_allowed_packet = ${String(packet?.['n'])}`);
    }
    await way.act('retry');
    await way.arrives('pictures');
    await way.close();
  });
});

describe('the connection to the target', () => {
  it('lost amid a transaction, and a row locked for long: goes on by itself', async () => {
    const way = await openWay();
    const user = await createConnection({ ...stack.connection(way.to), database: way.database });
    try {
      await user.query('BEGIN');
      await user.query('SELECT * FROM t WHERE id = 1 FOR UPDATE');
      await way.atSource("BEGIN; INSERT INTO t VALUES (2, 'x'); UPDATE t SET v = 'changed' WHERE id = 1; COMMIT");
      const isWaiting = "SELECT ID FROM information_schema.PROCESSLIST WHERE USER = 'lutra' AND INFO LIKE 'UPDATE `way%'";
      expect(await until(async () => (await way.atTarget(isWaiting))[0])).toBeDefined();
      await way.cutConnections(way.to);
      await way.fails('loader', 'TARGET_UNAVAILABLE');
      await way.fails('loader', 'TARGET_BUSY');
      expect(await way.targetIds()).toEqual([1]);
    } finally {
      user.destroy();
    }
    await way.arrives();
    await way.close();
  });
});

describe('the checkpoint', () => {
  it('whose table is gone', async () => {
    const way = await openWay();
    await way.atTarget('RENAME TABLE lutra.checkpoint TO lutra.kept');
    try {
      await way.write(2);
      await way.fails('loader', 'CHECKPOINT_INVALID');
      expect(await way.targetIds()).toEqual([1]);
    } finally {
      await way.atTarget('RENAME TABLE lutra.kept TO lutra.checkpoint');
    }
    await goesOn(way, () => Promise.resolve());
    await way.close();
  });

  it('whose row is gone is never begun anew', async () => {
    const way = await openWay();
    const row = `FROM lutra.checkpoint WHERE pipeline = '${way.uid}'`;
    await way.atTarget(`CREATE TABLE kept LIKE lutra.checkpoint; INSERT INTO kept SELECT * ${row}; DELETE ${row}`);
    await way.write(2);
    await way.fails('loader', 'CHECKPOINT_MISSING');
    expect(await way.targetIds()).toEqual([1]);
    await way.act('retry');
    await way.fails('loader', 'CHECKPOINT_MISSING');
    await goesOn(way, () => way.atTarget('INSERT INTO lutra.checkpoint SELECT * FROM kept'));
    await way.close();
  });

  it('whose epoch is edited fences the loader, which takes over again', async () => {
    const way = await openWay();
    await way.atTarget(`UPDATE lutra.checkpoint SET epoch = epoch + 1000 WHERE pipeline = '${way.uid}'`);
    await way.write(2);
    await way.arrives();
    expect(await stack.loader.b.log()).toContain('FENCED');
    await way.write(3);
    await way.arrives();
    await way.close();
  });
});
