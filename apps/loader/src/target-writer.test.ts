import type { Checkpoint } from '@lutra/marker';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { TargetWriter } from './target-writer.js';

const opened = vi.hoisted(() => ({ next: Promise.withResolvers<unknown>() }));
vi.mock('@lutra/mysql', async (original) => ({
  ...(await original<object>()),
  ApplyConnection: { open: () => opened.next.promise },
}));

const key = { pipeline: 'c.p', part: 0, lane: 0, epoch: 3 };
const checkpoint = {
  ...key,
  logId: 'L',
  logEpoch: 1,
  seq: 1,
  nextOffset: 2,
  gtid: null,
  sourceUs: 0,
  origin: '',
  path: [],
  replayUntil: -1,
} as Checkpoint;
const rows = { sql: '', marks: [] };

beforeEach(() => (opened.next = Promise.withResolvers()));

describe('the end of a run', () => {
  it('leaves no connection behind that was being opened, and nothing is written through it', async () => {
    const calls: string[] = [];
    const writer = new TargetWriter({ host: 'h', port: 1, user: 'u', password: 'p' }, key, () => undefined);
    const committing = writer.commit(rows, checkpoint);
    await writer.dispose();
    opened.next.resolve({ broken: false, run: async () => void calls.push('run'), close: async () => void calls.push('close') });
    await expect(committing).rejects.toMatchObject({ code: 'ABORTED' });
    expect(calls).toEqual(['close']);
  });
});
