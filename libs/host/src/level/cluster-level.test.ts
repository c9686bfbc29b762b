import type { Level, Levels } from '@lutra/model';
import { SyncError } from '@lutra/model';
import type { LevelBlock, Worker } from '@lutra/registry';
import { Health, Metrics } from '@lutra/telemetry';
import { beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { ClusterLevel } from './cluster-level.js';

/** The tree, in memory. */
class World {
  learn: (level: number | null) => void = () => undefined;
  describe: () => Worker = () => {
    throw new Error('nobody has joined');
  };
  readonly begun: Level[] = [];
  /** What lives in the tree and does not know the level that is asked for. */
  blocks: () => Promise<readonly LevelBlock[]> = async () => [];
  readonly logged: string[] = [];
  readonly health = new Health();
  readonly metrics = new Metrics('control', { processMetrics: false });

  open(levels: Levels, { begins = false } = {}): ClusterLevel {
    const log = (_: object, message: string): void => void this.logged.push(message);
    const level = new ClusterLevel({
      app: 'control',
      region: 'hz',
      registry: {
        join: ({ describe, onLevel }) => Object.assign(this, { describe, learn: onLevel }),
        access: { trouble: null } as never,
        level: { begin: async (first: Level) => void this.begun.push(first), blocks: () => this.blocks() } as never,
      },
      secretKey: { kids: ['k'] },
      metrics: this.metrics,
      health: this.health,
      logger: { info: log, error: log } as never,
      levels,
      begins,
    });
    level.start();
    return level;
  }
}

let world: World;
beforeEach(() => {
  world = new World();
});

it('nothing may be done before the level was read', async () => {
  const level = world.open({ min: 1, max: 2 });
  expect(level.isKnown).toBe(false);
  await expect(level.ready(1)).rejects.toMatchObject({ code: 'ZOOKEEPER_UNAVAILABLE' });
  expect(world.health.ready().reasons).toEqual(['level: not read yet']);
  const ready = level.ready(60_000);
  world.learn(1);
  await ready;
  expect(world.health.ready().ok).toBe(true);
  expect(world.describe()).toMatchObject({ app: 'control', region: 'hz', levels: [1, 2], keys: ['k'] });
});

it('a process works up to what its build knows, and writes at the level of the cluster', async () => {
  const level = world.open({ min: 1, max: 3 });
  let told = 0;
  level.onChange(() => (told += 1));
  for (const [now, current, trouble] of [
    [1, 1, undefined],
    [2, 2, undefined],
    [3, 3, undefined],
    [4, 3, 'LEVEL_TOO_NEW'],
  ] as const) {
    world.learn(now);
    expect([now, level.current, level.trouble?.code]).toEqual([now, current, trouble]);
  }
  expect(told).toBe(4);
  await expect(level.ready(1)).rejects.toMatchObject({ code: 'LEVEL_TOO_NEW', details: { level: 4, min: 1, max: 3 } });
  expect(world.health.ready().reasons).toEqual(['level: the cluster is at level 4; this build knows levels 1 to 3']);
  expect(await world.metrics.registry.metrics()).toMatch(
    /lutra_known_level\{app="control"\} 3\n[^]*lutra_level\{app="control"\} 4|lutra_level\{app="control"\} 4\n[^]*lutra_known_level\{app="control"\} 3/,
  );
});

it('a level that was seen holds although the tree says less, or nothing, later', () => {
  const level = world.open({ min: 1, max: 1 }, { begins: true });
  world.learn(2);
  for (const lower of [1, null]) {
    world.learn(lower);
    expect(level.trouble?.code).toBe('LEVEL_TOO_NEW');
  }
  expect(world.begun).toEqual([]);
});

it('the first control begins a tree that has no level, at the highest that it can write; other apps take it for level 1', async () => {
  const control = world.open({ min: 2, max: 3 }, { begins: true });
  world.learn(null);
  await vi.waitUntil(() => world.begun.length > 0);
  expect([control.isKnown, world.begun.map(({ level }) => level)]).toEqual([false, [3]]);
  world.learn(3);
  expect(control.trouble).toBeNull();
  const loader = world.open({ min: 1, max: 3 });
  world.learn(null);
  expect([loader.current, loader.trouble]).toEqual([1, null]);
});

it.each([
  ['that does not know it', async () => [{ kind: 'worker' } as LevelBlock]],
  ['that cannot be read', () => Promise.reject(new SyncError('CONFIG_INVALID', 'a worker'))],
])('an emptied tree begins at the lowest level while a process lives %s', async (_, blocks) => {
  world.blocks = blocks;
  world.open({ min: 1, max: 3 }, { begins: true });
  world.learn(null);
  await vi.waitUntil(() => world.begun.length > 0);
  expect(world.begun.map(({ level }) => level)).toEqual([1]);
});

it('nothing is begun in a tree that cannot be asked, until it can', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  world.blocks = () => Promise.reject(new SyncError('ZOOKEEPER_UNAVAILABLE', 'gone'));
  world.open({ min: 1, max: 3 }, { begins: true });
  world.learn(null);
  await vi.advanceTimersByTimeAsync(0);
  expect(world.logged.some((message) => message.includes('cannot write'))).toBe(true);
  expect(world.begun).toEqual([]);
  world.blocks = async () => [];
  await vi.advanceTimersByTimeAsync(10_000);
  expect(world.begun.map(({ level }) => level)).toEqual([3]);
});

it('a cluster below what it can write is no place for a build, by name', () => {
  const level = world.open({ min: 2, max: 3 });
  world.learn(1);
  expect(level.trouble).toMatchObject({ code: 'LEVEL_TOO_OLD', message: 'the cluster is at level 1; this build knows levels 2 to 3' });
  world.learn(2);
  expect(level.trouble).toBeNull();
});
