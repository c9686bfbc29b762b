/** What both sides changed while no loader ran: each conflict stands in lutra.conflict where it was decided, and once on lutra.events. */
import type { RowDataPacket } from 'mysql2/promise';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, it, onTestFailed } from 'vitest';
import { BusAdmin, readRange } from '@lutra/bus';
import { type ConflictEvent, eventSchema, eventsTopic } from '@lutra/model';
import { type Side, sides, type Stack, withAdministrator } from '../harness/index.js';
import { keptStackBothWays, leaveStack } from './kept-stack.js';
import { until } from './one-way.js';

const rows = 20;
let stack: Stack;

beforeAll(async () => {
  stack = await keptStackBothWays();
  const ids = Array.from({ length: rows }, (_, n) => `(${n}, 'new')`);
  const create = `CREATE DATABASE shop; CREATE TABLE shop.orders (id BIGINT PRIMARY KEY, state VARCHAR(20)); INSERT INTO shop.orders VALUES ${ids.join()}`;
  for (const side of sides) await withAdministrator(stack.mysql[side], (connection) => connection.query(create));
  await stack.createChannel({ conflicts: { home: stack.regions.a, rules: [{ policy: 'home' }] } });
  await stack.startChannel();
}, 240_000);
afterAll(leaveStack);

async function query(side: Side, sql: string): Promise<readonly RowDataPacket[]> {
  return withAdministrator(stack.mysql[side], async (connection) => (await connection.query<RowDataPacket[]>(sql))[0]);
}

/** As lutra.conflict of a side has them, in words that an event can be put into too. */
async function logged(side: Side): Promise<readonly string[]> {
  const found = await query(side, 'SELECT *, CAST(row_key AS CHAR) k FROM lutra.conflict');
  return found.map((row) =>
    JSON.stringify([
      stack.regions[side],
      row['pipeline'],
      row['log_id'],
      Number(row['seq']),
      row['gtid'],
      row['k'],
      row['type'],
      row['policy'],
      row['winner'],
      row['final'] === 1,
      row['existing_row'],
      row['result_row'],
    ]),
  );
}

function inWords({ region, pipeline, transaction: { log, seq, gtid }, ...event }: ConflictEvent): string {
  const { conflict, policy, winner, final } = event;
  const [key, existing, result] = [event.key, event.existing, event.result].map((row) => JSON.stringify(row));
  return JSON.stringify([region, pipeline, log, seq, gtid, key, conflict, policy, winner, final, existing, result]);
}

async function events(): Promise<readonly ConflictEvent[]> {
  const bus = { brokers: [stack.kafka.bootstrap], clientId: 'test', logger: pino({ level: 'silent' }) };
  const admin = new BusAdmin(bus);
  const { start, end } = (await admin.exists(eventsTopic)) ? await admin.offsets(eventsTopic) : { start: 0, end: 0 };
  await admin.close();
  const found: ConflictEvent[] = [];
  const range = { ...bus, topic: eventsTopic, from: start, to: end, signal: new AbortController().signal };
  for await (const records of readRange(range)) {
    for (const { value } of records) {
      const event = eventSchema.parse(JSON.parse(String(value)));
      if (event.type === 'conflict' && event.pipeline.startsWith(`${stack.channel}.`)) found.push(event); // not other files'
    }
  }
  return found;
}

it('every conflict is told, by the loader that decided about it', { timeout: 200_000 }, async () => {
  onTestFailed(async () => console.error(await stack.report()));
  await Promise.all(sides.map((side) => stack.loader[side].stop()));
  for (const side of sides) await query(side, `UPDATE shop.orders SET state = 'of ${side}'`);
  await Promise.all(sides.map((side) => stack.loader[side].start()));
  await stack.drain();
  const [atHome, away] = await Promise.all(sides.map(logged));
  expect(atHome).toHaveLength(rows);
  expect(away).toHaveLength(rows);
  await until(async () => (await events()).length >= 2 * rows || undefined);
  const told = new Map((await events()).map((event) => [event.id, inWords(event)]));
  expect([...told.values()].sort()).toEqual([...(atHome ?? []), ...(away ?? [])].sort());
});
