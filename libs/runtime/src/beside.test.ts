import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { bounded, dying, largeWork, refusing } from './beside.fixture.js';

test('a function gives beside what it gives here', async () => {
  const bytes = Buffer.from('of a larger buffer').subarray(3, 9);
  expect(await largeWork(bytes, 'ü😀')).toEqual({ text: 'a largü😀', bytes: 6 });
});

test('the event loop has its turns while it runs, and calls are done in their order', async () => {
  const done: number[] = [];
  const calls = [0, 1, 2].map((i) => largeWork(Buffer.alloc(2 ** 20, 'x'), String(i)).then(() => done.push(i)));
  let turns = 0;
  const all = Promise.all(calls).then(() => true);
  while (!(await Promise.race([all, nextTurn(false)]))) turns += 1;
  expect(done).toEqual([0, 1, 2]);
  expect(turns).toBeGreaterThan(0);
});

test('what it throws is thrown here, with its code', async () => {
  await expect(refusing('RECORD_INVALID')).rejects.toMatchObject({ code: 'RECORD_INVALID', details: { at: 1 } });
  await expect(refusing('range')).rejects.toThrow(RangeError);
});

test('a thread that dies is an error of the call, and the next call has another thread', async () => {
  await expect(dying()).rejects.toMatchObject({ code: 'INTERNAL', message: expect.stringContaining('die') });
  expect(await largeWork(Buffer.from('on'), '')).toEqual({ text: 'on', bytes: 2 });
});

test('what is bounded ends when its time is over, and holds up neither the next call nor others', async () => {
  const endless = bounded(1e9);
  expect(await largeWork(Buffer.from('on'), '')).toEqual({ text: 'on', bytes: 2 });
  await expect(endless).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  expect(await bounded(0)).toBe(0);
});
