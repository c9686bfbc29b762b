/**
 * The recovery actions for an endpoint where no retry helps. Restart: the same log goes on elsewhere in the source, behind what cannot be
 * read or what is gone. Reset: a new log. What was brought in line by hand is not published, everything before and after it arrives once.
 */
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { ApiError, type Stack } from '../harness/index.js';
import { keptStack, leaveStack } from './kept-stack.js';
import { backupOf, backupThat, makeTopic, offsets, restoreBackup, withAdmin, writeNonsense } from './log-accidents.js';
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
  if (options?.start === false) return way;
  await way.write(1);
  await way.arrives();
  return way;
}

interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly details: { readonly problems?: readonly { readonly id: string; readonly what: string; readonly fix: string | null }[] };
}

/** What the API answers instead of doing it. */
async function refused(way: OneWay, action: 'restart' | 'reset', body: object): Promise<{ status: number } & Refusal> {
  const error = await ask(way, action, body).catch((thrown: unknown) => thrown);
  if (!(error instanceof ApiError)) throw new Error(`${action} ${JSON.stringify(body)} was not refused: ${JSON.stringify(error)}`);
  return { status: error.status, ...(error.body as Refusal) };
}

function ask(way: OneWay, action: 'restart' | 'reset', body: object): Promise<unknown> {
  return stack.api.request('POST', `/api/v1/endpoints/${way.endpoints.source}/${action}`, { reason: 'a test', ...body });
}

function waits(way: OneWay): Promise<{ readonly order: object | null }> {
  return stack.api.request('GET', `/api/v1/endpoints/${way.endpoints.source}/restart`);
}

async function executed(way: OneWay): Promise<string> {
  const [row] = await way.atSource('SELECT @@GLOBAL.gtid_executed AS s');
  return String(row?.['s']).replaceAll(/\s/g, '');
}

/** Capture and loader end; the checkpoint and the topic stay. */
async function stopped(way: OneWay): Promise<void> {
  await way.act('stop');
  const ended = async (): Promise<boolean> => (await way.end('capture')).worker === null && (await way.end('loader')).worker === null;
  expect(await until(async () => (await ended()) || undefined)).toBe(true);
}

/** The loader begins anew: under a new name, from the start of the topic. */
async function newPipeline(way: OneWay, name: string): Promise<void> {
  await way.change(`channels/${way.name}`, { pipelines: [{ name, ...way.endpoints, routes: [{ schema: way.database }] }] });
}

describe('a restart', () => {
  it('goes behind a transaction that cannot be read; the rows around it arrive once', async () => {
    const way = await openWay();
    await way.atSource(
      "INSERT INTO t VALUES (2, 'x'); SET SESSION binlog_format = 'STATEMENT'; INSERT INTO t VALUES (3, 'y'); UPDATE t SET v = 'x' WHERE id = 3",
    );
    await way.write(4);
    await way.fails('capture', 'BINLOG_UNSUPPORTED');
    const first = String((await way.end('capture')).worker?.lastError?.details['gtid']);
    expect(first).toMatch(/:\d+$/);
    const second = first.replace(/\d+$/, (n) => String(Number(n) + 1));
    const after = { start: { from: 'after', gtid: `${first},${second}` } };

    const told = await refused(way, 'restart', after);
    expect(told).toMatchObject({ status: 409, code: 'CONFIG_CONFLICT' });
    expect(told.message).toMatch(new RegExp(`${way.pipeline}.*2 transactions: ${first}-${second.split(':')[1]}`));
    for (const start of [
      { from: 'after', gtid: first.replace(/\d+$/, '1') }, // in the log already
      { from: 'after', gtid: first.replace(/\d+$/, '99999') }, // not there yet
      { from: 'gtid', gtidSet: '' }, // back
      { from: 'gtid', gtidSet: 'nonsense' },
      { from: 'position', file: 'binlog.000001', pos: 4 },
      { from: 'elsewhere' },
    ])
      expect(await refused(way, 'restart', { start, accept: true }), JSON.stringify(start)).toMatchObject({
        status: 400,
        code: 'CONFIG_INVALID',
      });
    expect((await waits(way)).order).toBeNull();
    expect(await way.targetIds()).toEqual([1, 2]);

    await way.atTarget("INSERT INTO t VALUES (3, 'x')");
    await ask(way, 'restart', { ...after, accept: true });
    await way.arrives();
    expect(await way.targetIds()).toEqual([1, 2, 3, 4]);
    expect((await waits(way)).order).toBeNull();
    // The log, read from its start by a loader of a new name into an emptied table, has each of the others once.
    await stopped(way);
    await way.atTarget('DELETE FROM t');
    await newPipeline(way, 'again');
    const order = { at: 'start', reason: 'the table is empty', accept: true };
    await stack.api.request('POST', `/api/v1/channels/${way.name}/pipelines/again/restart`, order);
    await way.start();
    expect(await until(async () => (await way.targetIds()).length === 3 || undefined)).toBe(true);
    await way.write(5);
    expect(await until(async () => (await way.targetIds()).includes(5) || undefined)).toBe(true);
    expect(await way.targetIds()).toEqual([1, 2, 4, 5]);
    await way.close();
  });

  it('goes on now, in the same log, where the source has purged what comes next; one that cannot be is replaced by another', async () => {
    const way = await openWay();
    const { log } = (await way.end('capture')).worker ?? {};
    await stopped(way);
    await way.write(2);
    const missing = await executed(way);
    await way.atSource('FLUSH BINARY LOGS');
    await way.write(3);
    await way.atSource('FLUSH BINARY LOGS');
    const last = (await way.atSource('SHOW BINARY LOGS')).at(-1);
    // Ordered in time, and too late when capture starts.
    await ask(way, 'restart', { start: { from: 'gtid', gtidSet: missing }, accept: true });
    expect((await waits(way)).order).toMatchObject({ start: { gtidSet: missing }, reason: 'a test' });
    await way.atSource(`PURGE BINARY LOGS TO '${String(last?.['Log_name'])}'`);
    await way.start();
    await way.fails('capture', 'SOURCE_PURGED');
    expect(await refused(way, 'restart', { start: { from: 'gtid', gtidSet: missing }, accept: true })).toMatchObject({
      status: 400,
      message: expect.stringContaining('purged'),
    });
    await way.write(4);
    await way.atTarget("INSERT INTO t VALUES (2, 'row 2'), (3, 'row 3'), (4, 'row 4')");
    await ask(way, 'restart', { start: { from: 'now' }, accept: true });
    await way.runs();
    await way.write(5);
    await way.arrives();
    expect((await way.end('capture')).worker?.log).toBe(log);
    await way.close();
  });

  it('goes on in another history, also after a crash before the next position backup', async () => {
    const way = await openWay();
    await backupThat(stack, way, (backup) => Boolean(backup.server));
    const before = await backupOf(stack, way);
    await stopped(way);
    await way.atSource('RESET BINARY LOGS AND GTIDS');
    await way.write(2);
    await way.start();
    await way.fails('capture', 'SOURCE_BEHIND');
    await way.atTarget("INSERT INTO t VALUES (2, 'row 2')");
    await ask(way, 'restart', { start: { from: 'now' }, accept: true });
    expect(await until(async () => ((await waits(way)).order === null ? true : undefined))).toBe(true);
    await stack.capture.a.kill();
    if (before) await restoreBackup(stack, way, before);
    await stack.capture.a.restart();
    await way.write(3);
    await way.arrives();
    await way.close();
  });

  it('is not needed for a topic that is new: the start of the endpoint is corrected', async () => {
    const way = await openWay({ start: false, source: { start: { from: 'position', file: 'binlog.009999', pos: 4 } } });
    await way.start();
    await way.fails('capture', 'SOURCE_BEHIND');
    await way.change(`endpoints/${way.endpoints.source}`, { start: { from: 'now' } });
    await way.runs();
    await way.write(1);
    await way.arrives();
    await way.close();
  });
});

describe('a reset', () => {
  it('makes a new log where a stranger has written into the old one', async () => {
    const way = await openWay();
    const { log } = (await way.end('capture')).worker ?? {};
    await writeNonsense(stack, way.topic);
    await way.write(2);
    await way.fails('loader', 'RECORD_INVALID');
    await way.fails('capture', 'RECORD_INVALID');
    const start = { from: 'gtid', gtidSet: await executed(way) };
    expect(await refused(way, 'reset', { start, accept: true })).toMatchObject({
      status: 409,
      message: expect.stringContaining('stop it'),
    });
    await stopped(way);
    await way.write(3);
    const told = await refused(way, 'reset', { start });
    expect(told.details.problems?.map(({ id }) => id)).toEqual(['log-deleted', 'readers-begin-anew', 'begins-elsewhere']);
    expect(told.details.problems?.[1]?.fix).toContain(`/channels/${way.name}/pipelines/rows/restart`);
    expect((await offsets(stack, way.topic)).end).toBeGreaterThan(0);

    // As if control had died amid it: the topic is gone, what ZooKeeper knows of it is there. Capture does not take it for a new one.
    await withAdmin(stack, (admin) => admin.deleteTopics({ topics: [way.topic] }));
    await way.start();
    await way.fails('capture', 'LOG_RECREATED');
    await stopped(way);
    await ask(way, 'reset', { start, accept: true });
    await ask(way, 'reset', { start, accept: true });
    expect(await backupOf(stack, way)).toBeUndefined();

    await way.atTarget("INSERT INTO t VALUES (2, 'row 2')");
    await stack.api.request('POST', `/api/v1/channels/${way.name}/pipelines/rows/restart`, {
      at: 'start',
      reason: 'a new log',
      accept: true,
    });
    await way.start();
    await way.arrives();
    await way.write(4);
    await way.arrives();
    expect(await way.targetIds()).toEqual([1, 2, 3, 4]);
    expect((await way.end('capture')).worker?.log).not.toBe(log);
    await way.close();
  });

  it('is not disturbed by a capture that slept meanwhile and wakes with rows to publish', async () => {
    const way = await openWay();
    const start = { from: 'gtid', gtidSet: await executed(way) };
    stack.capture.a.freeze();
    try {
      await way.write(2);
      await way.act('stop');
      expect(await refused(way, 'reset', { start, accept: true })).toMatchObject({
        status: 409,
        message: expect.stringContaining('capture'),
      });
      await stopped(way);
      await ask(way, 'reset', { start, accept: true });
      // The topic of the new log is there when the old leader wakes.
      await makeTopic(stack, way.topic);
    } finally {
      stack.capture.a.resume();
    }
    await newPipeline(way, 'again');
    // The one that slept holds its server id until it has seen that it is not wanted.
    const started = await until(() =>
      way.start().then(
        () => true,
        (error: unknown) => {
          if (!/server id/.test(String(error))) throw error;
        },
      ),
    );
    expect(started).toBe(true);
    await way.arrives();
    await way.close();
  });
});
