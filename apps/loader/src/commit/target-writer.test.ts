import type { Checkpoint } from '@lutra/marker';
import type { ApplyConnection } from '@lutra/mysql';
import { beforeEach, describe, expect, it } from 'vitest';
import { serversIo } from '../io.js';
import { TargetWriter } from './target-writer.js';

const opened = { next: Promise.withResolvers<unknown>() };
const port = { ...serversIo.target, connect: () => opened.next.promise as Promise<ApplyConnection> };

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
    const writer = new TargetWriter({ target: { host: 'h', port: 1, user: 'u', password: 'p' }, port, key, observe: () => undefined });
    const committing = writer.commit(rows, checkpoint);
    await writer.dispose();
    opened.next.resolve({ broken: false, run: async () => void calls.push('run'), close: async () => void calls.push('close') });
    await expect(committing).rejects.toMatchObject({ code: 'ABORTED' });
    expect(calls).toEqual(['close']);
  });
});
