import type { Checkpoint } from '@lutra/marker';
import { describe, expect, it } from 'vitest';
import { skipOf, takeOverTarget } from './take-over.js';
import { uidOf } from '../../../../libs/model/src/pipeline-uid.fixture.js';

const order = { log: 'L', seq: 7, reason: 'damaged', at: 0 };
const skips = { read: async () => order } as unknown as Parameters<typeof skipOf>[0]['skips'];
const uid = uidOf('c.p');
const at = (logId: string, seq: number) => ({ logId, seq }) as Checkpoint;

it.each([true, false])(
  'a take-over marks nothing in a tree that is not followed, and shuts the same loaders out (followed: %s)',
  async (isFollowed) => {
    const gone = uidOf('c.gone');
    const done: string[] = [];
    const entry = { target: 'b', removedAt: 1 };
    const parts = {
      uids: {
        read: async () => null,
        all: async () => new Map([[gone, entry]]),
        begin: async () => void done.push('begun'),
        fenced: async (of: string) => void done.push(`marked ${of === gone}`),
      },
      admin: { groupOffset: async () => null },
      takeOver: async () => (done.push('taken over'), { checkpoint: at('', -1), created: true }),
      fence: async (_: unknown, of: string) => void done.push(`fenced ${of === gone}`),
      isFollowed: async () => isFollowed,
    } as unknown as Parameters<typeof takeOverTarget>[0];
    const facts = { channel: 'c', pipeline: 'p', source: 'a', target: 'b', fingerprint: 'f' };
    const of = { uid, name: 'c.p', facts, topic: 't', leaseNumber: 1, signal: new AbortController().signal };
    await takeOverTarget(parts, { host: 'h', port: 1, user: 'u', password: '' }, of);
    expect(done).toEqual(isFollowed ? ['fenced true', 'marked true', 'taken over', 'begun'] : ['fenced true', 'taken over']);
  },
);

describe('an order to skip', () => {
  it('is nobody’s any more once it is passed, or in another log', async () => {
    expect(await skipOf({ skips }, uid, at('L', 6))).toEqual(order);
    expect(await skipOf({ skips }, uid, at('', -1))).toEqual(order);
    expect(await skipOf({ skips }, uid, at('L', 7))).toBeNull();
    expect(await skipOf({ skips }, uid, at('M', 6))).toBeNull();
  });
});
