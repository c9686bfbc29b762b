/** Both sides change the same rows: decided, shown by the REST API, decided anew by an operator, and equal on both sides each time. */
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, expect, it, onTestFailed } from 'vitest';
import { keptStackBothWays, leaveStack } from '../accidents/kept-stack.js';
import { compareDatabases, sides } from '../harness/index.js';
import type { Side, Stack } from '../harness/index.js';
import { firstRows, moveNames, movesTable, numbered, writesOf } from './moves.js';

interface Entry {
  readonly pipeline: string;
  readonly id: number;
  readonly winner: 'incoming' | 'existing' | 'both';
  readonly final: boolean;
  readonly existing: Readonly<Record<string, unknown>>;
  readonly result: Readonly<Record<string, unknown>>;
}

interface List {
  readonly conflicts: readonly Entry[];
  readonly unreachable: readonly unknown[];
}

const table = `CREATE DATABASE shop; CREATE TABLE shop.orders (id INT PRIMARY KEY, note VARCHAR(50) NOT NULL, version INT NOT NULL);
  INSERT INTO shop.orders VALUES (7, 'new', 0)`;
const rule = { schema: 'shop', policy: 'latest', version: 'version' } as const;
const latest = { policy: 'latest', version: 'version' } as const;
const merge = { policy: 'merge', columns: { n: 'delta' } } as const;
const byVersion = { ...merge, sameColumn: 'latest', version: 'version' } as const;
/** Table → rule. */
const moved = {
  home: { policy: 'home' },
  latest: { ...latest, deletes: 'lose' },
  latest_win: { ...latest, deletes: 'win' },
  merge: { ...merge, deletes: 'lose' },
  merge_win: { ...merge, deletes: 'win' },
  merge_latest: { ...byVersion, deletes: 'lose' },
  merge_latest_win: { ...byVersion, deletes: 'win' },
} as const;
const movedRules = Object.entries(moved).map(([name, policy]) => ({ schema: 'moves', table: name, ...policy }));
let stack: Stack;
let connections: Readonly<Record<Side, Connection>>;

beforeAll(async () => {
  stack = await keptStackBothWays();
  const open = (side: Side): Promise<Connection> => createConnection({ ...stack.connection(side), multipleStatements: true });
  connections = { a: await open('a'), b: await open('b') };
  for (const side of sides) {
    await connections[side].query(`${table}; CREATE DATABASE moves`);
    for (const name of Object.keys(moved))
      await connections[side].query(`CREATE TABLE moves.${name} (${movesTable}); ${firstRows(`moves.${name}`)}`);
  }
  await stack.createChannel({ databases: ['shop', 'moves'], conflicts: { home: stack.regions.a, rules: [rule, ...movedRules] } });
  await stack.startChannel();
}, 240_000);

afterAll(leaveStack);
afterAll(() => {
  for (const side of sides) connections?.[side].destroy();
});

async function noteAt(side: Side): Promise<unknown> {
  const [rows] = await connections[side].query<RowDataPacket[]>('SELECT note FROM shop.orders WHERE id = 7');
  return rows[0]?.['note'];
}

it('a conflict is decided, shown on both sides, and decided anew', { timeout: 240_000 }, async () => {
  onTestFailed(async () => console.error(await stack.report()));
  const path = `/api/v1/channels/${stack.channel}/conflicts`;
  const list = (query: string): Promise<List> => stack.api.request('GET', `${path}?table=orders&${query}`);
  let final: Entry | undefined;
  for (let round = 1; !final; round += 1) {
    await Promise.all(
      sides.map((side) =>
        connections[side].query(
          `UPDATE shop.orders SET note = '${side}${round}', version = version + ${side === 'b' ? 2 : 1} WHERE id = 7`,
        ),
      ),
    );
    await stack.drain();
    final = (await list('final=true')).conflicts[0];
  }
  expect(await noteAt('a')).toBe(final.result['note']);
  expect(await noteAt('b')).toBe(final.result['note']);
  expect((await list('final=false')).conflicts).toHaveLength(1);
  expect(final).toMatchObject({ winner: 'incoming', final: true }); // the greater version
  const answer = await stack.api.request('POST', `${path}/${final.pipeline}/${final.id}/redecide`, { winner: 'existing', reason: 'asked' });
  expect(answer).toMatchObject({ written: true, row: { note: final.existing['note'] }, consequences: [] });
  await stack.drain();
  for (const side of sides) expect(await noteAt(side)).toBe(final.existing['note']);
});

it('rows that move to another key, or unique value, end alike whatever the other side does to it', { timeout: 240_000 }, async () => {
  onTestFailed(async () => console.error(await stack.report()));
  await stack.api.channelAction(stack.channel, 'pause');
  const paused = async (): Promise<boolean> =>
    (await stack.api.channelStatus(stack.channel)).pipelines.every(({ target }) => target.state === 'paused');
  await expect.poll(paused, { timeout: 60_000 }).toBe(true);
  for (const side of sides) {
    for (const name of Object.keys(moved)) for (const sql of writesOf(side, `moves.${name}`)) await connections[side].query(sql);
  }
  await stack.startChannel();
  await stack.drain();
  const found = await compareDatabases({ a: stack.connection('a'), b: stack.connection('b'), databases: ['moves'], most: 100 });
  const scenarioOf = (key: string): string | undefined => moveNames[Math.floor(Number(/\d+/.exec(key)?.[0]) / 10) - 1];
  expect(found.differences.map(({ table, key, kind }) => `${table} ${key} ${kind}: ${scenarioOf(key)}`)).toEqual([]);
  for (const [name, inserted] of [
    ['home', 'existing'],
    ['latest', 'incoming'],
    ['latest_win', 'incoming'],
    ['merge', 'existing'],
    ['merge_latest', 'incoming'],
  ] as const) {
    // Home moved row 1 to 8, and the other side inserted 8, with a greater version; then the other way round.
    expect([name, ...(await conflictsOf(name, 0))]).toEqual([name, `8 insert-exists ${inserted}`]);
    expect([name, ...(await conflictsOf(name, 1))]).toEqual([name, '1 key-update-refused existing', '8 insert-exists existing']);
  }
});

/** At home: what was decided about the numbers of a scenario. */
async function conflictsOf(name: string, scenario: number): Promise<readonly unknown[]> {
  const id = `CAST(JSON_EXTRACT(row_key, '$.id') AS SIGNED)`;
  const [rows] = await connections.a.query<RowDataPacket[]>(
    `SELECT ${id} - ? AS id, type, winner FROM lutra.conflict WHERE table_name = ? AND ${id} BETWEEN ? AND ? AND final ORDER BY lutra.conflict.id`,
    [numbered(scenario, 0), name, numbered(scenario, 0), numbered(scenario, 9)],
  );
  return rows.map(({ id, type, winner }) => `${String(id)} ${String(type)} ${String(winner)}`);
}
