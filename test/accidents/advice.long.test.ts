/**
 * The advice of docs/errors.md for what the shorter tests produce and leave at that: whoever follows it to the letter, by the REST API and
 * by SQL, has the channel running again with equal tables. Nobody is asked for more than the advice says.
 */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { type ApiError, type AppProcess, lutraPassword, type Stack, startStack } from '../harness/index.js';
import { applyBeyondBackup, backupOf, backupThat, batchStarts, cutTail, withRegistry } from './log-accidents.js';
import { type OneWay, openOneWay, until } from './one-way.js';
import type { OneWayOptions } from './one-way.js';

const timeout = 240_000;
/** Of all apps; asked at each start. */
const environment: Record<string, string> = {
  ZOOKEEPER_DIGEST: 'lutra:otters hold hands',
  LUTRA_SECRET_KEY: randomBytes(32).toString('base64'),
};
let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ mysql: '9.7', mysqlB: '8.0', environment });
}, timeout);
afterAll(() => stack?.stop(), 60_000);

async function openWay(options?: OneWayOptions): Promise<OneWay> {
  const way = await openOneWay(stack, options);
  onTestFailed(async () => console.error(way.name, JSON.stringify(await way.status(), null, 1), await stack.saveLogs()));
  if (options?.start === false) return way;
  await way.write(1);
  await way.arrives();
  return way;
}

/** A later row arrives too, so that the channel runs, and the tables are equal. */
async function equal(way: OneWay, ...tables: readonly string[]): Promise<void> {
  await way.write(1000);
  for (const table of ['t', ...tables]) await way.arrives(table);
  await way.runs();
  await way.close();
}

const ofPipeline = (way: OneWay, action: string, body: object): Promise<unknown> =>
  stack.api.request('POST', `/api/v1/channels/${way.name}/pipelines/rows/${action}`, { reason: 'as the docs say', ...body });
const ofEndpoint = (way: OneWay, action: string, body: object): Promise<unknown> =>
  stack.api.request('POST', `/api/v1/endpoints/${way.endpoints.source}/${action}`, { reason: 'as the docs say', accept: true, ...body });

async function stopped(way: OneWay): Promise<void> {
  await way.act('stop');
  const ended = async (): Promise<boolean> => (await way.end('capture')).worker === null && (await way.end('loader')).worker === null;
  expect(await until(async () => (await ended()) || undefined)).toBe(true);
}

/** All that the source has committed is in the topic. */
async function published(way: OneWay): Promise<void> {
  const all = await until(async () => {
    const gtidSet = (await way.status()).position?.gtidSet ?? '';
    const [row] = await way.atSource(`SELECT GTID_SUBSET(@@GLOBAL.gtid_executed, '${gtidSet}') AS it`);
    return Number(row?.['it']) === 1 ? true : undefined;
  });
  expect(all).toBe(true);
}

describe('TABLE_SUSPENDED', () => {
  const suspended = async (way: OneWay): Promise<readonly string[]> => (await way.status()).suspended.map(({ name }) => name);
  const becomes = async (way: OneWay, wanted: readonly string[]): Promise<void> => {
    await until(async () => {
      const { routes } = await way.status();
      return routes === 'in force' && (await suspended(way)).join() === wanted.join() ? true : undefined;
    });
    expect([(await way.status()).routes, await suspended(way)]).toEqual(['in force', wanted]);
  };

  it('in a channel that says stop: goes on with suspend or without the table, which comes back', { timeout }, async () => {
    const way = await openWay({ onUnsupported: 'suspend' });
    const exclude = (...tables: readonly string[]): object => ({
      pipelines: [{ name: 'rows', ...way.endpoints, routes: [{ schema: way.database }], exclude: tables }],
    });
    for (const create of [way.atSource, way.atTarget]) await create.call(way, 'CREATE TABLE notes (id INT PRIMARY KEY, v VARCHAR(10))');
    await way.atSource("INSERT INTO notes VALUES (1, 'a')");
    await way.arrives('notes');
    await way.atTarget('ALTER TABLE notes DROP COLUMN v');
    await way.atSource("INSERT INTO notes VALUES (2, 'b')");
    await becomes(way, ['notes']);

    await way.change(`channels/${way.name}`, { onUnsupported: 'stop' });
    await way.fails('loader', 'TABLE_SUSPENDED');
    await way.write(2);
    await way.change(`channels/${way.name}`, { onUnsupported: 'suspend' });
    await way.arrives();
    await way.change(`channels/${way.name}`, { onUnsupported: 'stop' });
    await way.fails('loader', 'TABLE_SUSPENDED');
    await way.write(3);
    await way.atTarget('ALTER TABLE notes ADD COLUMN v VARCHAR(10)');
    await way.change(`channels/${way.name}`, exclude('notes'));
    await way.arrives();
    await becomes(way, []);
    await way.atTarget("DELETE FROM notes; INSERT INTO notes VALUES (1, 'a'), (2, 'b')");
    await way.change(`channels/${way.name}`, exclude(), '?force=true');
    await becomes(way, []);
    await way.atSource("INSERT INTO notes VALUES (3, 'c'); UPDATE notes SET v = 'z' WHERE id = 2");
    await equal(way, 'notes');
  });
});

describe('VALUE_UNSUPPORTED', () => {
  const create = (charset: string): string => `CREATE TABLE places (id INT PRIMARY KEY, place VARCHAR(9) CHARACTER SET ${charset})`;

  /** Two bytes that are no character to the server: only a column of their own set holds them. */
  async function refused(): Promise<OneWay> {
    const way = await openWay();
    await way.atTarget(create('utf8mb4'));
    await way.atSource(create('gbk'));
    await way.atSource("INSERT INTO places VALUES (1, _gbk x'fefe')");
    await way.write(2);
    await way.fails('loader', 'VALUE_UNSUPPORTED');
    return way;
  }
  async function skip(way: OneWay): Promise<void> {
    const seq = (await way.end('loader')).worker?.lastError?.details['seq'];
    expect(seq).toEqual(expect.any(Number));
    await ofPipeline(way, 'skip', { seq });
  }

  it('the column at the target is changed', { timeout }, async () => {
    const way = await refused();
    await way.atTarget('ALTER TABLE places MODIFY place VARCHAR(9) CHARACTER SET gbk');
    await way.act('retry');
    const bytes = 'SELECT id, HEX(place) AS place FROM places';
    await way.arrives();
    expect(await way.atTarget(bytes)).toEqual(await way.atSource(bytes));
    await equal(way);
  });

  it('the value is changed at its writer, the target brought in line, and the transaction skipped', { timeout }, async () => {
    const way = await refused();
    await way.atSource("UPDATE places SET place = 'x' WHERE id = 1");
    await published(way);
    await way.atTarget("INSERT INTO places VALUES (1, 'x')");
    await skip(way);
    await equal(way, 'places');
  });

  it('the table is excluded, which alone lets the others arrive', { timeout }, async () => {
    const way = await refused();
    await way.change(`channels/${way.name}`, {
      pipelines: [{ name: 'rows', ...way.endpoints, routes: [{ schema: way.database }], exclude: ['places'] }],
    });
    await equal(way);
    expect(await way.atTarget('SELECT id FROM places')).toEqual([]);
  });
});

it('LOG_TRUNCATED: a pipeline that stopped alone goes on at the end, a capture that stopped with a new log', { timeout }, async () => {
  const [known, unknown] = [await openWay(), await openWay()];
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
  await unknown.fails('loader', 'LOG_TRUNCATED');
  for (const way of [known, unknown]) await way.write(100);

  await published(unknown);
  await unknown.atTarget("INSERT INTO t VALUES (100, 'row 100')");
  await ofPipeline(unknown, 'restart', { at: 'end', accept: true });
  await equal(unknown);

  await stopped(known);
  await known.atTarget("INSERT INTO t VALUES (100, 'row 100')");
  await ofEndpoint(known, 'reset', { start: { from: 'now' } });
  await ofPipeline(known, 'restart', { at: 'start', accept: true });
  await known.start();
  await equal(known);
});

it('XA_ROWS_MISSING: the rows are brought by hand, and the log goes on behind the commit that the status names', { timeout }, async () => {
  const way = await openWay({ start: false });
  await way.atSource("XA START 'old'; INSERT INTO t VALUES (1, 'row 1'); XA END 'old'; XA PREPARE 'old'");
  await way.atSource('FLUSH BINARY LOGS');
  const last = (await way.atSource('SHOW BINARY LOGS')).at(-1);
  await way.atSource(`PURGE BINARY LOGS TO '${String(last?.['Log_name'])}'`);
  await way.start();
  await way.runs();
  await way.write(2);
  await way.arrives();
  await way.atSource("XA COMMIT 'old'");
  await way.write(3);
  await way.fails('capture', 'XA_ROWS_MISSING');
  const gtid = (await way.end('capture')).worker?.lastError?.details['gtid'];
  await way.atTarget("INSERT INTO t VALUES (1, 'row 1')");
  await ofEndpoint(way, 'restart', { start: { from: 'after', gtid } });
  await equal(way);
});

/** A start with another environment than the other apps have. */
async function startWith(app: AppProcess, other: Readonly<Record<string, string>>): Promise<void> {
  const right = { ...environment };
  Object.assign(environment, other);
  try {
    await app.restart();
  } finally {
    Object.assign(environment, right);
  }
}

describe('SECRET_UNREADABLE', () => {
  it('a process without the key is started with it', { timeout }, async () => {
    const way = await openWay();
    await startWith(stack.capture.a, { LUTRA_SECRET_KEY: randomBytes(32).toString('base64') });
    await way.fails('capture', 'SECRET_UNREADABLE');
    await way.write(2);
    await stack.capture.a.restart();
    await way.act('retry');
    await equal(way);
  });

  it('an endpoint that was changed past the REST API is put with its password', { timeout }, async () => {
    const way = await openWay();
    const name = way.endpoints.source;
    await withRegistry(stack, async ({ endpoints, session }) => {
      const found = await endpoints.get(name);
      const changed = JSON.stringify({ ...found?.document, host: 'localhost' });
      await session.connection?.setData(`${stack.root}/endpoints/${name}`, Buffer.from(changed), found?.version ?? 0);
    });
    await way.fails('capture', 'SECRET_UNREADABLE');
    await way.write(2);
    await way.change(`endpoints/${name}`, { password: lutraPassword });
    await equal(way);
  });
});

it('ZOOKEEPER_DENIED: the app that has another digest gets the one of the others', { timeout }, async () => {
  const way = await openWay();
  const strange = { ZOOKEEPER_DIGEST: 'lutra:otters swim alone' };
  await startWith(stack.control, strange);
  const refusal = await way.status().catch((error: unknown) => (error as ApiError).body);
  expect(refusal).toMatchObject({ code: 'ZOOKEEPER_DENIED' });
  await stack.control.restart();
  await stack.control.waitReady();
  await startWith(stack.capture.a, strange);
  await way.write(2);
  expect((await fetch(`${stack.capture.a.url}/health/ready`)).status).toBe(503);
  await stack.capture.a.restart();
  await equal(way);
});
