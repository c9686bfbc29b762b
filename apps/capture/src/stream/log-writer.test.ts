import type { RecordEncoder } from '@lutra/avro';
import type { Published, Publisher } from '@lutra/bus';
import { SyncError } from '@lutra/model';
import type { DdlRecord, RowEvent } from '@lutra/model';
import { describe, expect, it, vi } from 'vitest';
import { emptyDdl } from '../../../../libs/avro/src/ddl-links.js';
import { recordsOf } from '../../../../libs/bus/test/records-of.js';
import { LogWriter } from './log-writer.js';
import type { Acknowledged, LogWriterOptions } from './log-writer.js';

const encoder = {
  encodeControl: async () => ({ key: null, value: Buffer.from('x'), headers: {} }),
} as unknown as RecordEncoder;
const routes = {
  kind: 'routes',
  endpoint: 'a',
  tables: [],
  pipelines: {},
  names: {},
  revision: 7,
  write: 'aaaaaaaaaaaa',
  server: null,
  tsMs: 0,
} as const;

function writerOf(publish: Publisher['publish'], prepare?: RecordEncoder['prepare']): LogWriter {
  return new LogWriter({
    publisher: { publish },
    encoder: (prepare ? { prepare } : encoder) as RecordEncoder,
    log: 'L',
    epoch: 1,
    nextSeq: 0,
    nextOffset: 10,
    queueBytes: 200,
    batchBytes: 1,
    onAcknowledged: () => undefined,
  });
}

/** Of a record of one byte, framed. */
const recordBytes = 9;

interface Asked {
  readonly count: number;
  /** With the offset that comes next, or another one. */
  answer(firstOffset?: number): void;
}

/** A writer whose publisher answers when it is told to. */
function held(bounds: Pick<LogWriterOptions, 'queueBytes' | 'batchBytes'>) {
  const [asked, acknowledged]: [Asked[], number[]] = [[], []];
  let next = 10;
  const publish: Publisher['publish'] = (records) => {
    const { length: count } = recordsOf(records);
    const { promise, resolve } = Promise.withResolvers<Published>();
    const firstOffset = next;
    next += count;
    asked.push({ count, answer: (offset = firstOffset) => resolve({ firstOffset: offset, nextOffset: offset + count }) });
    return promise;
  };
  const onAcknowledged = (records: readonly Acknowledged[]): void => void acknowledged.push(...records.map(({ header }) => header.seq));
  const writer = new LogWriter({
    publisher: { publish },
    encoder,
    log: 'L',
    epoch: 1,
    nextSeq: 0,
    nextOffset: 10,
    ...bounds,
    onAcknowledged,
  });
  return { asked, acknowledged, writer };
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

  it('hands over the next full batch while a request is in flight, for its compression, and no more', async () => {
    const { asked, writer, acknowledged } = held({ queueBytes: 10_000, batchBytes: 3 * recordBytes });
    for (let n = 0; n < 12; n += 1) await writer.control(routes);
    const running = writer.run(new AbortController().signal);
    await vi.waitFor(() => expect(asked.map(({ count }) => count)).toEqual([3, 3]));
    asked[0]!.answer();
    await vi.waitFor(() => expect(asked).toHaveLength(3));
    expect(acknowledged).toEqual([0, 1, 2]);
    writer.close();
    for (let n = 1; n < 4; n += 1) await vi.waitFor(() => asked[n]!.answer());
    await running;
    expect(acknowledged).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  });

  it('gathers what comes while a request is in flight, as long as it fills no batch', async () => {
    const { asked, writer } = held({ queueBytes: 10_000, batchBytes: 3 * recordBytes });
    const running = writer.run(new AbortController().signal);
    await writer.control(routes);
    await vi.waitFor(() => expect(asked).toHaveLength(1));
    await writer.control(routes);
    await writer.control(routes);
    expect(asked).toHaveLength(1);
    asked[0]!.answer();
    await vi.waitFor(() => expect(asked.map(({ count }) => count)).toEqual([1, 2]));
    asked[1]!.answer();
    writer.close();
    await running;
  });

  it('acknowledges nothing behind an offset that someone else took, and tells the first failure', async () => {
    const { asked, writer, acknowledged } = held({ queueBytes: 10_000, batchBytes: recordBytes });
    for (let n = 0; n < 3; n += 1) await writer.control(routes);
    const running = writer.run(new AbortController().signal);
    await vi.waitFor(() => expect(asked).toHaveLength(2));
    asked[0]!.answer(11);
    asked[1]!.answer(12);
    await expect(running).rejects.toMatchObject({ code: 'LEASE_LOST', details: { firstOffset: 11, expected: 10 } });
    expect({ acknowledged, asked: asked.length }).toEqual({ acknowledged: [], asked: 2 });
  });

  it.each([
    [
      'larger than the topic takes',
      { value: 200_000, publish: new SyncError('RECORD_TOO_LARGE', 'a record is 200000 bytes', { details: { bytes: 200_000 } }) },
      'RECORD_TOO_LARGE',
    ],
    ['that cannot be encoded', { value: new RangeError('Invalid string length') }, 'INTERNAL'],
    ['with a value that is not supported', { value: new SyncError('VALUE_UNSUPPORTED', 'no'), isOfTable: true }, 'VALUE_UNSUPPORTED'],
  ])('names a row %s: table, key, place; and whether it is its table’s matter', async (_, { value, publish, isOfTable }: Failing, code) => {
    const prepare = async () => ({
      run: null,
      copies: () => null,
      isLarge: () => false,
      encodeInTurns: () => Promise.reject(new Error('is not large')),
      encode: () => {
        if (value instanceof Error) throw value;
        return { key: null, value: Buffer.alloc(value), headers: {} };
      },
    });
    const writer = writerOf(() => Promise.reject(publish ?? new Error('must not publish')), prepare);
    const running = writer.run(new AbortController().signal);
    const table = { database: 'shop', name: 'files', columns: [], primaryKey: ['id'] };
    const event = {
      op: 'c',
      before: null,
      after: { id: 5, picture: 'never in a message' },
      source: { file: 'b.1', pos: 4, gtid: 'u:7' },
      transaction: { last: true },
    } as unknown as RowEvent;
    const written = Promise.race([writer.row(table, event).then(() => running), running]);
    await expect(written).rejects.toMatchObject({
      code,
      message: expect.stringMatching(/^shop\.files, id=5 \(b\.1:4, u:7\): /),
      details: { database: 'shop', table: 'files', key: 'id=5', file: 'b.1', pos: 4, gtid: 'u:7' },
      refused: isOfTable ? { table: { database: 'shop', name: 'files', code } } : {},
    });
    writer.close();
    await running.catch(() => undefined); // the same refusal, seen above
  });

  it('names a statement that is larger than the topic takes: table, place, and nothing of its text', async () => {
    const writer = writerOf(() => Promise.reject(new SyncError('RECORD_TOO_LARGE', 'a record is 200000 bytes')));
    const running = writer.run(new AbortController().signal);
    const of = { database: 'shop', name: 'files', role: 'subject', offset: 6, length: 5 } as const;
    const position = { file: 'b.1', pos: 9, gtidSet: 'u:1-7' };
    const record: DdlRecord = { ...emptyDdl(), id: 'u:7', database: 'shop', sql: 'ALTER secret', tables: [of], position };
    await expect(Promise.race([writer.control(record).then(() => running), running])).rejects.toMatchObject({
      code: 'RECORD_TOO_LARGE',
      message: 'shop.files (b.1:9, u:7): a record is 200000 bytes',
    });
    writer.close();
    await running.catch(() => undefined); // the same refusal, seen above
  });
});

interface Failing {
  /** Bytes of the encoded row. */
  readonly value: number | Error;
  readonly publish?: Error;
  readonly isOfTable?: boolean;
}
