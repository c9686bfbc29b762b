/**
 * What a person wants of single pipelines while their source is written to: one is paused or stopped and the other goes on; a position is
 * set by place or by time. Whatever was done, both sides end equal, but for what was skipped and recorded.
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

it('a rewind by time, by offset and by GTID set fixes what was damaged since, under load', { timeout: 120_000 }, async () => {
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
  await post(way, 'rewind', { to, reason: 'rows of a test', accept: true });
  const [skipped] = await way.atTarget(`SELECT reason, content FROM lutra.skipped WHERE pipeline = '${way.uid}'`);
  expect(skipped).toMatchObject({ reason: 'rows of a test' });
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
  const { omissions } = await stack.api.request<{ readonly omissions: { readonly items: object[] } }>(
    'GET',
    `/api/v1/channels/${way.name}/status`,
  );
  expect(omissions.items).toMatchObject([{ kind: 'skip', what: 'range' }]);
  await way.close();
});

it('a table that a person suspends comes back by a seed, with its rows of meanwhile', { timeout: 180_000 }, async () => {
  const way = await openWay();
  const sql = `CREATE TABLE kept (id BIGINT NOT NULL PRIMARY KEY, v VARCHAR(100)); CREATE TABLE part (id BIGINT NOT NULL PRIMARY KEY,
    kept BIGINT, FOREIGN KEY (kept) REFERENCES kept (id)); INSERT INTO kept VALUES (1, 'a'), (2, 'b'), (3, 'c'); INSERT INTO part VALUES (1, 1)`;
  await way.atTarget(sql.replaceAll(/INSERT .*?(;|$)/g, ''));
  await way.atSource(sql);
  await way.arrives('part');
  const of = (...names: readonly string[]) => ({ tables: names.map((name) => `${way.database}.${name}`), reason: 'a script fixes it' });
  const suspended = async (): Promise<readonly unknown[]> => (await way.status()).suspended.map(({ name, code }) => [name, code]);
  const end = underLoad(way);
  try {
    await post(way, 'tables/suspend', of('kept'));
    await post(way, 'tables/suspend', of('kept'));
    const both = ['kept', 'part'].map((name) => [name, 'TABLE_SUSPENDED_BY_PERSON']);
    await until(async () => ((await suspended()).length === 2 ? true : undefined));
    expect(await suspended()).toEqual(both);
    expect((await way.status()).suspended[0]?.message).toMatch(/: a script fixes it$/);
    await way.atSource(
      `DELETE FROM kept WHERE id = 3; INSERT INTO kept VALUES (4, 'd'); INSERT INTO part VALUES (2, 4); UPDATE kept SET v = 'B' WHERE id = 2`,
    );
    await stack.loader[way.to].kill();
    await stack.loader[way.to].restart();
    await way.write(2);
    await until(async () => ((await countAtTarget(way, 't WHERE id = 2')) === 1 ? true : undefined));
    expect(await way.atTarget('SELECT v FROM kept ORDER BY id')).toMatchObject([{ v: 'a' }, { v: 'b' }, { v: 'c' }]);
    expect(await refusal(way, 'seed', { tables: [`${way.database}.kept`] })).toMatchObject({ status: 409 });
    expect(await refusal(way, 'tables/suspend', { tables: ['nowhere.t'], reason: 'test' })).toMatchObject({ status: 400 });
    const answer: object = await post(way, 'tables/resume', of('kept'));
    expect(answer).toMatchObject({ suspended: [], seed: expect.any(String), verification: expect.any(String) });
    await way.atSource(`INSERT INTO kept VALUES (3, 'again'); INSERT INTO part VALUES (3, 3)`);
    for (const table of ['kept', 'part']) await way.arrives(table);
    await until(async () => ((await suspended()).length === 0 ? true : undefined));
    await way.atSource(`DELETE FROM part WHERE id = 2; DELETE FROM kept WHERE id IN (2, 4)`);
    for (const table of ['kept', 'part']) await way.arrives(table);
    expect(await post(way, 'tables/resume', of('kept'))).toMatchObject({ seed: null, problems: [{ id: 'resume-nothing' }] });
  } finally {
    await end();
  }
  await way.arrives();
  const entries = `lutra.unequal WHERE pipeline = '${way.uid}' AND ended_at IS NULL`;
  expect(await until(async () => ((await countAtTarget(way, entries)) === 0 ? true : undefined), 60_000)).toBe(true);
  await way.runs();
  await way.close();
});
