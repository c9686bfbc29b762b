import * as fc from 'fast-check';
import type { Row } from '@lutra/model';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ApplyConnection } from './apply-connection.js';
import { histories } from './changes.fixture.js';
import type { Step } from './changes.fixture.js';
import { TestServer, versions } from './mysql.fixture.js';
import { moveCheckpoint } from './move-checkpoint.js';
import { readCheckpoint, takeOver } from './ownership.js';
import { StatementBuilder } from './statement-builder.js';
import type { SqlText } from './sql-text.js';

describe.each(versions)('safe mode on %s', (version) => {
  let server: TestServer;
  let normal: ApplyConnection;
  let safe: ApplyConnection;
  let database: string;

  beforeAll(async () => {
    server = await TestServer.shared(version);
    normal = await ApplyConnection.open(server.options);
    safe = await ApplyConnection.open({ ...server.options, foreignKeyChecks: false });
    database = await server.database();
  });
  afterAll(async () => {
    await Promise.all([normal.close(), safe.close()]);
    await server.stop();
  });

  const whole = ({ sql, marks }: SqlText): SqlText => ({
    sql: ['BEGIN', ...(sql === '' ? [] : [sql]), 'COMMIT'].join(';\n'),
    marks: [{ does: 'begin' }, ...marks, { does: 'commit' }],
  });
  const table = async (name: string, columns: string) => {
    await server.run(`CREATE TABLE ${database}.${name} (${columns})`);
    return server.load(database, name);
  };
  type Loaded = Awaited<ReturnType<typeof table>>;
  const apply = async (at: Loaded, steps: readonly Step[]): Promise<void> => {
    const builder = new StatementBuilder();
    for (const step of steps) builder.add({ ...step, ...at });
    await normal.run(whole(builder.take()));
  };
  /** In target transactions of `size` changes. */
  const replay = async (at: Loaded, steps: readonly Step[], size = 7): Promise<void> => {
    const builder = new StatementBuilder();
    for (let from = 0; from < steps.length; from += size) {
      for (const step of steps.slice(from, from + size)) builder.addSafe({ ...step, ...at });
      await safe.run(whole(builder.take()));
    }
  };
  const sorted = (rows: readonly object[]): readonly string[] => rows.map((row) => JSON.stringify(row)).sort();
  const c = (after: Row): Step => ({ op: 'c', before: null, after });
  const u = (before: Row, after: Row): Step => ({ op: 'u', before, after });
  const d = (before: Row): Step => ({ op: 'd', before, after: null });

  test.each([
    ['one_key', 'id int primary key, u int, v int', false],
    ['unique_key', 'id int primary key, u int unique, v int', true],
    ['counted', 'id int auto_increment primary key, u int unique, v int', true],
    ['two_columns', 'id int, u int, v int, primary key (id), unique (u, v), unique (u)', true],
  ])('any suffix of any history, once more and on damaged rows, gives the same end: %s', async (name, columns, unique) => {
    const at = await table(name, columns);
    await fc.assert(
      fc.asyncProperty(histories({ keyed: true }), fc.nat(100), fc.nat(100), fc.boolean(), async (history, from, more, damage) => {
        const { steps, rows } = history;
        const start = steps.length === 0 ? 0 : from % steps.length;
        await apply(at, steps);
        // Only rows that the suffix touches may be damaged: that is what a rewind promises to fix.
        if (damage) {
          const touched = steps.slice(start).flatMap(({ before, after }) => [before?.['id'], after?.['id']]);
          const ids = [-1, ...touched.filter((id) => id !== undefined)].join();
          await server.run(
            `DELETE FROM ${database}.${name} WHERE id IN (${ids}) AND id % 2 = 0; UPDATE ${database}.${name} SET v = 99${unique ? ', u = NULL' : ''} WHERE id IN (${ids})`,
          );
        }
        // Killed in the middle of the replay, and begun anew.
        await replay(at, steps.slice(start, start + (more % (steps.length - start + 1))));
        await replay(at, steps.slice(start));
        expect(sorted(await server.rows(at.source))).toEqual(sorted(rows.map(({ id, u, v }) => ({ id, u, v }))));
        await server.run(`DELETE FROM ${database}.${name}`);
      }),
      { numRuns: 40 },
    );
  });

  test('a value that passed from row to row comes back to the last one', async () => {
    const at = await table('passed', 'id varchar(9) collate utf8mb4_bin primary key, u varchar(9) unique, v int');
    const row = (id: string, value: string | null): Row => ({ id, u: value, v: 0 });
    const steps = [
      c(row('a', 'x')),
      u(row('a', 'x'), row('a', null)),
      c(row('b', 'x')),
      u(row('b', 'x'), row('c', 'x')),
      d(row('c', 'x')),
      c(row('A', 'x')),
    ];
    await apply(at, steps);
    for (let from = 0; from < steps.length; from += 1) await replay(at, steps.slice(from), 1);
    expect(sorted(await server.rows(at.source))).toEqual(sorted([row('a', null), row('A', 'x')]));
  });

  test('an ENUM or SET as key comes back as it was, where its values print alike', async () => {
    const at = await table('choices', "k enum('a','','b'), s set('a','','b'), v enum('x',''), primary key (k, s)");
    const rows = ['a', '', 'b'].flatMap((k) =>
      ['', ',', 'a', 'a,', ',b', 'b'].map((s) => ({ k, s, v: s === '' ? '\0' : k === 'b' ? '' : 'x' })),
    );
    await apply(at, rows.map(c));
    const content = await server.content(at.source);
    expect(new Set(content).size).toBe(18);
    await replay(at, [...rows.map(c), ...rows.slice(0, 9).map((row) => u(row, row))]);
    expect(await server.content(at.source)).toEqual(content);
  });

  test('columns that the source does not have keep their values, and big rows and bytes are written whole', async () => {
    const at = await table(
      'wide',
      'id bigint unsigned primary key, b varbinary(20), j json, t timestamp(6) null on update current_timestamp(6)',
    );
    await server.run(`ALTER TABLE ${database}.wide ADD COLUMN note varchar(9) NULL`);
    const { target } = await server.load(database, 'wide');
    const row = (b: Buffer): Row => ({ id: 18446744073709551615n, b, j: '{"a": 1}', t: '2001-02-03 04:05:06.000007' });
    await apply({ ...at, target }, [c(row(Buffer.from([0, 255])))]);
    await server.run(`UPDATE ${database}.wide SET note = 'mine'`);
    await replay({ ...at, target }, [c(row(Buffer.from([39, 92]))), u(row(Buffer.from([39, 92])), row(Buffer.from([0, 255])))]);
    expect(await server.rows(at.source)).toEqual([row(Buffer.from([0, 255]))]);
    expect(await server.query(`SELECT note FROM ${database}.wide`)).toEqual([{ note: 'mine' }]);
  });

  test('a child comes again although its parent was deleted later, and children of a parent that is replaced stay', async () => {
    const parent = await table('parent', 'id int primary key, v int');
    const child = await table('child', `id int primary key, p int, foreign key (p) references ${database}.parent (id)`);
    await apply(parent, [c({ id: 1, v: 1 }), c({ id: 2, v: 1 })]);
    await apply(child, [c({ id: 1, p: 1 }), c({ id: 2, p: 2 }), d({ id: 1, p: 1 })]);
    await apply(parent, [d({ id: 1, v: 1 })]);
    const again = async (): Promise<void> => {
      await replay(child, [c({ id: 1, p: 1 }), c({ id: 2, p: 2 }), d({ id: 1, p: 1 })], 1);
      await replay(parent, [d({ id: 1, v: 1 })]);
    };
    await again();
    await again();
    expect(await server.rows(child.source)).toEqual([{ id: 2, p: 2 }]);
    expect(await server.rows(parent.source)).toEqual([{ id: 2, v: 1 }]);
  });

  test('a row of another key that holds a unique value is never overwritten, also with a key that is newer than the plan', async () => {
    const at = await table('late', 'id int auto_increment primary key, u int, v int');
    await server.run(`ALTER TABLE ${database}.late ADD UNIQUE (u)`);
    await apply(at, [c({ id: 9, u: 1, v: 1 })]);
    await expect(replay(at, [c({ id: 1, u: 1, v: 2 })])).rejects.toMatchObject({ code: 'ROW_CONFLICT', details: { does: 'upsert' } });
    expect(await server.rows(at.source)).toEqual([{ id: 9, u: 1, v: 1 }]);
  });

  test('what cannot be applied again is refused by name', async () => {
    const refusal = async (name: string, columns: string, row: Row = { id: 1 }): Promise<string> => {
      const at = await table(name, columns);
      const error: unknown = await replay(at, [c(row)]).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'APPLY_REFUSED', details: { database, table: name } });
      return (error as Error).message;
    };
    expect(await refusal('bare', 'id int')).toMatch(/bare .*no primary key/);
    expect(await refusal('prefixed', 'id int primary key, t varchar(99), unique prefix (t(5))', { id: 1, t: 'a' })).toMatch(
      /prefix .*beginning/,
    );
    expect(await refusal('made', 'id int primary key, g int as (id + 1) stored, unique made (g)', { id: 1, g: 2 })).toMatch(
      /made .*generated/,
    );
    if (version !== 'mariadb-11.4')
      expect(await refusal('func', 'id int primary key, unique func ((id + 1))')).toMatch(/func .*expression/);
    await table('owner', 'id int primary key');
    const key = `p int, constraint owned foreign key (p) references ${database}.owner (id) on delete cascade`;
    expect(await refusal('pet', `id int primary key, ${key}`, { id: 1, p: null })).toMatch(/owned .*action/);
    const owner = await server.load(database, 'owner');
    await expect(replay(owner, [c({ id: 1 })])).rejects.toThrow(/owner .*owned .*action/);
  });

  test('a checkpoint is moved back and says how far to replay; whoever held it is fenced; a row that is gone is made anew', async () => {
    const { checkpoint } = await takeOver(server.options, { pipeline: 'p', part: 0, lease: 5, mayCreate: true });
    const to = { logId: 'L', logEpoch: 2, seq: 3, nextOffset: 4, gtid: null, sourceUs: 0, origin: '', path: [], replayUntil: 7 };
    await moveCheckpoint(server.options, { pipeline: 'p', part: 0, destination: () => to });
    expect(await readCheckpoint(server.options, 'p', 0)).toMatchObject({ ...to, epoch: checkpoint.epoch + 1 });
    const failing = moveCheckpoint(server.options, {
      pipeline: 'p',
      part: 0,
      destination: () => {
        throw new Error('no');
      },
    });
    await expect(failing).rejects.toThrow('no');
    expect(await readCheckpoint(server.options, 'p', 0)).toMatchObject({ ...to, epoch: checkpoint.epoch + 1 });
    await moveCheckpoint(server.options, { pipeline: 'q', part: 0, destination: (current) => (expect(current).toBeNull(), to) });
    const made = await readCheckpoint(server.options, 'q', 0);
    expect(made).toMatchObject(to);
    expect((await takeOver(server.options, { pipeline: 'q', part: 0, lease: 5, mayCreate: false })).checkpoint.epoch).toBe(
      (made?.epoch ?? 0) + 1,
    );
  });
});
