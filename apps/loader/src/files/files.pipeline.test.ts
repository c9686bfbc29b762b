/** Whole runs of a loader whose rows name files, with failures of the target and of the files app at each step. */
import { SyncError } from '@lutra/model';
import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { FilesWorld } from './files-world.fixture.js';
import type { TargetFailure } from './files-world.fixture.js';

type Changes = readonly (readonly [number, string | null])[];

const path = fc.constantFrom('a', 'b', 'c', 'd', 'e');
const change = fc.tuple(fc.integer({ min: 1, max: 4 }), fc.option(path, { freq: 3 }));
const failure = fc.constantFrom<TargetFailure[]>('none', 'none', 'none', 'before', 'after', 'refused');
const step = fc.constantFrom('stage', 'place', 'unplace', 'fence', 'delete', 'settle');
const trouble = fc.tuple(step, fc.constantFrom('before', 'after'));

/** Rows behind each transaction; a deletion of what is not there is left out. */
function history(all: readonly Changes[]): { changes: Changes; before: ReadonlyMap<number, string> }[] {
  const rows = new Map<number, string>();
  return all.flatMap((changes) => {
    const before = new Map(rows);
    const real: (readonly [number, string | null])[] = [];
    for (const [id, to] of changes) {
      if (to === null && !rows.has(id)) continue;
      real.push([id, to]);
      if (to === null) rows.delete(id);
      else rows.set(id, to);
    }
    return real.length > 0 ? [{ changes: real, before }] : [];
  });
}

it('at each COMMIT each file that a row names is there, whatever fails; and what no row names goes', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(change, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 8 }),
      fc.array(failure, { maxLength: 6 }),
      fc.array(trouble, { maxLength: 3 }),
      fc.integer({ min: 1, max: 12 }),
      async (all, failures, troubles, batchSize) => {
        const world = new FilesWorld({});
        Object.assign(world, { failures: [...failures], batchSize });
        await world.log.led(world.routes);
        const expected = new Map<number, string>();
        for (const { changes, before } of history(all)) {
          await world.add(changes, before);
          for (const [id, to] of changes) void (to === null ? expected.delete(id) : expected.set(id, to));
        }
        for (const [at, when] of troubles) world.files.fail(at, when);
        const isDone = (): boolean => world.tables.checkpoint?.nextOffset === world.log.records.length || world.log.records.length === 2;
        await world.load(isDone);
        expect(world.broken).toEqual([]);
        const odd = world.errors.filter(({ code }) => !['TARGET_UNAVAILABLE', 'FILES_UNAVAILABLE', 'TARGET_CHANGED'].includes(code));
        expect(odd).toEqual([]);
        expect(world.tables.rows).toEqual(expected);
        expect(world.wrong).toEqual([]);
        const named = new Set(expected.values());
        const placed = [...world.tables.files.values()].filter(({ state }) => state === 'placed').map(({ path: at }) => at);
        expect(placed.filter((at) => !named.has(at))).toEqual([]);
      },
    ),
    { numRuns: 40 },
  );
}, 120_000);

it('takes no file of a transaction that was never committed for committed', async () => {
  const world = new FilesWorld({ immutable: false });
  await world.log.led(world.routes);
  await world.add([[1, 'a']], new Map());
  world.failures = ['before'];
  // The run dies with the file placed; the next take-over finds it open.
  await world.load(() => world.tables.rows.size === 1);
  const steps = world.files.log.filter((each) => /^(fence|place|unplace)/.test(each));
  expect(steps.slice(0, 5)).toEqual(['fence 1', 'place 1 pics/a', 'fence 2', 'unplace 1', 'place 2 pics/a']);
});

it('takes back what was placed by a rule that is gone when the next loader begins', async () => {
  const world = new FilesWorld({});
  await world.log.led(world.routes);
  await world.add([[1, 'a']], new Map());
  world.failures = ['before'];
  const plain = world.routes.map(({ schema, table }) => ({ schema, table }));
  world.onError = () => world.live.offer(world.work(plain));
  await world.load(() => world.tables.rows.size === 1);
  expect(world.files.log.filter((each) => /^(fence|place|unplace)/.test(each))).toEqual([
    'fence 1',
    'place 1 pics/a',
    'fence 2',
    'unplace 1',
  ]);
  expect(world.files.bytesAt({ root: 'pics', path: 'a' })).toBeUndefined();
});

it('stops at a row whose file is missing, and commits all before it', async () => {
  const world = new FilesWorld({ missing: 'stop' });
  await world.log.led(world.routes);
  await world.add([[1, 'a']], new Map());
  await world.add([[2, 'b']], new Map(), true);
  await world.add([[3, 'c']], new Map());
  world.batchSize = 20;
  await world.load(() => false);
  expect(world.errors.map(({ code }) => code)).toEqual(['FILE_MISSING']);
  expect(world.errors[0]?.details).toMatchObject({ root: 'pics', path: 'b', table: 't', seq: 2 });
  expect([...world.tables.rows.keys()]).toEqual([1]);
});

it('goes on in the same run when a files app that was away is there again', async () => {
  const world = new FilesWorld({});
  await world.log.led(world.routes);
  await world.add([[1, 'a']], new Map());
  for (let i = 0; i < 2; i += 1) world.files.fail('stage');
  await world.load(() => world.tables.rows.size === 1);
  expect(world.errors).toEqual([]);
  expect(world.files.log.filter((step) => step.startsWith('fence'))).toEqual(['fence 1']);
});

it('lets rows go without their files where the rule says so, and tells of it', async () => {
  const world = new FilesWorld({ missing: 'skip' });
  await world.log.led(world.routes);
  await world.add([[1, 'a']], new Map(), true);
  await world.load(() => world.tables.rows.size === 1);
  expect([...world.tables.missing.keys()]).toEqual(['pics/a']);
  expect(world.events).toMatchObject([{ type: 'file-missing', root: 'pics', path: 'a', key: '{"id":1}' }]);
});

it('brings a late file though nothing follows in the log', async () => {
  const world = new FilesWorld({ missing: 'skip' });
  await world.log.led(world.routes);
  await world.add([[1, 'a']], new Map(), true);
  let hasLacked = false;
  await world.load(() => {
    if (world.tables.missing.size === 0) return hasLacked;
    hasLacked = true;
    world.files.source.set('pics/a', 'bytes of a');
    return false;
  });
  expect(world.files.bytesAt({ root: 'pics', path: 'a' })).toBe('bytes of a');
  expect(world.errors).toEqual([]);
});

it('goes on without a file whose row is gone at the source', async () => {
  const world = new FilesWorld({});
  await world.log.led(world.routes);
  world.files.gone.add('pics/a');
  await world.add([[1, 'a']], new Map(), true);
  await world.load(() => world.tables.rows.size === 1);
  expect([...world.tables.rows.keys()]).toEqual([1]);
  expect(world.events).toEqual([]);
});

it('ends where another one has fenced it at the files app', async () => {
  const world = new FilesWorld({});
  await world.log.led(world.routes);
  await world.add([[1, 'a']], new Map());
  world.files.fail('place', 'before', new SyncError('FENCED', 'a higher epoch'));
  await world.load(() => world.tables.rows.size === 1);
  expect(world.errors.map(({ code }) => code)).toEqual(['FENCED']);
});

it('commits what is ready of a batch, and the rest behind it, in their order', async () => {
  const world = new FilesWorld({ waitSeconds: 60 });
  await world.log.led(world.routes);
  await world.add([[1, 'a']], new Map());
  await world.add([[2, 'b']], new Map(), true);
  world.batchSize = 20;
  await world.load(() => world.tables.rows.size > 0);
  expect([...world.tables.rows.keys()]).toEqual([1]);
  expect(world.errors).toEqual([]);
  world.files.source.set('pics/b', 'bytes of b');
  await world.load(() => world.tables.rows.size === 2);
  expect(world.wrong).toEqual([]);
});

it('writes a transaction that is too large to hold while its files come, and places them before its COMMIT', async () => {
  const world = new FilesWorld({});
  await world.log.led(world.routes);
  const rows = Array.from({ length: 4_000 }, (_, id) => [id, `${'x'.repeat(90)}${id % 5}`] as const);
  await world.add(rows, new Map());
  Object.assign(world, { batchSize: 500, failures: ['none', 'none', 'before'] });
  await world.load(() => world.tables.rows.size > 0);
  expect(world.tables.rows.size).toBe(4_000);
  expect(world.texts).toBeGreaterThan(4);
  expect(world.broken).toEqual([]);
  expect(world.errors.map(({ code }) => code)).toEqual(['TARGET_UNAVAILABLE']);
}, 30_000);

it('holds no transaction of the target open while files of a large one are on their way', async () => {
  const world = new FilesWorld({ missing: 'wait' });
  await world.log.led(world.routes);
  await world.add(
    Array.from({ length: 4_000 }, (_, id) => [id, `${'x'.repeat(90)}${id % 5}`] as const),
    new Map(),
  );
  const late = world.files.source.get(`pics/${'x'.repeat(90)}3`);
  world.files.source.delete(`pics/${'x'.repeat(90)}3`);
  world.batchSize = 500;
  const working = world.load(() => world.tables.rows.size > 0);
  await vi.waitUntil(() => world.statuses.some(({ files }) => files?.waiting[0]?.phase === 'missing'), { timeout: 10_000 });
  expect(world.texts).toBe(0);
  world.files.source.set(`pics/${'x'.repeat(90)}3`, late ?? '');
  await working;
  expect([world.tables.rows.size, world.errors, world.broken]).toEqual([4_000, [], []]);
}, 30_000);

it('what waits is in the status; an edit of its rule is taken at once where it says how long to wait', async () => {
  const world = new FilesWorld({ missing: 'wait' });
  await world.log.led(world.routes);
  await world.add([[1, 'a']], new Map(), true);
  const isShown = (): boolean => world.statuses.some(({ files }) => files?.waiting[0]?.phase === 'missing');
  await world.load(isShown);
  expect(world.statuses.findLast(({ files }) => files)?.files).toMatchObject({
    rows: 1,
    files: 1,
    waiting: [{ root: 'pics', path: 'a', database: 'shop', table: 't', key: '{"id":1}', phase: 'missing' }],
  });
  const routes = world.routes.map((route) => ({ ...route, files: route.files?.map((rule) => ({ ...rule, missing: 'skip' as const })) }));
  setTimeout(() => world.live.offer(world.work(routes as never)), 50);
  await world.load(() => world.tables.rows.size === 1);
  expect([...world.tables.missing.keys()]).toEqual(['pics/a']);
}, 30_000);

it('a row that waits for its file is named by the rule that is edited meanwhile', async () => {
  const world = new FilesWorld({ missing: 'wait', path: 'wrong/{v}' });
  await world.log.led(world.routes);
  await world.add([[1, 'a']], new Map());
  setTimeout(() => {
    const right = world.routes.map((route) => ({ ...route, files: route.files?.map((rule) => ({ ...rule, path: '{v}' })) }));
    world.live.offer(world.work(right));
  }, 100);
  await world.load(() => world.tables.rows.size === 1);
  expect(world.errors.map(({ code }) => code)).toEqual(['CONFIG_BEHIND']);
  expect(world.files.bytesAt({ root: 'pics', path: 'a' })).toBe('bytes of a');
  expect(world.broken).toEqual([]);
}, 30_000);

it('a table that lacks a column of its rule is refused, by its name', async () => {
  const world = new FilesWorld({ path: '{nothing}' });
  await world.log.led(world.routes);
  await world.add([[1, 'a']], new Map());
  await world.load(() => false);
  expect(world.errors.map(({ code }) => code)).toEqual(['FILE_PATH_INVALID']);
});

it('a rule that is added while the loader runs takes its root over, and holds from the next transaction on', async () => {
  const world = new FilesWorld({});
  const plain = world.routes.map(({ schema, table }) => ({ schema, table }));
  world.live.offer(world.work(plain));
  await world.log.led(world.routes);
  await world.add([[1, 'a']], new Map());
  const working = world.load(() => world.tables.rows.size === 2);
  await vi.waitUntil(() => world.tables.rows.size === 1);
  expect(world.files.log).toEqual([]);
  world.live.offer(world.work(world.routes));
  await vi.waitUntil(() => world.files.log.length > 0);
  await world.add([[2, 'b']], new Map());
  await working;
  expect(world.files.log[0]).toBe('fence 1');
  expect(world.files.bytesAt({ root: 'pics', path: 'b' })).toBe('bytes of b');
  expect(world.files.bytesAt({ root: 'pics', path: 'a' })).toBeUndefined();
});

it('deletes the file of a row that is gone, and none that another row names', async () => {
  const world = new FilesWorld({});
  await world.log.led(world.routes);
  const rows = [
    [1, 'a'],
    [2, 'a'],
    [3, 'b'],
  ] as const;
  await world.add(rows, new Map());
  await world.add(
    [
      [1, null],
      [3, null],
    ],
    new Map(rows),
  );
  const isDone = (): boolean => !world.tables.files.has('pics/b') && world.tables.files.get('pics/a')?.state === 'placed';
  for (let i = 0; i < 10 && !(isDone() && world.tables.rows.size === 1); i += 1)
    await world.load(() => isDone() && world.tables.rows.size === 1);
  expect(isDone()).toBe(true);
  expect(world.files.bytesAt({ root: 'pics', path: 'b' })).toBeUndefined();
  expect(world.files.trash).toContain('bytes of b');
  expect(world.wrong).toEqual([]);
}, 60_000);

it('asks nothing, and writes the same texts, where no rule is', async () => {
  const texts: number[] = [];
  for (const rule of [null, {}]) {
    const world = new FilesWorld(rule);
    await world.log.led(world.routes);
    await world.add(
      [1, 2, 3].map((id) => [id, 'a'] as const),
      new Map(),
    );
    world.batchSize = 20;
    await world.load(() => world.tables.rows.size === 3);
    texts.push(world.texts);
    if (rule === null) expect(world.files.log).toEqual([]);
  }
  // One round trip, with files and without.
  expect(texts).toEqual([1, 1]);
});
