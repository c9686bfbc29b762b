import type { RecordEncoder } from '@lutra/avro';
import type { Publisher } from '@lutra/bus';
import { describe, expect, it } from 'vitest';
import { LogWriter } from './log-writer.js';

const encoder = {
  encodeControl: async () => ({ key: null, value: Buffer.from('x'), headers: {} }),
} as unknown as RecordEncoder;
const routes = { kind: 'routes', endpoint: 'a', tables: [], pipelines: {}, revision: 7, server: null, tsMs: 0 } as const;

function writerOf(publish: Publisher['publish']): LogWriter {
  return new LogWriter({
    publisher: { publish },
    encoder,
    log: 'L',
    epoch: 1,
    nextSeq: 0,
    nextOffset: 10,
    queueBytes: 200,
    batchBytes: 1,
    onAcknowledged: () => undefined,
  });
}

describe('writing the log', () => {
  it('ends when its leadership had ended before it began', async () => {
    const writer = writerOf(() => Promise.reject(new Error('must not publish')));
    await expect(writer.run(AbortSignal.abort())).rejects.toMatchObject({ code: 'ABORTED' });
    await expect(writer.control(routes)).rejects.toMatchObject({ code: 'ABORTED' });
  });

  it('ends at an offset that someone else took, and so does who waits for room', async () => {
    const writer = writerOf(async () => ({ firstOffset: 11, nextOffset: 12 }));
    const running = writer.run(new AbortController().signal);
    const writing = (async () => {
      for (let n = 0; n < 100; n += 1) await writer.control(routes);
    })();
    await expect(running).rejects.toMatchObject({ code: 'LEASE_LOST' });
    await expect(writing).rejects.toMatchObject({ code: 'LEASE_LOST' });
  });
});
