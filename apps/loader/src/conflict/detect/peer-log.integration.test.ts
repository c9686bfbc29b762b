import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { kept, running } from '../../../../../test/servers/index.js';
import { PeerLog } from './peer-log.js';
import { PeerTopic, row, rowConflictKey, table, valueConflictKey } from './peer-topic.fixture.js';

const server = kept.kafka;
const patienceMs = 30_000;
const shortMs = 300;

beforeAll(async () => {
  await running(server);
});
describe('the index of recent changes of a log', () => {
  let topic: PeerTopic;
  let ended: AbortController;

  beforeEach(async () => {
    topic = await PeerTopic.create(server);
    ended = new AbortController();
  });
  afterEach(async () => {
    ended.abort();
    await topic.close();
  });

  let marks = 0;
  /** Read up to its end. */
  async function read(seen: { log: string; seq: number } | null): Promise<PeerLog> {
    const log = await PeerLog.open(topic.options(ended.signal), seen);
    await upToEnd(log);
    return log;
  }
  async function upToEnd(log: PeerLog): Promise<void> {
    const token = `t-${(marks += 1)}`;
    await topic.watermark(token);
    await log.watermark(token, patienceMs);
  }
  const changed = (log: PeerLog, ids: readonly number[], seen = -1): readonly number[] =>
    ids.filter((id) => log.recentChanges.changedAfter(rowConflictKey(id), seen) !== null);

  test('holds what was changed after what was seen, and grows', async () => {
    await topic.rows(row(1), row(2), row(3), row(4), row(5));
    const log = await read({ log: 'L', seq: 2 });
    expect(changed(log, [1, 2, 3, 4, 5], 2)).toEqual([4, 5]);
    expect([log.id, log.seenBy({ log: 'L', seq: 2 })]).toEqual(['L', 2]);
    await topic.change(row(4), null);
    await topic.change(row(6), row(7));
    await upToEnd(log);
    expect(changed(log, [1, 2, 3, 4, 5, 6, 7], 5)).toEqual([4, 6, 7]);
    expect(log.recentChanges.changedAfter(rowConflictKey(4), 5)).toBe(6);
  });

  test('where all was seen, there is nothing in it', async () => {
    await topic.rows(row(1), row(2));
    const log = await read({ log: 'L', seq: 1 });
    expect(changed(log, [1, 2], 1)).toEqual([]);
  });

  test('all of it counts for whom it is new, and for whom has seen another log', async () => {
    await topic.rows(row(1), row(2));
    for (const seen of [null, { log: 'other', seq: 1 }]) {
      const log = await read(seen);
      expect(changed(log, [1, 2])).toEqual([1, 2]);
      expect(log.seenBy(seen ?? undefined)).toBe(-1);
      log.close();
    }
  });

  test('unique values are in it, of both images; other tables and NULL are not', async () => {
    await topic.change(row(1, 10), row(1, 20));
    await topic.change(null, row(2, null));
    await topic.change(null, { id: 3, u: 30 }, { ...table, name: 'elsewhere' });
    const log = await read(null);
    const values = [10, 20, 30].filter((u) => log.recentChanges.changedAfter(valueConflictKey(u), -1) !== null);
    expect([values, changed(log, [1, 2, 3]), log.recentChanges.size]).toEqual([[10, 20], [1, 2], 4]);
  });

  test('a row that moved is told under both its keys to whoever fights for one of them', async () => {
    await topic.change(row(1), row(2));
    const options = topic.options(ended.signal);
    const log = await PeerLog.open({ ...options, withRows: true }, null);
    await upToEnd(log);
    for (const id of [1, 2])
      expect(log.recentChanges.concurrentChanges(rowConflictKey(id), -1).map(([key]) => Number(key))).toEqual([1, 2]);
  });

  test('what the target forwards of the source’s own is no change of somebody else', async () => {
    topic.origin = 'there';
    await topic.rows(row(1));
    topic.origin = 'elsewhere';
    await topic.rows(row(2));
    expect(changed(await read(null), [1, 2])).toEqual([2]);
  });

  test('what it forwards of a region that has an index of recent changes of its own is no change of it', async () => {
    topic.origin = 'elsewhere';
    await topic.rows(row(1));
    topic.origin = 'here';
    await topic.rows(row(2));
    const options = topic.options(ended.signal);
    const log = await PeerLog.open({ ...options, others: [...options.others, 'elsewhere'] }, null);
    await upToEnd(log);
    expect(changed(log, [1, 2])).toEqual([2]);
  });

  test('a resolution counts as a change, with its key and its unique values', async () => {
    await topic.resolution({ id: 1 }, row(1, 10));
    await topic.resolution({ id: 2 }, null);
    const log = await read(null);
    expect(changed(log, [1, 2, 3])).toEqual([1, 2]);
    expect(log.recentChanges.changedAfter(valueConflictKey(10), -1)).toBe(0);
  });

  test('tells which tables the log has left out since a position, also when it holds them again', async () => {
    await topic.rows(row(1));
    await topic.routes(table.name, 'elsewhere');
    await topic.routes();
    const log = await read({ log: 'L', seq: 0 });
    expect(log.leftOut.of(table, 0)).toMatchObject({ name: table.name, code: 'COLUMN_UNSUPPORTED' });
    expect([log.leftOut.of(table, 1), log.leftOut.of({ ...table, name: 'elsewhere' }, 0)]).toEqual([null, null]);
    expect((await read({ log: 'L', seq: 1 })).leftOut.of(table, 1)).toBeNull();
    log.discard(1);
    expect(log.leftOut.of(table, 0)).toBeNull();
  });

  test('discards what all have seen, and tells whom it cannot tell any more', async () => {
    await topic.rows(row(1), row(2), row(3));
    const log = await read(null);
    log.discard(1);
    expect(changed(log, [1, 2, 3])).toEqual([3]);
    expect([log.seenBy({ log: 'L', seq: 0 }), log.seenBy(undefined), log.seenBy({ log: 'L', seq: 1 })]).toEqual([null, null, 1]);
  });

  test('its beginning is lost: refused by name, unless what is wanted lies behind', async () => {
    await topic.rows(row(1), row(2), row(3), row(4));
    // Offset 0 is the epoch record's: offset 3 has seq 2.
    await topic.loseBefore(3);
    for (const seen of [null, { log: 'L', seq: 0 }, { log: 'other', seq: 3 }])
      await expect(PeerLog.open(topic.options(ended.signal), seen)).rejects.toMatchObject({
        code: 'CONFLICT_HISTORY_LOST',
        details: { topic: topic.topic },
      });
    for (const seq of [1, 2, 3]) expect(changed(await read({ log: 'L', seq }), [3, 4], seq)).toEqual([3, 4].slice(seq - 1));
  });

  test('rows of a replaced leader do no harm, wherever reading begins', async () => {
    await topic.rows(row(1), row(2));
    await topic.leadership();
    await topic.late(row(3));
    await topic.rows(row(3), row(4));
    for (const seq of [-1, 0, 1]) {
      const log = await read(seq < 0 ? null : { log: 'L', seq });
      expect(changed(log, [1, 2, 3, 4], Math.max(seq, 1))).toEqual([3, 4]);
      expect(log.recentChanges.changedAfter(rowConflictKey(3), -1)).toBe(2);
      log.close();
    }
  });

  test('a watermark of another pipeline, or of a replaced leader, says nothing', async () => {
    await topic.rows(row(1));
    await topic.leadership();
    const log = await PeerLog.open(topic.options(ended.signal), null);
    await topic.watermark('mine', 'c.other');
    await topic.lateWatermark('mine', 'c.p');
    await topic.rows(row(2));
    await log.reached(topic.seq - 1, patienceMs);
    await expect(log.watermark('mine', shortMs)).rejects.toMatchObject({ code: 'CAPTURE_BEHIND', details: { topic: topic.topic } });
    await topic.watermark('mine', 'c.p');
    await log.watermark('mine', patienceMs);
    expect(changed(log, [1, 2])).toEqual([1, 2]);
  });

  test('nothing comes: CAPTURE_BEHIND; so while there is no topic, and while it is empty', async () => {
    await topic.rows(row(1));
    const log = await read(null);
    await expect(log.reached(topic.seq, shortMs)).rejects.toMatchObject({ code: 'CAPTURE_BEHIND' });
    await expect(log.caughtUp(async () => 'never', shortMs)).rejects.toMatchObject({ code: 'CAPTURE_BEHIND' });
    const absent = { ...topic.options(ended.signal), topic: 'absent' };
    await expect(PeerLog.open(absent, null)).rejects.toMatchObject({ code: 'CAPTURE_BEHIND', details: { topic: 'absent' } });
    const led = await PeerTopic.create(server);
    await expect(PeerLog.open({ ...led.options(ended.signal), patienceMs: shortMs }, null)).rejects.toMatchObject({
      code: 'CAPTURE_BEHIND',
    });
    await led.close();
  });

  test('a watermark that stands in a hole of the log is written again, as long as anything comes', async () => {
    await topic.rows(row(1));
    const log = await read(null);
    const written: string[] = [];
    const write = async (): Promise<string> => {
      const token = `t${written.push('')}`;
      await topic.rows(row(2));
      if (written.length > 1) await topic.watermark(token, 'c.p');
      return token;
    };
    await log.caughtUp(write, shortMs);
    expect(written.length).toBeGreaterThan(1);
  });

  test('a log whose first record has come is not waited for, however long its schema takes', async () => {
    await topic.rows(row(1));
    const { schemas, ...options } = topic.options(ended.signal);
    const slow: typeof schemas = {
      register: (subject, schemaJson) => schemas.register(subject, schemaJson),
      byId: async (id) => {
        await sleep(2 * shortMs);
        return schemas.byId(id);
      },
    };
    const log = await PeerLog.open({ ...options, schemas: slow, patienceMs: shortMs }, null);
    expect(log.id).toBe('L');
  });

  test('a log that cannot be trusted ends the reading, and whoever waits is told why', async () => {
    await topic.rows(row(1));
    const log = await read(null);
    const told = log.watermark('never', patienceMs).catch((error: unknown) => error);
    topic.seq += 1;
    await topic.rows(row(2));
    expect(await told).toMatchObject({ code: 'LOG_GAP' });
    await expect(log.reached(0, patienceMs)).rejects.toMatchObject({ code: 'LOG_GAP' });
  });

  test('whoever waits while the run ends is told so', async () => {
    await topic.rows(row(1));
    const log = await read(null);
    const waiting = log.watermark('never', patienceMs);
    ended.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'ABORTED' });
  });
});
