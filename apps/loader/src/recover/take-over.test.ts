import type { Checkpoint } from '@lutra/marker';
import { describe, expect, it } from 'vitest';
import { skipOf } from './take-over.js';

const order = { log: 'L', seq: 7, reason: 'damaged', at: 0 };
const skips = { read: async () => order } as unknown as Parameters<typeof skipOf>[0]['skips'];
const at = (logId: string, seq: number) => ({ logId, seq }) as Checkpoint;

describe('an order to skip', () => {
  it('is nobody’s any more once it is passed, or in another log', async () => {
    expect(await skipOf({ skips }, 'c.p', at('L', 6))).toEqual(order);
    expect(await skipOf({ skips }, 'c.p', at('', -1))).toEqual(order);
    expect(await skipOf({ skips }, 'c.p', at('L', 7))).toBeNull();
    expect(await skipOf({ skips }, 'c.p', at('M', 6))).toBeNull();
  });
});
