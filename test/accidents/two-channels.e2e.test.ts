/**
 * Two channels between the same two regions: what one of them has brought says nothing about the other. Home changes a row and changes it
 * back while its channel is paused; then the other channel brings something later of home's to the neighbour, who changes the row. He had
 * not seen home's changes, though the row is as he thinks it is.
 */
import type { RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, expect, it, onTestFailed } from 'vitest';
import { grantDatabase } from '../scenarios/endpoint-setup.js';
import { otherSide, type Side, sides, type Stack, startStack, withAdministrator } from '../scenarios/index.js';
import { until } from './one-way.js';

let stack: Stack;

beforeAll(async () => {
  stack = await startStack({ mysql: '9.7' });
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
  for (const side of sides) await grantDatabase(stack.mysql[side], 'crm');
  await stack.api.channelAction('crm', 'start');
  await stack.startChannel();
}, 240_000);
afterAll(() => stack?.stop());

async function query(side: Side, sql: string): Promise<readonly RowDataPacket[]> {
  return withAdministrator(stack.mysql[side], async (connection) => (await connection.query<RowDataPacket[]>(sql))[0]);
}

it('a channel that is ahead does not speak for one that is paused', { timeout: 200_000 }, async () => {
  onTestFailed(async () => console.error(await stack.report(), await stack.saveLogs()));
  await query('a', 'INSERT INTO crm.notes VALUES (1)');
  await until(async () => (await query('b', 'SELECT * FROM crm.notes')).length === 1 || undefined);
  await stack.drain();
  await stack.api.channelAction('shop', 'pause');
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
