import { expect, test } from 'vitest';
import { Pace } from './pace.js';

test('as many chunks at once as ordered, one where somebody is half as far behind as he may be, none beyond', async () => {
  let lag: 'none' | 'near' | 'far' = 'none';
  const pace = new Pace(
    { parallel: 3, rowsPerSecond: null },
    { obstacle: () => (lag === 'far' ? 'a pipeline that is behind' : null), isNear: () => lag !== 'none' },
  );
  const begun: (() => void)[] = [];
  const begin = async (): Promise<void> => void begun.push(await pace.turn());
  for (let i = 0; i < 9; i++) void begin();
  const looked = async (): Promise<number> => {
    pace.look();
    await new Promise(setImmediate);
    return begun.length;
  };
  const end = (count: number): void => begun.slice(begun.length - count).forEach((done) => done());
  expect(await looked()).toBe(3);
  lag = 'near';
  end(2);
  expect(await looked()).toBe(3);
  begun[0]?.();
  expect(await looked()).toBe(4);
  lag = 'far';
  end(1);
  expect(await looked()).toBe(4);
  expect(pace.waitingFor).toBe('a pipeline that is behind');
  lag = 'none';
  expect(await looked()).toBe(7);
});
