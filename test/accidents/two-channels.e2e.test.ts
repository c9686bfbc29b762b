/**
 * Two channels between the same two regions: what one of them has brought says nothing about the other. Home changes a row and changes it
 * back while its channel is paused; then the other channel brings something later of home's to the neighbour, who changes the row. He had
 * not seen home's changes, though the row is as he thinks it is. And a table that one side cannot read any more, while both write it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { grantDatabase } from '../harness/endpoint-setup.js';
import { otherSide, type Side, sides, type Stack, withAdministrator } from '../harness/index.js';
import { keptStackBothWays, leaveStack } from './kept-stack.js';
import { until } from './one-way.js';

let stack: Stack;

const tables = ['child', 'parent'];
const createYard = `CREATE DATABASE yard; CREATE TABLE yard.beside (id INT PRIMARY KEY, v VARCHAR(20)) ENGINE = InnoDB;
  CREATE TABLE yard.parent (id INT PRIMARY KEY, n INT) ENGINE = InnoDB;
  CREATE TABLE yard.child (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES yard.parent (id)) ENGINE = InnoDB`;
const yard = (exclude: readonly string[], policy: 'home' | 'merge' = 'home') => ({
  name: 'yard',
  onUnsupported: 'suspend' as const,
  pipelines: sides.map((side) => ({
    name: `from-${side}`,
    source: stack.endpoints[side],
    target: stack.endpoints[otherSide(side)],
    routes: [{ schema: 'yard' }],
    exclude: [...exclude],
  })),
  conflicts: { home: stack.regions.a, rules: [{ policy }] },
});

beforeAll(async () => {
  stack = await keptStackBothWays();
  const create = `CREATE DATABASE shop; CREATE TABLE shop.orders (id BIGINT PRIMARY KEY, state VARCHAR(20)); INSERT INTO shop.orders VALUES (1, 'new');
    CREATE DATABASE crm; CREATE TABLE crm.notes (id BIGINT PRIMARY KEY)`;
  for (const side of sides) await withAdministrator(stack.mysql[side], (connection) => connection.query(create));
  const conflicts = { home: stack.regions.b, rules: [{ policy: 'home' as const }] };
  await stack.createChannel({ databases: ['shop'], conflicts });
  await stack.api.createChannel({
    name: 'crm',
    pipelines: sides.map((side) => ({
      name: `from-${side}`,
      source: stack.endpoints[side],
      target: stack.endpoints[otherSide(side)],
      routes: [{ schema: 'crm' }],
    })),
    conflicts,
  });
  for (const side of sides) await withAdministrator(stack.mysql[side], (connection) => connection.query(createYard));
  // All are there before the first starts: so each log begins for all.
  await stack.api.createChannel(yard([]));
  for (const database of ['crm', 'yard']) for (const side of sides) await grantDatabase(stack.mysql[side], database);
  await stack.api.channelAction('crm', 'start');
  await stack.startChannel();
}, 240_000);
afterAll(leaveStack);

async function query(side: Side, sql: string): Promise<readonly RowDataPacket[]> {
  return withAdministrator(stack.mysql[side], async (connection) => (await connection.query<RowDataPacket[]>(sql))[0]);
}

it('a channel that is ahead does not speak for one that is paused', { timeout: 200_000 }, async () => {
  onTestFailed(async () => console.error(await stack.report(), await stack.saveLogs()));
  await query('a', 'INSERT INTO crm.notes VALUES (1)');
  await until(async () => (await query('b', 'SELECT * FROM crm.notes')).length === 1 || undefined);
  await stack.drain();
  await stack.api.channelAction(stack.channel, 'pause');
  for (const state of ['other', 'new']) await query('b', `UPDATE shop.orders SET state = '${state}'`);
  await query('b', 'INSERT INTO crm.notes VALUES (2)');
  await until(async () => (await query('a', 'SELECT * FROM crm.notes')).length === 2 || undefined);
  await query('a', "UPDATE shop.orders SET state = 'of a'");
  await stack.startChannel();
  await stack.drain();
  const ends = await Promise.all(sides.map(async (side) => (await query(side, 'SELECT state FROM shop.orders'))[0]?.['state'] as string));
  expect(ends).toEqual(['new', 'new']);
  expect(await query('b', 'SELECT type, winner, final FROM lutra.conflict')).toMatchObject([
    { type: 'update-differs', winner: 'existing', final: 1 },
  ]);
});

describe('a table that one side cannot read, in a channel that suspends both ways', () => {
  const put = async (exclude: readonly string[], query = '', policy: 'home' | 'merge' = 'home'): Promise<number> => {
    const headers = { authorization: `Bearer ${stack.token}`, 'content-type': 'application/json', 'if-match': '*' };
    const body = JSON.stringify(yard(exclude, policy));
    return (await fetch(`${stack.control.url}/api/v1/channels/yard${query}`, { method: 'PUT', headers, body })).status;
  };
  /** Of each pipeline, whether it is in force, and what it does not carry. */
  const status = async (): Promise<readonly string[]> =>
    (await stack.api.channelStatus('yard')).pipelines.map(
      ({ routes, suspended }) =>
        `${routes}: ${suspended
          .map(({ name, code }) => `${name} ${code}`)
          .toSorted()
          .join()}`,
    );
  const becomes = async (wanted: readonly string[]): Promise<void> => {
    await until(async () => (JSON.stringify(await status()) === JSON.stringify(wanted) ? true : undefined), 60_000);
    expect(await status()).toEqual(wanted);
  };
  const rows = async (side: Side, table: string): Promise<string> =>
    JSON.stringify(await query(side, `SELECT * FROM yard.${table} ORDER BY id`));
  const becomesEqual = async (table: string): Promise<void> => {
    await until(async () => ((await rows('a', table)) === (await rows('b', table)) ? true : undefined));
    expect(await rows('b', table)).toBe(await rows('a', table));
  };
  /** Unseen by replication: 8.0.15 does not log the hidden column of such an index. */
  const unseen = (sql: string): Promise<unknown> =>
    withAdministrator(stack.mysql.b, (connection) => connection.query(`SET sql_log_bin = 0; ${sql}`));

  it(
    'is left out in both directions, with its child, whoever is killed; and it comes back as the docs say',
    { timeout: 200_000 },
    async () => {
      onTestFailed(async () => console.error(await status(), await stack.saveLogs()));
      await stack.api.channelAction('yard', 'start');
      const runs = async (): Promise<true | undefined> => ((await stack.api.channelStatus('yard')).state === 'running' ? true : undefined);
      expect(await until(runs, 60_000)).toBe(true);
      await query('a', 'INSERT INTO yard.parent VALUES (1, 1), (2, 2)');
      await becomesEqual('parent');
      await query('b', 'INSERT INTO yard.child VALUES (1, 1), (2, 2)');
      await becomesEqual('child');

      await unseen('ALTER TABLE yard.parent ADD INDEX odd ((n + 1))');
      for (const [i, app] of [stack.loader.a, stack.capture.b, stack.loader.b].entries()) {
        await query('b', `UPDATE yard.parent SET n = n + 10; INSERT INTO yard.beside VALUES (${i}, 'of b')`);
        await query('a', `BEGIN; UPDATE yard.parent SET n = n + 100; INSERT INTO yard.beside VALUES (${i + 10}, 'of a'); COMMIT`);
        await app.kill();
        await query('a', `INSERT INTO yard.child VALUES (${i + 10}, 1)`);
        await app.restart();
      }
      const both = 'in force: child COLUMN_UNSUPPORTED,parent COLUMN_UNSUPPORTED';
      await becomes([both, both]);
      await becomesEqual('beside');
      const uids = (await stack.api.channelStatus('yard')).pipelines.map(({ uid }) => `'${uid}'`).join();
      for (const side of sides) {
        const found = await query(
          side,
          `SELECT table_name AS t FROM lutra.suspended WHERE pipeline IN (${uids}) AND ended_at IS NULL ORDER BY 1`,
        );
        expect(found.map(({ t }) => t as string)).toEqual(tables);
      }
      const kept = await rows('b', 'child');
      await query('a', "INSERT INTO yard.child VALUES (20, 2); INSERT INTO yard.beside VALUES (20, 'later')");
      await becomesEqual('beside');
      expect(await rows('b', 'child')).toBe(kept);

      // Fixed, taken out, copied, taken in.
      await unseen('ALTER TABLE yard.parent DROP INDEX odd');
      expect(await put(tables)).toBe(200);
      await becomes(['in force: ', 'in force: ']);
      const values = async (table: string): Promise<string> =>
        (await query('a', `SELECT * FROM yard.${table}`)).map((row) => `(${Object.values(row).map(String).join()})`).join();
      await query(
        'b',
        `DELETE FROM yard.child; DELETE FROM yard.parent; INSERT INTO yard.parent VALUES ${await values('parent')};
      INSERT INTO yard.child VALUES ${await values('child')}`,
      );
      expect(await put([], '?force=true')).toBe(200);
      await becomes(['in force: ', 'in force: ']);
      for (const [i, side] of sides.entries()) {
        await query(
          side,
          `INSERT INTO yard.parent VALUES (${30 + i}, 1); INSERT INTO yard.child VALUES (${30 + i}, ${30 + i}); UPDATE yard.parent SET n = n + 1 WHERE id = ${i + 1}`,
        );
      }
      for (const table of [...tables, 'beside']) await becomesEqual(table);
      expect((await query('b', 'SELECT id FROM yard.child WHERE id >= 30')).length).toBe(2);
      expect(await status()).toEqual(['in force: ', 'in force: ']);
    },
  );

  /** Both sides change the same rows, and each inserts its own, until stop(). */
  const load = (): { stop(): Promise<unknown> } => {
    let isOn = true;
    const writing = sides.map(async (side, i) => {
      for (let n = 1; isOn; n += 1) {
        const own = `INSERT INTO yard.beside VALUES (${1000 + 2 * n + i}, 'own')`;
        await query(side, `BEGIN; UPDATE yard.beside SET v = '${side} ${n}' WHERE id = ${10 + (n % 3)}; ${own}; COMMIT`);
        await sleep(20);
      }
    });
    return {
      stop() {
        isOn = false;
        return Promise.all(writing);
      },
    };
  };
  /** Who works: the dumps as the servers name them, and the epochs. */
  const identity = async (): Promise<unknown> => {
    const dump = "SELECT ID FROM information_schema.PROCESSLIST WHERE COMMAND LIKE 'Binlog Dump%'";
    const dumps = await Promise.all(sides.map((side) => query(side, dump)));
    expect(dumps.map(({ length }) => length)).toEqual([1, 1]);
    const { pipelines } = await stack.api.channelStatus('yard');
    return { dumps, epochs: pipelines.map(({ source, target }) => [source.worker?.epoch, target.worker?.epoch]) };
  };

  it(
    'takes edits of routes and policies while both sides change the same rows: all are equal, nothing begins anew',
    { timeout: 120_000 },
    async () => {
      onTestFailed(async () => console.error(await status(), await stack.saveLogs()));
      const writers = load();
      await sleep(1_000);
      const before = await identity();
      const states = new Set<string>();
      const edits: (readonly [exclude: readonly string[], policy: 'home' | 'merge'])[] = [
        [tables, 'home'],
        [[], 'merge'],
        [[], 'home'],
      ];
      for (const [exclude, policy] of edits) {
        expect(await put(exclude, '?force=true', policy)).toBe(200);
        await becomes(['in force: ', 'in force: ']);
        for (const { source, target } of (await stack.api.channelStatus('yard')).pipelines) states.add(source.state).add(target.state);
        await sleep(700);
      }
      await writers.stop();
      await becomesEqual('beside');
      expect(await identity()).toEqual(before);
      expect([...states]).toEqual(['running']);
      const [conflicts] = await query('a', "SELECT COUNT(*) AS n FROM lutra.conflict WHERE pipeline LIKE 'yard.%'");
      expect(Number(conflicts?.['n'])).toBeGreaterThan(0);
    },
  );
});
