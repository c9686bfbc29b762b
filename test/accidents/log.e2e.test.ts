/**
 * What can happen to the log: its tail lost, the topic deleted, emptied, passed by retention, changed, or written to by strangers. Each is
 * recognised by log id and seq and told by name; no row is skipped, none is applied twice.
 */
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import type { Stack } from '../harness/index.js';
import {
  applyBeyondBackup,
  batchStarts,
  backupOf,
  backupThat,
  cutTail,
  offsets,
  removeRecords,
  setTopic,
  withAdmin,
  writeHeartbeat,
  writeNonsense,
} from './log-accidents.js';
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
  await way.write(1);
  await way.arrives();
  return way;
}

async function restartCapture(during: () => Promise<unknown>): Promise<void> {
  await stack.capture.a.kill();
  try {
    await during();
  } finally {
    await stack.capture.a.restart();
  }
}

describe('the tail of the log', () => {
  it('lost by the broker beyond what ZooKeeper knows stops capture; lost within it is published again and stops the loader', async () => {
    const known = await openWay();
    const unknown = await openWay();
    // The second heartbeat that ZooKeeper knows of lies behind all that was written here.
    const early = (await backupOf(stack, known))?.offset ?? 0;
    await backupThat(stack, known, (backup) => backup.offset > early);
    const lost = await applyBeyondBackup(stack, unknown);
    await stack.kafka.kill();
    try {
      await cutTail(stack.kafka, known.topic, (await batchStarts(stack.kafka, known.topic))[2] ?? 0);
      await cutTail(stack.kafka, unknown.topic, lost);
    } finally {
      await Promise.all([stack.kafka.restart(), stack.capture.a.restart()]);
    }
    await known.fails('capture', 'LOG_TRUNCATED');
    await known.write(100);
    await unknown.fails('loader', 'LOG_TRUNCATED');
    await unknown.write(100);
    expect(await known.targetIds()).toEqual([1]);
    // What was lost was applied once, and no more.
    const before = (await unknown.atSource('SELECT id FROM t WHERE id < 100 ORDER BY id')).map((row) => Number(row['id']));
    expect(await unknown.targetIds()).toEqual(before);
    await Promise.all([known.close(), unknown.close()]);
  });
});

describe('the topic', () => {
  it('deleted while it is in use is named by both ends', async () => {
    const way = await openWay();
    await withAdmin(stack, (admin) => admin.deleteTopics({ topics: [way.topic] }));
    await way.write(2);
    await way.fails('capture', 'LOG_RECREATED');
    await way.fails('loader', 'LOG_FOREIGN', 'LOG_TRUNCATED');
    expect(await way.targetIds()).toEqual([1]);
    await way.close();
  });

  it('emptied while capture was down is not a new one', async () => {
    const way = await openWay();
    await restartCapture(async () => {
      await way.write(2);
      await removeRecords(stack, way.topic);
    });
    await way.fails('capture', 'LOG_EMPTIED');
    expect(await way.targetIds()).toEqual([1]);
    await way.close();
  });

  it('shortened by retention is gone on with while nobody misses what was removed', async () => {
    const way = await openWay();
    await removeRecords(stack, way.topic);
    const { start } = await offsets(stack, way.topic);
    await way.write(2);
    await way.arrives();
    // Retention leaves minutes at least: among them a heartbeat.
    await backupThat(stack, way, (backup) => backup.offset >= start);
    await restartCapture(() => way.write(3));
    await way.arrives();
    await way.close();
  });

  it('passed by retention before the loader was there stops the loader', async () => {
    const way = await openWay();
    await way.act('pause');
    await until(async () => (await way.end('loader')).state === 'paused' || undefined);
    const { end } = await offsets(stack, way.topic);
    await way.write(2, 3);
    const published = await until(async () => ((await way.end('capture')).worker?.rows ?? 0) >= 3 || undefined);
    expect(published).toBe(true);
    await removeRecords(stack, way.topic, end + 2);
    await way.start();
    await way.fails('loader', 'LOG_START_LOST');
    expect(await way.targetIds()).toEqual([1]);
    await way.close();
  });

  it('with another number of partitions stops capture at its next start', async () => {
    const way = await openWay();
    await withAdmin(stack, (admin) => admin.createPartitions({ topics: [{ name: way.topic, count: 2, assignments: null }] }));
    await way.act('retry');
    await way.fails('capture', 'TOPIC_CONFIG');
    await way.write(2);
    expect(await way.targetIds()).toEqual([1]);
    await way.close();
  });

  it('with a cleanup that would remove rows stops capture until it is set back', async () => {
    const way = await openWay();
    await setTopic(stack, way.topic, { 'cleanup.policy': 'compact' });
    await way.act('retry');
    await way.fails('capture', 'TOPIC_CONFIG');
    await way.write(2);
    await setTopic(stack, way.topic, { 'cleanup.policy': 'delete' });
    await way.act('retry');
    await way.arrives();
    await way.close();
  });

  it('too narrow for a row stops capture until it is widened', async () => {
    const topic = { maxMessageBytes: 100_000 };
    const way = await openWay({ source: { topic } });
    await way.atSource('CREATE TABLE pictures (id INT PRIMARY KEY, picture LONGBLOB)');
    await way.atTarget('CREATE TABLE pictures (id INT PRIMARY KEY, picture LONGBLOB)');
    const noise = crypto.getRandomValues(Buffer.alloc(60_000)).toString('hex');
    const more = Array.from({ length: 3 }, () => crypto.getRandomValues(Buffer.alloc(60_000)).toString('hex')).join('');
    await way.atSource(`INSERT INTO pictures VALUES (1, x'${noise}'), (2, x'${more}')`);
    await way.write(2);
    await way.fails('capture', 'RECORD_TOO_LARGE');
    expect((await way.end('capture')).worker?.lastError?.details).toMatchObject({
      database: way.database,
      table: 'pictures',
      key: 'id=2',
      setting: 'topic.maxMessageBytes',
      limit: '100000',
      gtid: expect.any(String),
    });
    expect(await way.atTarget('SELECT id FROM pictures')).toEqual([]);
    await setTopic(stack, way.topic, { 'max.message.bytes': '1000000' });
    await way.change(`endpoints/${way.endpoints.source}`, { topic: { maxMessageBytes: 1_000_000 } });
    await way.arrives('pictures');
    await way.arrives();
    await way.close();
  });
});

describe('a stranger that writes to the topic', () => {
  /** As the help says: the target is made equal, and a new log begins where both are. */
  async function newLog(way: OneWay): Promise<void> {
    await way.act('stop');
    const ended = async (): Promise<boolean> => (await way.end('capture')).worker === null && (await way.end('loader')).worker === null;
    expect(await until(async () => (await ended()) || undefined)).toBe(true);
    await way.atTarget("INSERT INTO t VALUES (2, 'row 2')");
    const begin = { reason: 'a test', accept: true };
    await stack.api.request('POST', `/api/v1/endpoints/${way.endpoints.source}/reset`, { start: { from: 'now' }, ...begin });
    await stack.api.request('POST', `/api/v1/channels/${way.name}/pipelines/rows/restart`, { at: 'start', ...begin });
    await way.start();
    await way.runs();
    await way.write(3);
    await way.arrives();
  }

  it('bytes that are no record: both ends stop', async () => {
    const way = await openWay();
    await writeNonsense(stack, way.topic);
    await way.write(2);
    await way.fails('loader', 'RECORD_INVALID');
    await way.fails('capture', 'RECORD_INVALID');
    expect(await way.targetIds()).toEqual([1]);
    await way.close();
  });

  it('a record of another log, as a mirror would bring: both ends stop', async () => {
    const way = await openWay();
    const { epoch, seq } = (await way.end('capture')).worker ?? {};
    await writeHeartbeat(stack, way, { epoch: epoch ?? 0, seq: (seq ?? 0) + 1 });
    await way.write(2);
    await way.fails('loader', 'LOG_FOREIGN');
    await way.fails('capture', 'LOG_FOREIGN');
    expect(await way.targetIds()).toEqual([1]);
    await newLog(way);
    await way.close();
  });

  it('a record of this log that leaves a hole: both ends stop', async () => {
    const way = await openWay();
    const { log, epoch, seq } = (await way.end('capture')).worker ?? {};
    await writeHeartbeat(stack, way, { log: log ?? '', epoch: epoch ?? 0, seq: (seq ?? 0) + 1000 });
    await way.write(2);
    await way.fails('loader', 'LOG_GAP');
    await way.fails('capture', 'LOG_GAP');
    expect(await way.targetIds()).toEqual([1]);
    await newLog(way);
    await way.close();
  });

  it('a record of an older leadership is passed over', async () => {
    const way = await openWay();
    const { log, epoch, seq } = (await way.end('capture')).worker ?? {};
    await way.act('retry');
    const next = await until(async () => ((await way.end('capture')).worker?.epoch ?? 0) > (epoch ?? 0) || undefined);
    expect(next).toBe(true);
    await writeHeartbeat(stack, way, { log: log ?? '', epoch: epoch ?? 0, seq: (seq ?? 0) + 1 });
    await way.write(2);
    await way.arrives();
    await way.close();
  });
});
