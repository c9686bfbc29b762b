/** People read Lutra's topics with consumers of their own. The examples of docs/05-consumers.md, run as their users run them. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createStatement, resolutionStatement, watermarkStatement } from '@lutra/marker';
import { newPipelineUid } from '@lutra/model';
import { quoteText } from '@lutra/mysql';
import { keptStackBothWays, leaveStack } from '../accidents/kept-stack.js';
import { until } from '../accidents/one-way.js';
import { sides, type Stack, withAdministrator } from '../harness/index.js';
import { type ConsumerCommand, ConsumerProcess, type Line } from './consumer-process.js';
import { craftTopic } from './crafted-topic.js';
import { createTable, orchard, rowEvents, statements } from './known-table.js';
import { pythonWithPackages } from './python-packages.js';

/** Of a loader that is none of the channel's. */
const uid = newPipelineUid();

let stack: Stack;
beforeAll(async () => {
  stack = await keptStackBothWays();
  for (const side of sides) {
    await withAdministrator(stack.mysql[side], async (connection) => {
      await connection.query(`CREATE DATABASE ${orchard}`);
      await connection.query(createTable);
    });
  }
  await stack.createChannel({ databases: [orchard], from: ['a'] });
  await stack.startChannel();
  await withAdministrator(stack.mysql.a, async (connection) => {
    // As a loader that writes there would: a watermark by itself, and a resolution in a transaction that begins with its checkpoint.
    await connection.query(watermarkStatement(uid, 'a-token'));
    const resolution = { pipeline: uid, channel: 'back', database: orchard, table: 'trees', key: { id: 9007199254740993n }, row: null };
    const checkpoint = createStatement({ pipeline: uid, part: 0, lane: 0, epoch: 1 });
    await connection.query(['BEGIN', checkpoint, resolutionStatement(resolution, 0, quoteText), 'COMMIT'].join('; '));
    for (const statement of statements) await connection.query(statement);
  });
}, 240_000);
afterAll(leaveStack);

async function start(command: ConsumerCommand): Promise<ConsumerProcess> {
  const consumer = await ConsumerProcess.start(stack, command);
  onTestFinished(() => consumer.stop());
  return consumer;
}

/** Reads until the known rows came; they are right, whole transactions in order, and the control records are told apart from them. */
async function readsTheTable(consumer: ConsumerProcess): Promise<void> {
  const ofTable = (lines: readonly Line[]) => lines.filter(({ kind, table }) => kind === 'row' && table === `${orchard}.trees`);
  const lines = await consumer.printed((all) => (ofTable(all).length >= rowEvents.length ? all : undefined));
  expect(ofTable(lines)).toEqual(rowEvents.map((event) => expect.objectContaining(event)));
  expect(new Set(ofTable(lines).map(({ transaction }) => transaction)).size).toBe(3);
  expect(lines.slice(0, 3).map(({ kind }) => kind)).toEqual(['epoch', 'heartbeat', 'routes']);
  expect(lines.filter(({ kind }) => kind === 'watermark' || kind === 'resolution')).toMatchObject([
    { kind: 'watermark', pipeline: uid, token: 'a-token' },
    { kind: 'resolution', table: 'trees', key: '{"id":["i","9007199254740993"]}', row: null, seen: {} },
  ]);
  expect(lines[2]).toMatchObject({ endpoint: stack.endpoints.a, tables: expect.arrayContaining([`${orchard}.*`]) });
}

describe('an example', () => {
  it('in NestJS with kafkajs reads row events with their values, and tells control records apart', async () => {
    await readsTheTable(await start({ script: 'nest/main.ts' }));
  });

  it("in Python with Confluent's client and deserializer reads the same from control's schema registry", async () => {
    const python = await pythonWithPackages();
    await readsTheTable(await start({ script: 'python/rows.py', program: () => [python], environment: { GROUP: 'lutra-python' } }));
  });
});

describe('the exactly-once example', () => {
  it('has each valid row once, whatever stands in the topic and however often it is killed; another log stops it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lutra-ledger-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const ledger = join(folder, 'ledger.db');
    const crafted = await craftTopic(stack, { topic: 'lutra.crafted.rows', seed: 20, steps: 1000 });
    expect(crafted.invalid).toBeGreaterThan(50);
    const consumer = await start({ script: 'exactly-once/main.ts', topic: crafted.topic, environment: { LEDGER: ledger } });
    const killedAt: number[] = [];
    for (const share of [0.1, 0.6]) {
      await holds(ledger, share * crafted.valid.length, consumer);
      await consumer.kill();
      killedAt.push(idsIn(ledger).length);
      await consumer.restart();
    }
    // On a busy machine it may have all of it before the second kill comes.
    expect(killedAt[0]).toBeLessThan(crafted.valid.length);
    await holds(ledger, crafted.valid.length, consumer);
    expect(idsIn(ledger)).toEqual(crafted.valid);
    await consumer.kill();

    // The position is one of the crafted log.
    const stranger = await start({ script: 'exactly-once/main.ts', environment: { LEDGER: ledger } });
    await until(() => Promise.resolve(stranger.ended));
    expect(await stranger.output()).toMatch(/another log|OFFSET_OUT_OF_RANGE/);
    expect(idsIn(ledger)).toEqual(crafted.valid);
  });

  it('stops at a record of a kind that it does not know, unless it may be passed by', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lutra-ledger-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const ledger = join(folder, 'ledger.db');
    const crafted = await craftTopic(stack, { topic: 'lutra.later.rows', seed: 21, steps: 60, ends: true });
    const consumer = await start({ script: 'exactly-once/main.ts', topic: crafted.topic, environment: { LEDGER: ledger } });
    await until(() => Promise.resolve(consumer.ended));
    expect(await consumer.output()).toContain('a record of kind of-a-later-level, which this program does not know');
    expect(idsIn(ledger)).toEqual(crafted.valid);
  });

  async function holds(ledger: string, count: number, consumer: ConsumerProcess): Promise<void> {
    const enough = await until(() => Promise.resolve(consumer.ended !== undefined || idsIn(ledger).length >= count || undefined));
    if (!enough || consumer.ended !== undefined)
      throw new Error(`${idsIn(ledger).length} rows, wanted ${count}:\n${await consumer.output()}`);
  }
});

function idsIn(ledger: string): readonly string[] {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(ledger, { readOnly: true, timeout: 5000 });
    return database
      .prepare(`SELECT change ->> '$.after.id' AS id FROM changes ORDER BY number`)
      .all()
      .map(({ id }) => String(id));
  } catch {
    return []; // it did not make its tables yet
  } finally {
    database?.close();
  }
}
