/**
 * A hole in the log of the side that is not home: its binlog is purged while its capture is down, and both sides write meanwhile. A restart
 * with `then: verify-and-repair` makes both equal, with what that side wrote in the hole. Side a is MySQL 9.7 and home, side b is 8.0.
 */
import type { RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, expect, it, onTestFailed } from 'vitest';
import { compareDatabases, startStack, withAdministrator } from '../harness/index.js';
import type { Side, Stack } from '../harness/index.js';

interface Unequal {
  readonly count: number;
  readonly tables: readonly { readonly table: string; readonly cause: string }[];
  readonly unasked: readonly string[];
}

interface VerifyAnswer {
  readonly result: {
    readonly tables: readonly { readonly table: string; readonly verdict: string | null }[];
    readonly repair: { readonly endedAt: number | null; readonly repaired: number; readonly refused: number; readonly left: number } | null;
  } | null;
  readonly equal: boolean;
  readonly unequal: Unequal;
}

const healing = { then: 'verify-and-repair' }; // oxlint-disable-line unicorn/no-thenable -- a text is no function
const database = 'heal';
const setUp = `CREATE DATABASE ${database}; USE ${database};
  CREATE TABLE parent (id INT PRIMARY KEY, v VARCHAR(40), u VARCHAR(40) UNIQUE);
  CREATE TABLE child (id INT PRIMARY KEY, p INT, v VARCHAR(40), FOREIGN KEY (p) REFERENCES parent (id))`;
const firstRows = `INSERT INTO parent SELECT n, 'old', n FROM (SELECT @n := @n + 1 AS n FROM information_schema.COLLATIONS, (SELECT @n := 0) AS zero LIMIT 60) AS numbers;
  INSERT INTO child SELECT id, id, 'old' FROM parent WHERE id <= 30`;
/** At b, in what is purged. */
const lost = `UPDATE parent SET v = 'of b' WHERE id IN (1, 2); DELETE FROM child WHERE id = 3; DELETE FROM parent WHERE id IN (3, 40);
  INSERT INTO parent VALUES (101, 'of b', 'b'); INSERT INTO child VALUES (101, 101, 'of b'); UPDATE child SET p = 101 WHERE id = 5;
  UPDATE parent SET u = NULL WHERE id = 7; UPDATE parent SET u = '7' WHERE id = 8; UPDATE parent SET u = 'moved' WHERE id = 7`;
/** At a meanwhile: other rows. */
const arriving = `UPDATE parent SET v = 'of a' WHERE id IN (20, 21); INSERT INTO parent VALUES (201, 'of a', 'a'); DELETE FROM parent WHERE id = 41`;

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ mysql: '9.7', mysqlB: '8.0' });
  for (const side of ['a', 'b'] as const) await at(side, setUp);
  await stack.createChannel({ databases: [database], conflicts: { home: stack.regions.a, rules: [{ policy: 'home' }] } });
  await stack.startChannel();
  // What a wrote itself in the last minute before the hole would be left to a person.
  await at('b', firstRows);
  await stack.drain();
}, 240_000);
afterAll(() => stack?.stop());

/** Each statement commits. */
async function at(side: Side, sql: string): Promise<readonly RowDataPacket[]> {
  return withAdministrator(stack.mysql[side], async (connection) => {
    const found = await connection.query<RowDataPacket[][]>(`USE ${sql.startsWith('CREATE') ? 'mysql' : database}; ${sql}`);
    return found[0].at(-1) ?? [];
  });
}

async function compared(): Promise<number> {
  const { differing } = await compareDatabases({ a: stack.connection('a'), b: stack.connection('b'), databases: [database] });
  return differing;
}

it('what the side that is not home wrote in the hole is kept, and both sides become equal', { timeout: 240_000 }, async () => {
  onTestFailed(async () => console.error(await stack.report(), JSON.stringify([await verification(), await differences()], null, 1)));
  await stack.capture.b.kill();
  await at('b', lost);
  await at('a', arriving);
  await at('b', 'FLUSH BINARY LOGS');
  const last = (await at('b', 'SHOW BINARY LOGS')).at(-1);
  await at('b', `PURGE BINARY LOGS TO '${String(last?.['Log_name'])}'`);
  await stack.capture.b.start();
  const error = async (): Promise<unknown> => {
    const { pipelines } = await stack.api.channelStatus(stack.channel);
    return pipelines.map(({ source }) => source.worker?.lastError?.code).find((code) => code !== undefined);
  };
  await expect.poll(error, { timeout: 60_000, interval: 200 }).toBe('SOURCE_PURGED');
  await at('b', "UPDATE child SET v = 'of b' WHERE id = 1");
  expect(await compared()).toBeGreaterThan(0);

  const order = { ...healing, start: { from: 'now' }, reason: 'purged', accept: true };
  await stack.api.request('POST', `/api/v1/endpoints/${stack.site('b').endpoint}/restart`, order);
  expect((await verification()).unequal).toMatchObject({ tables: expect.arrayContaining([expect.objectContaining({ cause: 'hole' })]) });
  // Behind the hole both sides go on writing: b rows that it had written in it, a others.
  let n = 0;
  const isHealed = async (): Promise<boolean> => {
    n += 1;
    await at('b', `UPDATE parent SET v = 'of b, ${n}' WHERE id = 2; REPLACE INTO child VALUES (102, 101, '${n}')`);
    await at('a', `UPDATE parent SET v = 'of a, ${n}' WHERE id = 22; UPDATE child SET v = '${n}' WHERE id = 10`);
    const { result, unequal } = await verification();
    return result?.repair?.endedAt != null && unequal.count === 0;
  };
  await expect.poll(isHealed, { timeout: 120_000, interval: 500 }).toBe(true);
  await stack.drain();

  expect(await compared()).toBe(0);
  const kept = await at('a', 'SELECT id, v, u FROM parent WHERE id IN (1, 2, 3, 7, 8, 20, 22, 40, 41, 101, 201) ORDER BY id');
  expect(kept.map(({ id, v, u }) => [id, v, u].join(' '))).toEqual([
    '1 of b 1',
    `2 of b, ${n} 2`,
    '7 old moved',
    '8 old 7',
    '20 of a 20',
    `22 of a, ${n} 22`,
    '101 of b b',
    '201 of a a',
  ]);
  const children = await at('a', 'SELECT id, p, v FROM child WHERE id IN (1, 3, 5, 10, 101, 102) ORDER BY id');
  expect(children.map(({ id, p, v }) => [id, p, v].join(' '))).toEqual([
    '1 1 of b',
    '5 101 old',
    `10 10 ${n}`,
    '101 101 of b',
    `102 101 ${n}`,
  ]);
  const answer = await verification();
  expect(answer.equal, JSON.stringify(answer.result)).toBe(true);
  expect(answer.unequal).toEqual({ count: 0, tables: [], unasked: [] });
  expect(answer.result?.repair).toMatchObject({ refused: 0, left: 0 });
  const entries = await at('a', 'SELECT table_name AS t, cause, ended_at IS NOT NULL AS ended FROM lutra.unequal ORDER BY t');
  expect(entries.map(({ t, cause, ended }) => [t, cause, ended].join(' '))).toEqual(['child hole 1', 'parent hole 1', 'probes hole 1']);
  const [recorded] = await at('a', "SELECT COUNT(*) AS n, SUM(winner = 'incoming') AS won FROM lutra.conflict WHERE type = 'repair'");
  expect([Number(recorded?.['n']) > 0, Number(recorded?.['won'])]).toEqual([true, Number(recorded?.['n'])]);
});

function differences(): Promise<unknown> {
  return stack.api.request('GET', `/api/v1/channels/${stack.channel}/verify/differences?limit=20`);
}

function verification(): Promise<VerifyAnswer> {
  return stack.api.request('GET', `/api/v1/channels/${stack.channel}/verify`);
}
