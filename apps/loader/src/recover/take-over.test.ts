import type { Checkpoint } from '@lutra/marker';
import { describe, expect, it } from 'vitest';
import { skipOf } from './take-over.js';
import { uidOf } from '../../../../libs/model/src/pipeline-uid.fixture.js';

const order = { log: 'L', seq: 7, reason: 'damaged', at: 0 };
const skips = { read: async () => order } as unknown as Parameters<typeof skipOf>[0]['skips'];
const uid = uidOf('c.p');
const at = (logId: string, seq: number) => ({ logId, seq }) as Checkpoint;

describe('an order to skip', () => {
  it('is nobody’s any more once it is passed, or in another log', async () => {
    expect(await skipOf({ skips }, uid, at('L', 6))).toEqual(order);
    expect(await skipOf({ skips }, uid, at('', -1))).toEqual(order);
    expect(await skipOf({ skips }, uid, at('L', 7))).toBeNull();
    expect(await skipOf({ skips }, uid, at('M', 6))).toBeNull();
  });
});
