/**
 * An operator gives a pipeline another position in its log: back, so that what was damaged at the target is applied once more in safe mode;
 * or to an end of the topic, when there is no way on from where it stands. Whatever is killed meanwhile, both sides end equal.
 */
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { type ApiError, type Stack, withAdministrator } from '../harness/index.js';
import { keptStack, leaveStack } from './kept-stack.js';
import { offsets, removeRecords } from './log-accidents.js';
import { openOneWay, until } from './one-way.js';
import type { OneWay } from './one-way.js';

let stack: Stack;
beforeAll(async () => {
  stack = await keptStack();
}, 240_000);
afterAll(leaveStack);

interface Position {
  readonly checkpoint: { readonly log: string; readonly seq: number; readonly nextOffset: number; readonly replayUntil: number };
  readonly consequence?: string;
}

async function openWay(): Promise<OneWay> {
  const way = await openOneWay(stack);
  onTestFailed(async () => console.error(way.name, JSON.stringify(await way.status(), null, 1), await stack.saveLogs()));
  await way.write(1);
  await way.arrives();
  return way;
}

const path = (way: OneWay, action: string): string => `/api/v1/channels/${way.name}/pipelines/rows/${action}`;
const post = (way: OneWay, action: string, body: object): Promise<Position> => stack.api.request('POST', path(way, action), body);
const position = (way: OneWay): Promise<Position> => stack.api.request('GET', path(way, 'position'));
const refusal = (way: OneWay, action: string, body: object): Promise<object> =>
  post(way, action, body).then(
    () => ({}),
    (error: unknown) => ({ status: (error as ApiError).status, ...((error as ApiError).body as object) }),
  );
const onBoth = async (way: OneWay, sql: string): Promise<void> => {
  await way.atSource(sql);
  await way.atTarget(sql);
};
const checkpointRow = (way: OneWay): string => `FROM lutra.checkpoint WHERE pipeline = '${way.uid}'`;

describe('a rewind', () => {
  it('fixes rows that were changed at the target, while new ones arrive', { timeout: 120_000 }, async () => {
    const way = await openWay();
    await onBoth(way, 'CREATE TABLE named (id INT PRIMARY KEY, name VARCHAR(20) UNIQUE)');
    await way.atSource(`INSERT INTO named VALUES (1, 'a'), (2, 'b'), (3, 'c')`);
    await way.arrives('named');
    const { checkpoint: before } = await position(way);
    await way.write(2, 3, 4, 5);
    // Names pass on, a key moves to one that is free again.
    await way.atSource(`UPDATE named SET name = NULL WHERE id = 1; UPDATE named SET name = 'a' WHERE id = 2; UPDATE named SET name = 'b' WHERE id = 1;
      DELETE FROM named WHERE id = 3; UPDATE named SET id = 3 WHERE id = 1; DELETE FROM t WHERE id = 4; UPDATE t SET v = 'mine' WHERE id = 5`);
    await way.arrives();
    await way.arrives('named');
    await way.atTarget(`DELETE FROM t WHERE id IN (2, 5); UPDATE t SET v = 'damaged' WHERE id = 3; INSERT INTO t VALUES (4, 'back');
      UPDATE named SET name = 'x' WHERE id = 2; INSERT INTO named VALUES (1, 'a')`);
    let writing = true;
    const writer = (async () => {
      for (let id = 100; writing; id += 1) await way.write(id);
    })();
    try {
      expect(await refusal(way, 'rewind', { seq: before.seq + 1_000_000, reason: 'ahead' })).toMatchObject({
        status: 400,
        code: 'CONFIG_INVALID',
      });
      const { checkpoint } = await post(way, 'rewind', { seq: before.seq, reason: 'rows were changed by hand' });
      expect(checkpoint.replayUntil).toBeGreaterThan(before.seq);
      await until(async () => ((await position(way)).checkpoint.seq > checkpoint.replayUntil ? true : undefined));
    } finally {
      writing = false;
      await writer;
    }
    await way.arrives();
    await way.arrives('named');
    await way.runs();
    await way.close();
  });

  it('goes on where it was when its loader is killed in the middle', { timeout: 120_000 }, async () => {
    const way = await openWay();
    await onBoth(way, 'CREATE TABLE big (id INT PRIMARY KEY, v MEDIUMTEXT)');
    await way.atSource(`INSERT INTO big VALUES (0, ''), (1, '')`);
    await way.arrives('big');
    const { checkpoint: before } = await position(way);
    const updates = Array.from(
      { length: 60 },
      (_, n) => `UPDATE big SET v = REPEAT('${n % 10}', 60000 + ${n}) WHERE id = ${n < 40 ? 0 : 1}`,
    );
    await way.atSource(updates.join(';'));
    // More than is held at once, also where all of it is read before any is applied.
    await way.atSource(`INSERT INTO big SELECT id + 10, REPEAT('z', 400000) FROM big; UPDATE big SET v = 'last' WHERE id = 10`);
    await way.arrives('big');
    await way.atTarget(`DELETE FROM big WHERE id IN (0, 11); UPDATE big SET v = 'damaged'`);
    // Row 1 comes last: a lock on it holds the replay in its middle.
    await withAdministrator(stack.mysql[way.to], async (connection) => {
      await connection.query(`BEGIN; UPDATE ${way.database}.big SET v = 'held' WHERE id = 1`);
      const { checkpoint: rewound } = await post(way, 'rewind', { seq: before.seq, reason: 'test' });
      const amid = await until(async () => {
        const { checkpoint } = await position(way);
        return checkpoint.seq > rewound.seq ? checkpoint : undefined;
      });
      expect(amid?.seq).toBeLessThan(rewound.replayUntil);
      await stack.loader[way.to].kill();
      await connection.query('ROLLBACK');
    });
    await stack.loader[way.to].restart();
    await way.arrives('big');
    await way.write(2);
    await way.arrives();
    await way.close();
  });

  it('to what retention has removed says what can be had, and one over a table without key is refused', { timeout: 120_000 }, async () => {
    const way = await openWay();
    await onBoth(way, 'CREATE TABLE bare (id INT)');
    await way.write(2);
    await way.write(3);
    await way.arrives();
    const { checkpoint: before } = await position(way);
    await way.atSource('INSERT INTO bare VALUES (1)');
    await way.arrives('bare');
    expect(await refusal(way, 'rewind', { seq: before.seq, reason: 'test' })).toMatchObject({ status: 409, code: 'APPLY_REFUSED' });
    await removeRecords(stack, way.topic, before.nextOffset);
    expect(await refusal(way, 'rewind', { seq: 0, reason: 'test' })).toMatchObject({
      status: 409,
      code: 'LOG_START_LOST',
      details: { earliest: before.seq },
    });
    expect((await position(way)).checkpoint.replayUntil).toBe(-1);
    await way.close();
  });
});

describe('a restart', () => {
  it(
    'at the start applies what the topic still holds, also when its beginning is cut and the row is gone',
    { timeout: 120_000 },
    async () => {
      const way = await openWay();
      await way.write(2, 3, 4);
      await way.arrives();
      // The first record that is left is the middle of a transaction.
      const { checkpoint } = await position(way);
      await removeRecords(stack, way.topic, checkpoint.nextOffset - 2);
      await way.write(5);
      await way.write(6);
      await way.arrives();
      await way.atTarget(`DELETE FROM t WHERE id > 4; DELETE ${checkpointRow(way)}`);
      await way.write(7);
      await way.fails('loader', 'CHECKPOINT_MISSING');
      const asked = await refusal(way, 'restart', { at: 'start', reason: 'test' });
      expect(asked).toMatchObject({ status: 409, code: 'CONFIG_CONFLICT', message: expect.stringMatching(/normal mode.*"accept": true/) });
      expect(await way.targetIds()).toEqual([1, 2, 3, 4]);
      expect((await post(way, 'restart', { at: 'start', reason: 'test', accept: true })).checkpoint.seq).toBeGreaterThanOrEqual(
        checkpoint.seq,
      );
      await way.arrives();
      await way.close();
    },
  );

  it(
    'at the end goes on behind what was lost, and a loader whose last record alone was removed needs none',
    { timeout: 120_000 },
    async () => {
      const way = await openWay();
      const paused = async (): Promise<void> => {
        await way.act('pause');
        await until(async () => (await way.end('loader')).state === 'paused' || undefined);
      };
      await paused();
      await way.write(2);
      await until(async () => ((await way.end('capture')).worker?.rows ?? 0) >= 2 || undefined);
      await removeRecords(stack, way.topic, (await position(way)).checkpoint.nextOffset);
      await way.start();
      await way.arrives();
      await paused();
      await way.write(3, 4);
      await until(async () => ((await way.end('capture')).worker?.rows ?? 0) >= 4 || undefined);
      // Retention leaves minutes at least: among them a heartbeat. Each leadership of capture begins with one.
      const rowsEnd = (await offsets(stack, way.topic)).end;
      await way.act('retry');
      await until(async () => ((await way.end('capture')).worker?.offset ?? 0) > rowsEnd || undefined);
      await removeRecords(stack, way.topic, rowsEnd);
      await way.start();
      await way.fails('loader', 'LOG_START_LOST');
      await way.atTarget(`INSERT INTO t VALUES (3, 'row 3'), (4, 'row 4')`);
      const { consequence } = await post(way, 'restart', { at: 'end', reason: 'loaded by hand', accept: true });
      expect(consequence).toMatch(/never applied/);
      await way.write(5);
      await way.arrives();
      await way.close();
    },
  );
});
