/** Who may place, and what one owner or pipeline leaves to another. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { a, b, call, file, request, type TestRoot, useRoot } from './placing.fixture.js';
import type { RootPlaces } from './root-places.js';

let root: TestRoot;
let places: RootPlaces;

const place = useRoot(
  (made) => void ({ root, places } = made),
  () => ({ root, places }),
);

test('a placing that comes behind its own end is refused', async () => {
  await place(1, { one: '1' });
  await places.unplace(call(1));
  await expect(place(1, { one: '1' })).rejects.toMatchObject({ code: 'FENCED' });
  await place(2, { one: '1' });
  await places.settle(call(2));
  await expect(place(2, { one: '2' })).rejects.toMatchObject({ code: 'FENCED' });
  expect(root.files()).toEqual({ one: '1' });
});

test('nothing of a lower epoch happens behind a fence, also after a restart', async () => {
  const [placed] = (await place(1, { one: '1' })).placed;
  expect(await places.fence(call(0, a, 2))).toEqual({ open: [1] });
  await places.close();
  places = await root.open();
  await expect(place(2, { one: '2' })).rejects.toMatchObject({ code: 'FENCED' });
  await expect(places.unplace(call(1))).rejects.toMatchObject({ code: 'FENCED' });
  await expect(places.settle(call(1))).rejects.toMatchObject({ code: 'FENCED' });
  await expect(places.fence(call(0))).rejects.toMatchObject({ code: 'FENCED' });
  await expect(places.delete({ ...call(0), path: 'one', placed: placed!, way: 'remove', mark: null })).rejects.toMatchObject({
    code: 'FENCED',
  });
  expect(await places.fence(call(0, a, 2))).toEqual({ open: [1] });
  await places.unplace(call(1, a, 2));
  expect(root.files()).toEqual({});
});

test('a fence waits for what is under way, and of two the higher one stays', async () => {
  const under = place(1, { 'x/one': '1' });
  const [, low, high, late] = await Promise.allSettled([
    under,
    places.fence(call(0, a, 2)),
    places.fence(call(0, a, 3)),
    places.fence(call(0, a, 2)),
  ]);
  expect(low).toMatchObject({ value: { open: [1] } });
  expect(high).toMatchObject({ value: { open: [1] } });
  expect(late).toMatchObject({ reason: { code: 'FENCED' } });
});

test('a higher epoch is let in without a fence only where nothing is open', async () => {
  await place(1, { one: '1' });
  await expect(places.place(request({ n: 2, epoch: 2, files: [] }))).rejects.toMatchObject({ code: 'FENCED' });
  await places.settle(call(1));
  await places.place(request({ n: 2, epoch: 2, files: [file('one', '1')] }));
  await expect(place(3, { one: '1' })).rejects.toMatchObject({ code: 'FENCED' });
});

test('what another pipeline may take back is not relied on', async () => {
  root.write('p', 'old');
  await place(1, { p: 'new' }, a);
  await places.place(request({ n: 7, pipeline: b, files: [file('p', 'new')] }));
  await places.unplace(call(1, a));
  expect(root.files()).toEqual({ p: 'new' });
  await places.unplace(call(7, b));
  expect(root.files()).toEqual({ p: 'old' });
});

test('whoever takes back first, nothing is left of two placings', async () => {
  for (const order of [
    [a, b],
    [b, a],
  ]) {
    await place(order[0] === a ? 1 : 2, { p: 'of a' }, a);
    await place(order[0] === a ? 1 : 2, { p: 'of b' }, b);
    for (const pipeline of order) await places.unplace(call(order[0] === a ? 1 : 2, pipeline));
    expect(root.files()).toEqual({});
  }
});

test('what a next owner took back can be placed by it with the same number', async () => {
  await place(1, { one: '1' });
  await places.fence(call(0, a, 2));
  await places.unplace(call(1, a, 2));
  const { placed } = await places.place(request({ n: 1, epoch: 2, files: [file('one', '1')] }));
  expect([placed.length, root.files()]).toEqual([1, { one: '1' }]);
});

test('what is left of an unfinished placing is gone after a start', async () => {
  const folder = join(root.path, '.lutra/undo', a, '9');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'old-0'), 'x');
  chmodSync(folder, 0o700);
  await places.close();
  places = await root.open();
  expect(root.own(`undo/${a}`)).toEqual([]);
});

test('whoever comes when it is closed is sent away', async () => {
  const last = place(1, { one: '1' });
  await Promise.resolve(); // it is under way
  const closed = places.close();
  await expect(place(2, { two: '2' })).rejects.toMatchObject({ code: 'FILES_UNAVAILABLE' });
  await Promise.all([closed, last]);
  expect(root.files()).toEqual({ one: '1' });
  places = await root.open();
});
