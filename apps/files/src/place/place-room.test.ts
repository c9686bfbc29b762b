import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLogger } from '@lutra/telemetry';
import { FileHashes } from '../serve/file-hashes.js';
import { Root } from '../serve/root.js';
import { call, file, request, TestRoot } from './place.fixture.js';
import { placeRoom } from './place-room.js';

let files: TestRoot;
beforeEach(() => void (files = new TestRoot()));
afterEach(() => files.remove());

const room = (): ReturnType<typeof placeRoom> => placeRoom({ hashes: new FileHashes(), logger: createLogger('files', 'silent') });
const root = (): Root => new Root({ name: 'pics', path: files.path, maxBytes: null, mode: 0o640, serveOnly: false });

test('the next holder is ready when the one before has ended what it had begun, and knows what is open', async () => {
  const [first, next] = [room(), room()];
  await expect(async () => await first.place(request({ n: 1, files: [] }))).rejects.toMatchObject({ code: 'FILES_UNAVAILABLE' });
  const ends = new AbortController();
  const [isFirst, isNext] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const held = first.hold(root(), { leaseNumber: 1, signal: ends.signal }, isFirst.resolve);
  await isFirst.promise;
  const after = new AbortController();
  const order: string[] = [];
  const later = next.hold(root(), { leaseNumber: 2, signal: after.signal }, () => {
    order.push('next is ready');
    isNext.resolve();
  });
  for (let i = 0; i < 50; i += 1) files.stage(String(i));
  const placed = first.place(request({ n: 1, files: Array.from({ length: 50 }, (_, i) => file(`f/${i}`, String(i))) }));
  const told = placed.then(() => order.push('placed'));
  await Promise.resolve();
  ends.abort();
  await Promise.all([told, held, first.close(), isNext.promise]);
  expect(order).toEqual(['placed', 'next is ready']);
  await expect(async () => await first.settle(call(1))).rejects.toMatchObject({ code: 'FILES_UNAVAILABLE' });
  expect(await next.fence(call(0))).toEqual({ open: [1] });
  await next.unplace(call(1));
  expect(files.files()).toEqual({});
  after.abort();
  await Promise.all([later, next.close()]);
});

test('what is there already is known by the hashes that are remembered', async () => {
  const one = room();
  const ends = new AbortController();
  const isReady = Promise.withResolvers<void>();
  const held = one.hold(root(), { leaseNumber: 1, signal: ends.signal }, isReady.resolve);
  await isReady.promise;
  files.write('big', 'x'.repeat(9_000_000));
  files.write('small', 'x');
  const { placed } = await one.place(request({ n: 1, files: [file('big', 'x'.repeat(9_000_000)), file('small', 'x')] }));
  expect(placed.map(({ path }) => path)).toEqual(['big', 'small']);
  ends.abort();
  await held;
});
