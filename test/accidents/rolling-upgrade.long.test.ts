/**
 * Two builds in one cluster: the first one, at level 1, and the next, which knows one level more than this one (test/level/next-build.ts).
 * Every app is rolled forward and back under load before the level is raised; after that the older build does nothing, and says why.
 */
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type ApiError,
  type AppProcess,
  compareDatabases,
  createShop,
  readTopic,
  shopDatabase,
  type Side,
  sides,
  type Stack,
  startStack,
  startWorkload,
  type TopicReport,
  withAdministrator,
  type Workload,
} from '../harness/index.js';
import { makeNextBuild, nextColumn, nextColumnStatement, nextField, nextKind, nextLevel } from '../level/next-build.js';
import { firstBuildFile, packBuild, unpackBuild } from '../level/packed-build.js';
import { Lags } from '../level/lags.js';
import { until } from './one-way.js';

interface LevelBody {
  readonly level: number;
  readonly next: { readonly level: number; readonly blocks: readonly { readonly instance: string; readonly what: string }[] } | null;
  readonly processes: readonly { readonly app: string; readonly levels: readonly [number, number] }[];
}

const transactionsPerSecond = 20;
let older = '';
let newer = '';

beforeAll(async () => {
  older = await firstBuild();
  newer = await makeNextBuild();
}, 400_000);
afterAll(async () => {
  for (const folder of [older, newer]) await rm(folder, { recursive: true, force: true });
});

/** Until a first build was kept, this one is packed. */
async function firstBuild(): Promise<string> {
  if (existsSync(firstBuildFile)) return unpackBuild(firstBuildFile);
  const folder = await mkdtemp(join(tmpdir(), 'lutra-pack-'));
  try {
    await packBuild(join(folder, 'this.tgz'));
    return await unpackBuild(join(folder, 'this.tgz'));
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe.each([
  { ways: 'one way', from: ['a'] },
  { ways: 'both ways', from: ['a', 'b'] },
] as const)('builds of two levels, $ways', ({ from }) => {
  let stack: Stack;
  let workloads: readonly Workload[] = [];

  beforeAll(async () => {
    stack = await startStack({ mysql: '9.7', mysqlB: '8.0', build: older });
    for (const side of sides) {
      await withAdministrator(stack.mysql[side], async (connection) => {
        await createShop(connection);
        // As the next schemas/lutra.sql would, before the first app of that version starts.
        await connection.query(nextColumnStatement);
      });
    }
    await stack.createChannel({ databases: [shopDatabase], from });
    await stack.startChannel();
    workloads = from.map((side) => startWorkload({ side, connection: stack.connection(side), seed: 7, transactionsPerSecond }));
  }, 400_000);
  afterAll(async () => {
    await stack?.stop();
  });

  const working = (): readonly AppProcess[] => stack.apps;
  const level = (): Promise<LevelBody> => stack.api.request('GET', '/api/v1/level');

  /** One app after the other, as an operator does. */
  async function roll(apps: readonly AppProcess[], build: string): Promise<void> {
    for (const app of apps) {
      app.build = build;
      await app.restart();
      await app.waitReady();
      await stack.waitUntilRunning();
    }
  }

  /** Nobody is writing any more, and both sides are the same. */
  async function settle(): Promise<void> {
    for (const workload of workloads) {
      await workload.stop();
      expect(workload.failure).toBeUndefined();
    }
    workloads = [];
    await stack.drain();
    const { differences, differing, rows } = await compareDatabases({
      a: stack.connection('a'),
      b: stack.connection('b'),
      databases: [shopDatabase],
    });
    expect({ differing, differences: differences.slice(0, 20) }).toEqual({ differing: 0, differences: [] });
    expect(rows).toBeGreaterThan(0);
  }

  async function notes(side: Side): Promise<readonly unknown[]> {
    const sql = `SELECT DISTINCT ${nextColumn} AS note FROM lutra.checkpoint WHERE ${nextColumn} IS NOT NULL`;
    return withAdministrator(stack.mysql[side], async (connection) =>
      (await connection.query<RowDataPacket[]>(sql))[0].map(({ note }) => note),
    );
  }

  it('every app rolls forward, back and forward again under load, and nothing of the next level is written', async () => {
    const lags = new Lags(stack);
    await roll(working(), newer);
    await roll(working().toReversed(), older);
    await roll(working(), newer);
    // A measure for docs/decisions/0028-level.md, which depends on how long an app takes to start here.
    console.log(`highest lag while all apps were rolled: ${JSON.stringify(await lags.stop())} ms`);
    for (const side of from) {
      const report = await readTopic(stack, side);
      expect(holesOf(report)).toEqual([]);
      expect(report.kinds[nextKind]).toBeUndefined();
    }
    for (const side of sides) expect(await notes(side)).toEqual([]);
  }, 600_000);

  it('the level is refused while an app of the older build lives, and raised when none is left', async () => {
    const [, last] = stack.sites;
    await roll([last!.loader], older);
    expect((await level()).next).toMatchObject({
      level: nextLevel,
      blocks: [{ what: expect.stringMatching(/^loader .* knows levels 1 to 1$/) }],
    });
    const refused = await stack.api.request('POST', '/api/v1/level', { level: nextLevel }).catch((error: unknown) => error as ApiError);
    expect(refused).toMatchObject({ status: 409 });
    await roll([last!.loader], newer);
    const gone = await until(async () => ((await level()).next?.blocks.length === 0 ? true : undefined));
    expect(gone).toBe(true);
    expect(await stack.api.request<LevelBody>('POST', '/api/v1/level', { level: nextLevel })).toMatchObject({
      level: nextLevel,
      next: null,
    });
  }, 300_000);

  it('what the next level adds is written then, and an older reader passes what it may', async () => {
    const region = await stack.api.request<Record<string, unknown>>('GET', `/api/v1/regions/${stack.regions.a}`);
    expect(region[nextField]).toBe('none');
    await put(stack, `/api/v1/regions/${stack.regions.a}`, { ...region, [nextField]: 'used' });
    for (const { capture } of stack.sites) await capture.restart();
    await stack.waitUntilRunning();
    // This process knows the first level only, as an older reader does.
    const report = await until(async () => {
      const read = await readTopic(stack, 'a');
      return (read.kinds['unknown'] ?? 0) > 0 ? read : undefined;
    });
    expect(report && holesOf(report)).toEqual([]);
    expect(await until(async () => ((await notes('b')).includes('used') ? true : undefined))).toBe(true);
  }, 300_000);

  it('an app of the older build does no work, holds no lease, and goes on when it is replaced', async () => {
    const [, site] = stack.sites;
    const { loader } = site!;
    loader.build = older;
    await loader.restart();
    const reason = `the cluster is at level ${nextLevel}; this build knows levels 1 to 1`;
    const isRefused = await until(async () => {
      const answer = await fetch(`${loader.url}/health/ready`);
      return answer.status === 503 && (await answer.text()).includes(reason) ? true : undefined;
    });
    expect(isRefused).toBe(true);
    const told = await until(async () => {
      const { pipelines } = await stack.api.channelStatus(stack.channel);
      return pipelines.find(({ target, reason }) => target.reason?.includes('LEVEL_TOO_NEW') && reason === target.reason);
    });
    // It cannot read the region's document, so it does not even know which work there is.
    expect(told?.target.state).toBe('absent');
    expect((await level()).next).toBeNull();
    expect(await loader.log()).toContain('LEVEL_TOO_NEW');
    expect(await (await fetch(`${loader.url}/metrics`)).text()).toMatch(new RegExp(`lutra_level\\{app="loader"\\} ${nextLevel}`));
    // Nobody holds its lease: the one that replaces it gets it, and applies what waited.
    await roll([loader], newer);
    await settle();
  }, 400_000);
});

/** It is read under load: a transaction may be on its way. */
function holesOf({ holes }: TopicReport): readonly string[] {
  return holes.filter((hole) => !hole.startsWith('the last transaction has'));
}

async function put(stack: Stack, path: string, body: unknown): Promise<void> {
  const answer = await fetch(`${stack.control.url}${path}`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${stack.token}`, 'content-type': 'application/json', 'if-match': '*' },
    body: JSON.stringify(body),
  });
  expect({ status: answer.status, text: answer.ok ? '' : await answer.text() }).toEqual({ status: 200, text: '' });
}
