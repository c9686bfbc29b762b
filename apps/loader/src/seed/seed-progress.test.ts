import { noCounts } from '@lutra/mysql';
import type { SeedPart } from '@lutra/mysql';
import type { SeedProgress } from '@lutra/model';
import { seedProgressSchema, SyncError } from '@lutra/model';
import { describe, expect, it, vi } from 'vitest';
import { progressOf, SeedProgressWriter } from './seed-progress.js';

const part = (name: string, more: Partial<SeedPart> = {}): SeedPart => ({
  table: { database: 'shop', name },
  target: { database: 'shop', name },
  request: 'two',
  onExisting: 'source',
  part: 0,
  state: 'seeding',
  cursor: null,
  end: null,
  isWhole: false,
  place: null,
  counts: noCounts,
  begunAt: 5,
  endedAt: null,
  ...more,
});

describe('how far a seed is', () => {
  it('is told of the order that has begun last, table by table', () => {
    const counts = { ...noCounts, inserted: 4 };
    const parts = [
      part('old', { request: 'one', begunAt: 1 }),
      part('a', { counts, cursor: '{"id":1}', end: '{"id":5}' }),
      part('a', { part: 1, isWhole: true, counts }),
    ];
    const progress = progressOf([...parts, part('b', { state: 'done', endedAt: 9 })], 10);
    expect(seedProgressSchema.parse(progress)).toMatchObject({
      request: 'two',
      tables: [
        { table: 'a', state: 'seeding', cursors: ['{"id":1}', null], ends: ['{"id":5}', null], whole: [false, true], inserted: 8 },
        { table: 'b', state: 'done', endedAt: 9 },
      ],
    });
    expect(progressOf([], 1)).toBeNull();
  });

  function writer(options: { readonly isFollowed?: boolean; readonly failures?: number; readonly isOver?: boolean } = {}) {
    const written: SeedProgress[] = [];
    const ended: string[] = [];
    let failures = options.failures ?? 0;
    const said = new SeedProgressWriter({
      read: async () => [part('a', { state: ended.length > 0 ? 'cancelled' : 'seeding' })],
      write: async (progress) => {
        if (failures-- > 0) throw new SyncError('ZOOKEEPER_UNAVAILABLE', 'away');
        written.push(progress);
      },
      isFollowed: async () => options.isFollowed ?? true,
      isOver: async () => written.length > 0 && (options.isOver ?? false),
      end: async (request) => void ended.push(request),
      logger: { debug: () => undefined },
    });
    return { said, written, ended };
  }

  it('is said once for many commits, at once at a table end, and again after a failure', async () => {
    vi.useFakeTimers();
    try {
      const { said, written } = writer({ failures: 1 });
      said.changed(true);
      await vi.advanceTimersByTimeAsync(10);
      expect(written).toHaveLength(0);
      await vi.advanceTimersByTimeAsync(1_000);
      expect(written).toHaveLength(1);
      for (let i = 0; i < 20; i++) said.changed(false);
      await vi.advanceTimersByTimeAsync(900);
      expect(written).toHaveLength(1);
      await vi.advanceTimersByTimeAsync(200);
      expect(written).toHaveLength(2);
      said.changed(false);
      said.changed(true);
      await vi.advanceTimersByTimeAsync(1);
      expect(written).toHaveLength(3);
      said.close();
      said.changed(true);
      await vi.advanceTimersByTimeAsync(5_000);
      expect(written).toHaveLength(3);
    } finally {
      vi.useRealTimers();
    }
  });

  it('ends an order that was cancelled before anything was said, and says that too', async () => {
    vi.useFakeTimers();
    try {
      const { said, written, ended } = writer({ isOver: true });
      said.changed(true);
      await vi.advanceTimersByTimeAsync(5_000);
      expect(ended).toEqual(['two']);
      expect(written.map(({ tables }) => tables[0]?.state)).toEqual(['seeding', 'cancelled']);
      said.close();
    } finally {
      vi.useRealTimers();
    }
  });

  it('is not said in a tree that has regressed', async () => {
    vi.useFakeTimers();
    try {
      const { said, written } = writer({ isFollowed: false });
      said.changed(true);
      await vi.advanceTimersByTimeAsync(10);
      expect(written).toEqual([]);
      said.close();
    } finally {
      vi.useRealTimers();
    }
  });
});
