/**
 * What must not pass in silence: a source that goes on talking and sends nothing, and what was not replicated because somebody wanted it
 * so. MySQL 9.7 (side a) and 8.0 (side b).
 */
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { BusAdmin, readRange } from '@lutra/bus';
import { eventSchema, eventsTopic } from '@lutra/model';
import type { DdlEvent } from '@lutra/model';
import { createLogger } from '@lutra/telemetry';
import { ApiError } from '../harness/index.js';
import type { Stack } from '../harness/index.js';
import { keptStack, leaveStack } from './kept-stack.js';
import { openOneWay, until } from './one-way.js';
import type { OneWay, OneWayOptions } from './one-way.js';

interface Omissions {
  readonly count: number;
  readonly summary: string | null;
  readonly items: readonly { readonly what: string; readonly tables: readonly string[]; readonly of: string }[];
  readonly confirmed: { readonly by: string; readonly reason: string } | null;
}

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

const omissionsOf = async (way: OneWay): Promise<Omissions> =>
  (await stack.api.request<{ omissions: Omissions }>('GET', `/api/v1/channels/${way.name}/status`)).omissions;

async function confirm(way: OneWay, count: number): Promise<Omissions | ApiError> {
  const body = { count, by: 'a test', reason: 'truncated there too' };
  const asked = stack.api.request<Omissions>('POST', `/api/v1/channels/${way.name}/omissions/confirm`, body);
  return asked.catch((error: unknown) => {
    if (error instanceof ApiError) return error;
    throw error;
  });
}

async function events(of: string): Promise<readonly DdlEvent[]> {
  const bus = { brokers: [stack.kafka.bootstrap], clientId: 'test', logger: createLogger('test', 'silent') };
  const admin = new BusAdmin(bus);
  const { start, end } = (await admin.exists(eventsTopic)) ? await admin.offsets(eventsTopic) : { start: 0, end: 0 };
  await admin.close();
  const found: DdlEvent[] = [];
  const range = { ...bus, topic: eventsTopic, from: start, to: end, signal: new AbortController().signal };
  for await (const records of readRange(range))
    for (const { value } of records) {
      const event = eventSchema.parse(JSON.parse(String(value)));
      if (event.type === 'ddl' && event.pipeline === of) found.push(event);
    }
  return found;
}

describe.each(['a', 'b'] as const)('a source (side %s) whose binlog is reset in the file that is read', (from) => {
  it('and which then writes nothing, stops capture by name; the lag grows; the advice of the error leads on', async () => {
    const reset = from === 'a' ? 'RESET BINARY LOGS AND GTIDS' : 'RESET MASTER';
    const way = await openOneWay(stack, { from, start: false });
    // Nothing of the old history is published: reading begins in the first file.
    await way.atSource(reset);
    await way.start();
    await way.runs();
    await way.write(1);
    await way.arrives();
    await way.atSource(reset);
    await way.fails('capture', 'SOURCE_BEHIND');
    await way.write(2);
    expect(await until(async () => ((await way.status()).lagMs ?? 0) > 8_000 || undefined)).toBe(true);
    expect((await way.end('capture')).worker?.sourceEnd).toMatchObject({ file: 'binlog.000001' });
    expect(await way.targetIds()).toEqual([1]);
    await way.atTarget("INSERT INTO t VALUES (2, 'row 2')");
    const order = { start: { from: 'now' }, reason: 'the source was reset', accept: true };
    await stack.api.request('POST', `/api/v1/endpoints/${way.endpoints.source}/restart`, order);
    await way.runs();
    await way.write(3);
    await way.arrives();
    expect(await until(async () => ((await way.status()).lagMs ?? 9e9) < 5_000 || undefined)).toBe(true);
    await way.close();
  });
});

describe('a schema change that a pipeline ignores', () => {
  it('is in the status until an operator confirms it, over kill -9 of the loader; counted, and told as an event', async () => {
    const way = await openWay({ ddl: { default: 'ignore' } });
    expect(await omissionsOf(way)).toEqual({ count: 0, summary: null, items: [], confirmed: null });
    await way.atSource(`TRUNCATE t; CREATE VIEW other AS SELECT * FROM t`);
    const shows = async (count: number): Promise<Omissions> => {
      expect(await until(async () => (await omissionsOf(way)).count === count || undefined), `${count} omissions`).toBe(true);
      return omissionsOf(way);
    };
    const { items, summary } = await shows(1);
    expect(items).toMatchObject([{ what: 'TRUNCATE TABLE', tables: [`${way.database}.t`], of: `pipeline ${way.pipeline}` }]);
    expect(summary).toMatch(/^1 schema change ignored; last: TRUNCATE TABLE on .*\.t at seq \d+ \(pipeline /);
    // 0 rows here, one there, and everything runs: that is what the status is for.
    expect([await way.targetIds(), (await way.status()).state]).toEqual([[1], 'running']);

    const told = async (): Promise<readonly string[]> => (await events(way.pipeline)).map(({ statement }) => statement);
    // What waits to be told when a process is killed is lost; the record is in the status.
    expect(await until(async () => (await told()).length === 1 || undefined)).toBe(true);
    await stack.loader.b.kill();
    await way.atSource("ALTER TABLE t ADD COLUMN secret VARCHAR(20) DEFAULT 'hunter2'; TRUNCATE TABLE t");
    await stack.loader.b.restart();
    await shows(3);
    await stack.loader.b.kill();
    await stack.loader.b.restart();
    await way.runs();
    expect((await omissionsOf(way)).count).toBe(3);

    const refused = await confirm(way, 2);
    expect(refused).toMatchObject({ status: 409, body: { code: 'CONFIG_CONFLICT' } });
    expect(JSON.stringify(refused)).toContain('"count\\": 3');
    await way.atTarget("ALTER TABLE t ADD COLUMN secret VARCHAR(20) DEFAULT 'hunter2'; TRUNCATE TABLE t");
    expect(await confirm(way, 3)).toMatchObject({ count: 0, items: [], confirmed: { by: 'a test', reason: 'truncated there too' } });
    const since = Date.now();
    await way.atSource('TRUNCATE TABLE t');
    await shows(1);

    expect(await until(async () => (await events(way.pipeline)).some(({ at }) => at > since) || undefined)).toBe(true);
    expect(JSON.stringify(await events(way.pipeline))).not.toContain('hunter2');
    const metrics = await (await fetch(`${stack.loader.b.url}/metrics`)).text();
    expect(metrics).toMatch(new RegExp(`lutra_ddl_ignored_total\\{name="${way.pipeline}",statement="TRUNCATE TABLE",app="loader"\\} 1`));
    await way.close();
  });
});
