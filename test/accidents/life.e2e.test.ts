/**
 * What a person wants of single pipelines while their source is written to: one is paused or stopped and the other goes on; a position is set
 * by place or by time. Whatever was done, both sides end equal, but for what was skipped and recorded.
 */
import { afterAll, beforeAll, expect, it, onTestFailed } from 'vitest';
import { type ApiError, type Stack } from '../harness/index.js';
import { keptStack, leaveStack } from './kept-stack.js';
import { openOneWay, until } from './one-way.js';
import type { OneWay } from './one-way.js';

let stack: Stack;
beforeAll(async () => {
  stack = await keptStack();
}, 240_000);
afterAll(leaveStack);

interface Position {
  readonly checkpoint: { readonly log: string; readonly seq: number; readonly nextOffset: number; readonly replayUntil: number };
  readonly direction?: string;
  readonly records?: number;
  readonly rows?: readonly { readonly table: string; readonly rows: number }[];
}

async function openWay(): Promise<OneWay> {
  const way = await openOneWay(stack);
  onTestFailed(async () => console.error(way.name, JSON.stringify(await way.status(), null, 1), await stack.saveLogs()));
  await way.write(1);
  await way.arrives();
  return way;
}

/** Its tables t and u are of two pipelines. */
async function openTwo(): Promise<OneWay> {
  const way = await openOneWay(stack, { start: false });
  for (const side of ['atSource', 'atTarget'] as const) await way[side]('CREATE TABLE u (id BIGINT NOT NULL PRIMARY KEY)');
  const of = (name: string, table: string) => ({ name, ...way.endpoints, routes: [{ schema: way.database, table }] });
  await way.change(`channels/${way.name}`, { pipelines: [of('rows', 't'), of('others', 'u')] });
  await way.start();
  await way.runs();
  return way;
}

const path = (way: OneWay, action: string, pipeline = 'rows'): string => `/api/v1/channels/${way.name}/pipelines/${pipeline}/${action}`;
const post = (way: OneWay, action: string, body?: object): Promise<Position> => stack.api.request('POST', path(way, action), body);
const position = (way: OneWay): Promise<Position> => stack.api.request('GET', path(way, 'position'));
const act = (way: OneWay, pipeline: string, action: string): Promise<unknown> => stack.api.request('POST', path(way, action, pipeline));
const statusOf = async (way: OneWay, name: string) => {
  const { pipelines } = await stack.api.channelStatus(way.name);
  return pipelines.find((pipeline) => pipeline.name === name)!;
};
const refusal = (way: OneWay, action: string, body: object): Promise<object> =>
  post(way, action, body).then(
    () => ({}),
    (error: unknown) => ({ status: (error as ApiError).status, ...((error as ApiError).body as object) }),
  );
const countAtTarget = async (way: OneWay, what: string): Promise<number> =>
  Number((await way.atTarget(`SELECT COUNT(*) AS n FROM ${what}`))[0]?.['n']);

/** Writes until it is told to end. */
function underLoad(way: OneWay): () => Promise<void> {
  let writing = true;
  const writer = (async () => {
    for (let id = 10_000; writing; id += 1)
      await way.atSource(`INSERT INTO t VALUES (${id}, 'load'); UPDATE t SET v = 'more' WHERE id = ${id}`);
  })();
  return async () => {
    writing = false;
    await writer;
  };
}

it('a pipeline that is paused or stopped loses nothing, and the other one goes on', { timeout: 120_000 }, async () => {
  const way = await openTwo();
  const end = underLoad(way);
  try {
    for (const [action, state] of [
      ['pause', 'paused'],
      ['stop', 'stopped'],
    ] as const) {
      await act(way, 'rows', action);
      await until(async () => ((await statusOf(way, 'rows')).target.state === state ? true : undefined));
      const { checkpoint } = await position(way);
      await way.atSource(`INSERT INTO u SELECT COALESCE(MAX(id), 0) + 1 FROM u`);
      await way.arrives('u');
      expect((await position(way)).checkpoint).toEqual(checkpoint);
      expect((await stack.api.channelStatus(way.name)).state).toBe('running');
      await act(way, 'rows', 'start');
      await until(async () => ((await position(way)).checkpoint.seq > checkpoint.seq ? true : undefined));
    }
  } finally {
    await end();
  }
  await way.arrives();
  for (const name of ['rows', 'others']) await act(way, name, 'stop');
  expect(await until(async () => ((await statusOf(way, 'rows')).source.state === 'stopped' ? true : undefined))).toBe(true);
  await way.write(2);
  for (const name of ['rows', 'others']) await act(way, name, 'start');
  await way.arrives();
  await way.close();
});

it('a rewind by time, by offset and by GTID set mends what was damaged since, under load', { timeout: 120_000 }, async () => {
  const way = await openWay();
  const { checkpoint: before } = await position(way);
  const [executed] = await way.atSource('SELECT @@GLOBAL.gtid_executed AS s');
  const gtidSet = String(executed?.['s']).replaceAll(/\s/g, '');
  await way.write(2, 3, 4);
  await way.arrives();
  const end = underLoad(way);
  try {
    for (const to of [{ time: new Date().toISOString() }, { offset: before.nextOffset }, { gtidSet }]) {
      await way.atTarget(`DELETE FROM t WHERE id IN (2, 3); UPDATE t SET v = 'damaged' WHERE id = 4`);
      const looked = await post(way, 'rewind?dryRun=true', { to, reason: 'look' });
      expect(looked).toMatchObject({ direction: 'back', rows: [{ table: `${way.database}.t` }] });
      const { checkpoint } = await post(way, 'rewind', { to, reason: 'rows were changed by hand' });
      expect(checkpoint.replayUntil).toBeGreaterThan(before.seq);
      await until(async () => ((await position(way)).checkpoint.seq > checkpoint.replayUntil ? true : undefined));
      expect(await countAtTarget(way, `t WHERE id IN (2, 3, 4) AND v LIKE 'row%'`)).toBe(3);
    }
  } finally {
    await end();
  }
  await way.arrives();
  await way.runs();
  await way.close();
});

it('a way ahead is a skip: it needs a yes, is recorded, and goes over no schema change', { timeout: 120_000 }, async () => {
  const way = await openWay();
  await act(way, 'rows', 'pause');
  await until(async () => ((await statusOf(way, 'rows')).state === 'paused' ? true : undefined));
  await way.write(2);
  await way.write(3);
  const published = async (rows: number): Promise<number | undefined> => {
    const found = await post(way, 'rewind?dryRun=true', { to: { time: '2100-01-01T00:00:00Z' }, reason: 'look' }).catch(() => null);
    return found?.rows?.[0]?.rows === rows ? (found as unknown as { readonly to: { readonly seq: number } }).to.seq : undefined;
  };
  const seq = await until(() => published(2));
  const to = { seq };
  expect(await refusal(way, 'rewind', { to, reason: 'test' })).toMatchObject({
    status: 409,
    code: 'CONFIG_CONFLICT',
    message: expect.stringMatching(/never applied.*"accept": true/),
  });
  await post(way, 'rewind', { to, reason: 'unwanted rows', accept: true });
  const [skipped] = await way.atTarget(`SELECT reason, content FROM lutra.skipped WHERE pipeline = '${way.uid}'`);
  expect(skipped).toMatchObject({ reason: 'unwanted rows' });
  expect(JSON.parse(String(skipped?.['content']))).toMatchObject([{ range: { to: seq }, rows: { [`${way.database}.t`]: 2 } }]);
  await way.atSource(`INSERT INTO t VALUES (4, 'row 4'); ALTER TABLE t ADD c INT`);
  const isRefused = await until(async () => {
    const answer = await refusal(way, 'rewind?dryRun=true', { to: { time: '2100-01-01T00:00:00Z' }, reason: 'look' });
    return 'message' in answer && /schema change/.test(String(answer.message)) ? true : undefined;
  });
  expect(isRefused).toBe(true);
  await way.atTarget('ALTER TABLE t ADD c INT');
  await act(way, 'rows', 'start');
  expect(await until(async () => ((await countAtTarget(way, 't WHERE id = 4')) === 1 ? true : undefined))).toBe(true);
  expect(await way.targetIds()).toEqual([1, 4]);
  expect((await stack.api.channelStatus(way.name)).omissions.items).toMatchObject([{ kind: 'skip', what: 'range' }]);
  await way.close();
});
