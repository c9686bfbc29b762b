/** Killed at each call that changes the disk, and begun anew: what was begun can be ended, or taken back. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { a, call, file, type Failure, Killed, remove, request, StoppingDisk, TestRoot } from './placing.fixture.js';
import type { RootPlaces } from './root-places.js';

let root: TestRoot;

beforeEach(() => void (root = new TestRoot()));
afterEach(() => root.remove());

const before = { 'old/1': 'first', 'old/2': 'second', same: 'same' };
const after = { 'old/1': 'new 1', 'old/2': 'new 2', 'x/y/z': 'twice', 'x/w': 'twice', same: 'same', plain: 'new' };
const files = Object.entries(after).map(([path, bytes]) => file(path, bytes));

async function setUp(): Promise<void> {
  root.remove();
  root = new TestRoot();
  for (const [path, bytes] of Object.entries(before)) root.write(path, bytes);
  for (const bytes of Object.values(after)) if (bytes !== 'same') root.stage(bytes);
  const places = await root.open();
  await places.fence(call(0));
  await places.close();
}

/** Runs `work` on a disk that stops at each call in turn, then `check` on what is left, until it comes through. */
async function killedAtEach(
  work: (places: RootPlaces) => Promise<unknown>,
  check: (places: RootPlaces) => Promise<void>,
  prepare = setUp,
): Promise<number> {
  for (let at = 0; ; at += 1) {
    await prepare();
    const disk = new StoppingDisk(at);
    const isThrough = await root
      .open({ disk: disk.disk })
      .then(work)
      .then(
        () => true,
        (error: unknown) => {
          if (!(error instanceof Killed)) throw error;
          return false;
        },
      );
    await disk.close();
    const places = await root.open();
    await check(places);
    await places.close();
    expect(root.own('trash').filter((name) => name.startsWith('in-'))).toEqual([]);
    if (isThrough) return at;
  }
}

async function nothingIsOpen(places: RootPlaces): Promise<void> {
  expect(await places.fence(call(0, a, 9))).toEqual({ open: [] });
  expect(root.own('undo').flatMap((pipeline) => root.own(`undo/${pipeline}`))).toEqual([]);
}

const place = async (places: RootPlaces): Promise<unknown> => await places.place(request({ n: 1, files }));

test('a placing that is killed anywhere is taken back', async () => {
  const steps = await killedAtEach(place, async (places) => {
    await places.unplace(call(1));
    expect(root.files()).toEqual(before);
    expect(root.folders()).toEqual(['old']);
    expect(new Set(root.ownBytes('stage'))).toEqual(new Set(['new', 'new 1', 'new 2', 'twice']));
    await nothingIsOpen(places);
  });
  expect(steps).toBeGreaterThan(40);
});

test('a placing that is killed anywhere is ended by the same one again', async () => {
  await killedAtEach(place, async (places) => {
    const { placed, notStaged } = await places.place(request({ n: 1, files }));
    expect([placed.length, notStaged]).toEqual([files.length, []]);
    expect(root.files()).toEqual(after);
    await places.settle(call(1));
    expect(root.ownBytes('trash')).toEqual(['first', 'second']);
    expect(root.own('stage')).toEqual([]);
    await nothingIsOpen(places);
  });
});

async function setUpPlaced(): Promise<void> {
  await setUp();
  const places = await root.open();
  await place(places);
  await places.close();
}

test('a take-back that is killed anywhere is ended by the next one', async () => {
  const steps = await killedAtEach(
    async (places) => await places.unplace(call(1)),
    async (places) => {
      await places.unplace(call(1));
      expect(root.files()).toEqual(before);
      expect(root.folders()).toEqual(['old']);
      await nothingIsOpen(places);
    },
    setUpPlaced,
  );
  expect(steps).toBeGreaterThan(20);
});

test('a settling that is killed anywhere is ended by the next one, and nothing replaced is lost', async () => {
  await killedAtEach(
    async (places) => await places.settle(call(1)),
    async (places) => {
      await places.settle(call(1));
      expect(root.files()).toEqual(after);
      expect(root.ownBytes('trash')).toEqual(['first', 'second']);
      await nothingIsOpen(places);
    },
    setUpPlaced,
  );
});

test('a deletion that is killed anywhere leaves the file at its path or in the trash', async () => {
  const one = file('plain', 'new');
  await killedAtEach(
    async (places) => {
      const [placed] = (await places.place(request({ n: 1, files: [one] }))).placed;
      await places.settle(call(1));
      await remove(places, { ...call(1), path: 'plain', placed: placed!, way: 'trash' });
    },
    async (places) => {
      await places.purge(Date.now());
      const found = [root.files()['plain'], ...root.ownBytes('trash'), ...root.ownBytes('stage')].filter((bytes) => bytes === 'new');
      expect(found.length).toBe(1);
    },
  );
});

test.each<Failure>(['fails once', 'is full'])(
  'a placing on a disk that %s is refused as a whole, or can be taken back',
  async (failure) => {
    for (let at = 0; ; at += 1) {
      await setUp();
      const disk = new StoppingDisk(at + 1, failure); // the first call makes .lutra
      const places = await root.open({ disk: disk.disk }).catch(() => null); // stopped while it opens
      const code = await (places ? place(places) : Promise.resolve('not opened')).then(
        () => 'placed',
        (error: unknown) => (error as { code: string }).code,
      );
      if (code === 'FILES_DISK_FULL') {
        const isOpen = (await places!.fence(call(0))).open.length > 0;
        if (isOpen) await places!.unplace(call(1));
        expect(root.files()).toEqual(before);
        expect(root.folders()).toEqual(['old']);
      } else if (places) expect([code, root.files()]).toEqual(['placed', after]);
      await places?.close();
      await disk.close();
      if (disk.calls.length <= at + 1) return;
    }
  },
);

test('what a take-back needs is durable before the first file is moved, and what was moved before the answer', async () => {
  await setUp();
  const disk = new StoppingDisk();
  const places = await root.open({ disk: disk.disk });
  const begun = disk.calls.length;
  await place(places);
  const calls = disk.calls.slice(begun);
  const journal = calls.findIndex((name) => name.startsWith('rename journal.new'));
  const moves = calls.flatMap((name, i) => (name.startsWith('rename') && i !== journal ? [i] : []));
  const kept = calls.flatMap((name, i) => (name.startsWith('link') ? [i] : []));
  expect(Math.max(...kept)).toBeLessThan(journal);
  expect(calls.slice(journal, Math.min(...moves)).filter((name) => name === 'sync').length).toBeGreaterThanOrEqual(3);
  expect(calls.slice(Math.max(...moves)).includes('sync')).toBe(true);
  await places.close();
});
