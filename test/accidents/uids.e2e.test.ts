/**
 * Pipelines that are removed and created again. Under its old name a new one begins as a new one, at a position that somebody names; with
 * `adopt` it goes on where the old one stopped, if the log has held its tables ever since. One way, and both ways.
 */
import type { RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { grantDatabase } from '../harness/endpoint-setup.js';
import { otherSide, type Side, sides, type Stack, withAdministrator } from '../harness/index.js';
import { keptStackBothWays, leaveStack } from './kept-stack.js';
import { openOneWay, until } from './one-way.js';
import type { OneWay } from './one-way.js';

const bound = { timeout: 150_000 };
let stack: Stack;
beforeAll(async () => {
  stack = await keptStackBothWays();
}, 240_000);
afterAll(leaveStack);

interface Entry {
  readonly epoch: number;
  readonly seq: number;
}

async function removeChannel(name: string): Promise<void> {
  const headers = { authorization: `Bearer ${stack.token}`, 'if-match': '*' };
  const response = await fetch(`${stack.control.url}/api/v1/channels/${name}`, { method: 'DELETE', headers });
  expect(response.status).toBe(204);
}

async function openWay(): Promise<OneWay> {
  const way = await openOneWay(stack);
  onTestFailed(async () => console.error(way.name, JSON.stringify(await way.status(), null, 1), await stack.saveLogs()));
  await way.write(1);
  await way.arrives();
  return way;
}

const pipelineOf = (way: OneWay, more: object = {}) => ({ name: 'rows', ...way.endpoints, routes: [{ schema: way.database }], ...more });

/** Its channel, anew. Resolves to the uid of its pipeline. */
async function createAgain(way: OneWay, more: object = {}): Promise<string> {
  const created = await stack.api.createChannel({ name: way.name, pipelines: [pipelineOf(way, more)], onUnsupported: 'stop' });
  return created.pipelines[0]?.uid ?? '';
}

async function rowOf(way: OneWay, uid: string): Promise<Entry | undefined> {
  const [row] = await way.atTarget(`SELECT epoch, seq FROM lutra.checkpoint WHERE pipeline = '${uid}'`);
  return row && { epoch: Number(row['epoch']), seq: Number(row['seq']) };
}

const restart = (channel: string, pipeline: string, at: 'start' | 'end'): Promise<unknown> =>
  stack.api.request('POST', `/api/v1/channels/${channel}/pipelines/${pipeline}/restart`, { at, reason: 'test', accept: true });

describe('a pipeline that is removed', () => {
  it('leaves its name to a new one, which begins where it is told and not at the old position', bound, async () => {
    const way = await openWay();
    const before = await rowOf(way, way.uid);
    await way.close();
    await removeChannel(way.name);
    // Nobody writes as the old one any more.
    expect(await rowOf(way, way.uid)).toEqual({ seq: before?.seq, epoch: (before?.epoch ?? 0) + 1 });
    await way.write(2);
    const uid = await createAgain(way);
    expect(uid).not.toBe(way.uid);
    await way.start();
    await way.fails('loader', 'LOG_START_UNKNOWN');
    expect(await way.targetIds()).toEqual([1]);
    // The target is emptied, as if it were seeded with what the source was when its log began.
    await way.atTarget('DELETE FROM t');
    await restart(way.name, 'rows', 'start');
    await way.arrives();
    await way.write(3);
    await way.arrives();
    expect(await way.targetIds()).toEqual([1, 2, 3]);
    expect(await rowOf(way, way.uid)).toEqual({ seq: before?.seq, epoch: (before?.epoch ?? 0) + 1 });
    await way.close();
  });

  it('is adopted by a new one, which goes on at its position; each row comes once', bound, async () => {
    const way = await openWay();
    await way.atSource('CREATE TABLE bare (id INT)');
    await way.atTarget('CREATE TABLE bare (id INT)');
    await way.atSource('INSERT INTO bare VALUES (1)');
    await way.arrives('bare');
    await way.close();
    await removeChannel(way.name);
    await way.atSource('INSERT INTO bare VALUES (2)');
    expect(await createAgain(way, { name: 'renamed', adopt: way.uid })).toBe(way.uid);
    await way.start();
    await way.runs();
    await way.atSource('INSERT INTO bare VALUES (3)');
    await way.arrives('bare');
    expect((await way.status()).id).toBe(`${way.name}.renamed`);
    await way.close();
  });

  it('is adopted also behind one that took its name and applied nothing; not behind one that did', bound, async () => {
    const way = await openWay();
    const again = async (more: object = {}): Promise<string> => {
      await way.close();
      await removeChannel(way.name);
      return createAgain(way, more);
    };
    const second = await again();
    await way.start();
    await way.fails('loader', 'LOG_START_UNKNOWN');
    expect(await again({ adopt: way.uid })).toBe(way.uid);
    await way.start();
    await way.runs();
    await way.write(2);
    await way.arrives();
    const third = await again();
    expect(new Set([way.uid, second, third]).size).toBe(3);
    await way.start();
    await way.fails('loader', 'LOG_START_UNKNOWN');
    await restart(way.name, 'rows', 'end');
    await way.write(3);
    await way.arrives();
    await way.close();
    await removeChannel(way.name);
    await expect(createAgain(way, { adopt: way.uid })).rejects.toMatchObject({
      status: 409,
      body: { code: 'CONFIG_CONFLICT', details: { problems: [{ id: 'adopt-superseded' }] } },
    });
    await createAgain(way, { adopt: third });
    await way.start();
    await way.write(4);
    await way.arrives();
    await way.close();
  });

  it('is not adopted past what its log has left out: that is said before a row is applied', bound, async () => {
    const way = await openWay();
    const keeper = { name: `${way.name}-keeper`, pipelines: [pipelineOf(way, { routes: [{ schema: `${way.database}_more` }] })] };
    await way.close();
    await removeChannel(way.name);
    // Another channel keeps the log going, without the table.
    await stack.api.createChannel(keeper);
    await stack.api.request('POST', `/api/v1/channels/${keeper.name}/pause?force=true`);
    const published = async (): Promise<true | undefined> => {
      const { source } = (await stack.api.channelStatus(keeper.name)).pipelines[0]!;
      return source.state === 'running' && source.worker?.routes?.[way.uid] === undefined && source.worker?.routes !== null
        ? true
        : undefined;
    };
    expect(await until(published, 60_000)).toBe(true);
    await way.write(2);
    expect(await createAgain(way, { adopt: way.uid })).toBe(way.uid);
    await way.start();
    await way.fails('loader', 'LOG_LACKS_TABLES');
    await way.write(3);
    expect(await way.targetIds()).toEqual([1]);
    await way.close();
    await stack.api.channelAction(keeper.name, 'stop');
  });
});

describe('a channel both ways', () => {
  const query = (side: Side, sql: string): Promise<readonly RowDataPacket[]> =>
    withAdministrator(stack.mysql[side], async (connection) => (await connection.query<RowDataPacket[]>(sql))[0]);
  const pond = (adopt?: Readonly<Record<string, string>>) => ({
    name: 'pond',
    pipelines: sides.map((side) => ({
      name: `from-${side}`,
      source: stack.endpoints[side],
      target: stack.endpoints[otherSide(side)],
      routes: [{ schema: 'pond' }],
      ...(adopt && { adopt: adopt[`from-${side}`] }),
    })),
    conflicts: { home: stack.regions.a, rules: [{ policy: 'home' as const }] },
  });
  const rows = async (side: Side): Promise<string> => JSON.stringify(await query(side, 'SELECT id, v FROM pond.fish ORDER BY id'));
  const becomesEqual = async (count: number): Promise<void> => {
    const alike = async (): Promise<true | undefined> => {
      const [a, b] = [await rows('a'), await rows('b')];
      return a === b && (JSON.parse(a) as unknown[]).length === count ? true : undefined;
    };
    await until(alike, 60_000);
    expect(await rows('a')).toBe(await rows('b'));
    expect(JSON.parse(await rows('a'))).toHaveLength(count);
  };
  const runs = async (): Promise<void> => {
    const look = async (): Promise<true | undefined> => ((await stack.api.channelStatus('pond')).state === 'running' ? true : undefined);
    await until(look, 60_000);
    expect((await stack.api.channelStatus('pond')).state).toBe('running');
  };
  const uids = async (): Promise<Record<string, string>> =>
    Object.fromEntries((await stack.api.channelStatus('pond')).pipelines.map(({ name, uid }) => [name, uid]));
  const gone = async (): Promise<void> => {
    await stack.api.channelAction('pond', 'stop');
    const ended = async (): Promise<true | undefined> =>
      (await stack.api.channelStatus('pond')).pipelines.every(({ source, target }) => !source.worker && !target.worker) || undefined;
    expect(await until(ended, 60_000)).toBe(true);
    await removeChannel('pond');
  };
  /** Both sides change a row that they have from each other, while nothing is brought over. Home's version stays. */
  const fought = async (id: number): Promise<void> => {
    await stack.api.channelAction('pond', 'pause');
    const rest = async (): Promise<true | undefined> =>
      (await stack.api.channelStatus('pond')).pipelines.every(({ target }) => target.state === 'paused') || undefined;
    expect(await until(rest, 60_000)).toBe(true);
    for (const side of sides) await query(side, `UPDATE pond.fish SET v = 'of ${side}' WHERE id = ${id}`);
    await stack.api.channelAction('pond', 'start');
    const decided = async (): Promise<true | undefined> => {
      const found = await Promise.all(sides.map((side) => query(side, `SELECT v FROM pond.fish WHERE id = ${id}`)));
      return found.every(([row]) => row?.['v'] === 'of a') ? true : undefined;
    };
    expect(await until(decided, 60_000)).toBe(true);
  };

  it('begins anew under its old names, and is adopted with both positions', bound, async () => {
    onTestFailed(async () => console.error(JSON.stringify(await stack.api.channelStatus('pond'), null, 1), await stack.saveLogs()));
    const create = 'CREATE DATABASE pond; CREATE TABLE pond.fish (id INT PRIMARY KEY, v VARCHAR(20)) ENGINE = InnoDB';
    for (const side of sides) {
      await withAdministrator(stack.mysql[side], (connection) => connection.query(create));
      await grantDatabase(stack.mysql[side], 'pond');
    }
    await stack.api.createChannel(pond());
    await stack.api.channelAction('pond', 'start');
    await runs();
    await query('a', "INSERT INTO pond.fish VALUES (1, '')");
    await query('b', "INSERT INTO pond.fish VALUES (2, '')");
    await becomesEqual(2);
    await fought(1);
    const first = await uids();
    await gone();

    await stack.api.createChannel(pond());
    await stack.api.channelAction('pond', 'start');
    const unknown = async (): Promise<true | undefined> => {
      const { pipelines } = await stack.api.channelStatus('pond');
      return pipelines.every(({ target }) => target.worker?.lastError?.code === 'LOG_START_UNKNOWN') || undefined;
    };
    expect(await until(unknown, 60_000)).toBe(true);
    const second = await uids();
    for (const [name, uid] of Object.entries(second)) expect(uid).not.toBe(first[name]);
    for (const name of Object.keys(second)) await restart('pond', name, 'end');
    await runs();
    await query('a', "INSERT INTO pond.fish VALUES (3, '')");
    await query('b', "INSERT INTO pond.fish VALUES (4, '')");
    await becomesEqual(4);
    await fought(2);
    await gone();

    await query('a', "INSERT INTO pond.fish VALUES (5, '')");
    await query('b', "INSERT INTO pond.fish VALUES (6, '')");
    await stack.api.createChannel(pond(second));
    expect(await uids()).toEqual(second);
    await stack.api.channelAction('pond', 'start');
    await becomesEqual(6);
    await fought(3);
    expect(await query('a', 'SELECT DISTINCT uid FROM lutra.conflict')).not.toEqual([]);
  });
});
