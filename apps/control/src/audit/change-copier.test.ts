/** Every moment at which the leader may die, or another one may come: nothing is lost, and what comes twice has the same id. */
import { SyncError } from '@lutra/model';
import type { AuditEntry } from '@lutra/model';
import { describe, expect, it } from 'vitest';
import { auditEntry } from './audit-entry.fixture.js';
import { ChangeCopier, rememberMs } from './change-copier.js';
import type { CopierPorts } from './change-copier.js';

class Dead extends Error {}

/** The tree and the topic, which outlive processes. */
class World {
  readonly history: AuditEntry[] = [];
  readonly topic: string[] = [];
  node: { revision: number; version: number } | null = null;
  now = 0;
  /** The process dies in its n-th call of a server: before it takes effect there, or after. */
  lives = Infinity;
  dies: 'before' | 'after' = 'after';

  write(...names: readonly string[]): void {
    const revision = (this.history.at(-1)?.revisions[0] ?? 0) + 1;
    for (const name of names) this.history.push(auditEntry(`${revision}-channels-${name}`, { revisions: [revision] }));
  }

  process(): ChangeCopier {
    let version: number | null = null;
    const live = <T>(work: () => T): Promise<T> => {
      this.lives -= 1;
      if (this.lives < 0 || (this.lives === 0 && this.dies === 'before')) throw new Dead();
      const done = work();
      if (this.lives === 0) throw new Dead();
      return Promise.resolve(done);
    };
    const ports: CopierPorts = {
      remembered: async () =>
        live(() => {
          version = this.node?.version ?? null;
          return this.node?.revision ?? 0;
        }),
      remember: async (revision) =>
        live(() => {
          if (version !== (this.node?.version ?? null)) return false;
          version = (version ?? -1) + 1;
          this.node = { revision, version };
          return true;
        }),
      changes: async (after) =>
        live(() => ({
          revision: this.history.at(-1)?.revisions[0] ?? 0,
          entries: this.history.filter(({ revisions }) => (revisions[0] ?? 0) > after),
          cut: [],
        })),
      send: async (entries) => live(() => void this.topic.push(...entries.map(({ id }) => id))),
      nowMs: () => this.now,
    };
    return new ChangeCopier(ports);
  }

  get lost(): readonly string[] {
    return this.history.map(({ id }) => id).filter((id) => !this.topic.includes(id));
  }
}

const told = (): void => undefined;
const orDead = (error: unknown): void => expect(error).toBeInstanceOf(Dead);

describe('the copy of changes', () => {
  it.each(['before', 'after'] as const)(
    'loses nothing where its process dies %s any call, also of what was written while there was none',
    async (dies) => {
      for (let lives = 1; lives < 30; lives += 1) {
        const world = new World();
        Object.assign(world, { lives, dies });
        world.write('a');
        for (let run = 0; run < 4; run += 1) {
          const copier = world.process();
          try {
            await copier.round(told);
            world.now += rememberMs;
            world.write('b', 'c');
            await copier.round(told);
            await copier.remember();
          } catch (error) {
            orDead(error);
          }
          world.write('d');
          world.lives = lives;
        }
        world.lives = Infinity;
        await world.process().round(told);
        expect(world.lost, `after ${lives} calls`).toEqual([]);
      }
    },
  );

  it('is written down at most once in a while, and at the end', async () => {
    const world = new World();
    const copier = world.process();
    world.write('a');
    await copier.round(told);
    expect(world.node?.revision).toBe(1);
    world.write('b');
    await copier.round(told);
    expect([world.node?.revision, copier.unremembered]).toEqual([1, true]);
    world.now += rememberMs;
    await copier.round(told);
    expect([world.node?.revision, copier.unremembered]).toEqual([2, false]);
    world.write('c');
    await copier.round(told);
    await copier.remember();
    expect(world.node?.revision).toBe(3);
    expect(world.topic).toHaveLength(3);
  });

  it('of one that slept does not set back how far its successor came', async () => {
    const world = new World();
    const [slept, successor] = [world.process(), world.process()];
    world.write('a');
    await slept.round(told);
    world.write('b');
    await slept.round(told);
    await successor.round(told);
    world.write('c');
    world.now += rememberMs;
    await successor.round(told);
    await slept.remember();
    expect(world.node?.revision).toBe(3);
    await slept.round(told);
    expect(world.lost).toEqual([]);
  });

  it('remembers nothing that was not sent', async () => {
    const world = new World();
    world.write('a');
    const copier = world.process();
    const refusing = world.process();
    world.topic.push = () => {
      throw new SyncError('KAFKA_UNAVAILABLE', 'no broker');
    };
    await expect(refusing.round(told)).rejects.toThrow('no broker');
    expect(world.node).toBeNull();
    Reflect.deleteProperty(world.topic, 'push');
    await copier.round(told);
    expect(world.lost).toEqual([]);
  });
});
