/** Both sides change one row at a time: decided, shown by the REST API, decided anew by a person, and equal on both sides each time. */
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, expect, it, onTestFailed } from 'vitest';
import { sides, startStack } from '../scenarios/index.js';
import type { Side, Stack } from '../scenarios/index.js';

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
let stack: Stack;
let connections: Readonly<Record<Side, Connection>>;

beforeAll(async () => {
  stack = await startStack();
  const open = (side: Side): Promise<Connection> => createConnection({ ...stack.connection(side), multipleStatements: true });
  connections = { a: await open('a'), b: await open('b') };
  for (const side of sides) await connections[side].query(table);
  await stack.createChannel({ databases: ['shop'], conflicts: { home: stack.regions.a, rules: [rule] } });
  await stack.startChannel();
}, 240_000);

afterAll(async () => {
  for (const side of sides) connections?.[side].destroy();
  await stack?.stop();
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
