import { RecordDecoder, RecordEncoder } from '@lutra/avro';
import { SyncError } from '@lutra/model';
import type { TableSchema } from '@lutra/model';
import { LiveWork } from '@lutra/runtime';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { MemoryIds, eventOf, header } from '../../../../libs/avro/test/samples.js';
import { applyLog } from './apply-log.js';
import { Bell } from './batches.js';

const table: TableSchema = {
  database: 'shop',
  name: 'orders',
  columns: [
    { name: 'id', type: 'int' },
    { name: 't', type: 'text', charset: 'utf8mb4', length: 2 ** 32 - 1 },
  ],
  primaryKey: ['id'],
};
const unhandled: unknown[] = [];
const listen = (error: unknown): void => void unhandled.push(error);
let others: NodeJS.UnhandledRejectionListener[] = [];
beforeEach(() => {
  unhandled.length = 0;
  others = process.listeners('unhandledRejection');
  process.removeAllListeners('unhandledRejection');
  process.on('unhandledRejection', listen);
});
afterEach(() => {
  process.removeAllListeners('unhandledRejection');
  for (const other of others) process.on('unhandledRejection', other);
});

async function apply(records: readonly object[], decoder: RecordDecoder): Promise<unknown> {
  const signal = new AbortController().signal;
  const live = new LiveWork({ detector: null, routes: [], forwards: false });
  const work = live.take();
  const run = {
    deps: {
      schemas: {},
      io: {
        kafka: {
          subscribe: async function* () {
            yield records;
          },
        },
      },
    },
    work,
    live,
    bell: new Bell(),
    bus: {},
    topic: 't',
    signal,
    decoder,
    during: (_: string, work: () => Promise<unknown>) => work(),
  };
  const stages = {
    reader: { startOffset: 0, accept: () => ({ kind: 'nothing' }) },
    progress: { batch() {}, batchDone() {} },
    applier: { flush: async () => undefined, drained: async () => undefined, between: true },
    routes: {},
  };
  return applyLog(run as never, stages as never, { checkpoint: {} } as never).then(
    () => null,
    (error: unknown) => error,
  );
}

async function encoded(ids: MemoryIds) {
  const encoder = await new RecordEncoder({ topic: 't', endpoint: 'a', ids }).prepare(table);
  const of = (t: string, offset: number) => ({
    ...encoder.encode(header, eventOf(table, { before: { id: 1, t }, after: { id: 1, t: 'y' } })),
    offset,
    timestampMs: 0,
  });
  return of;
}

test('a large record whose text is none ends the run, and nothing else', async () => {
  const ids = new MemoryIds();
  const of = await encoded(ids);
  const bad = of('x'.repeat(2_000_000), 1);
  const value = Buffer.from(bad.value);
  value.fill(0xff, 1_000_000, 1_000_010);
  const error = await apply([of('small', 0), { ...bad, value }], new RecordDecoder({ ids }));
  expect(error).toMatchObject({ code: 'RECORD_INVALID' });
  expect(unhandled).toEqual([]);
});

test('a large record whose schema is another one under its id ends the run, and nothing else', async () => {
  const ids = new MemoryIds();
  const of = await encoded(ids);
  const record = of('x'.repeat(2_000_000), 0);
  for (const id of ids.schemas.keys()) ids.schemas.set(id, ids.schemas.get(id)!.replaceAll('orders', 'others'));
  const error = await apply([record], new RecordDecoder({ ids }));
  expect(error).toMatchObject({ code: 'SCHEMA_UNKNOWN' });
  expect(unhandled).toEqual([]);
});

const unresolved = (seq: number): SyncError =>
  new SyncError('ROW_CONFLICT', 'both sides', { refused: { conflict: true, transaction: { log: 'l', seq } } });

/** `failing`: what the batches of each reading end with, one after the other; then the topic ends. Resolves to what the run ends with. */
async function failed(failing: (resolved: ReadonlySet<number>) => unknown, signal = new AbortController().signal) {
  const offsets: number[] = [];
  const seen = { resolved: new Set<number>(), discards: 0, offsets };
  const live = new LiveWork({ detector: null, routes: [], forwards: false });
  const run = {
    deps: {
      schemas: {},
      logger: { info: () => undefined },
      io: {
        kafka: {
          subscribe: async function* ({ offset }: { offset: number }) {
            offsets.push(offset);
            yield [];
          },
        },
      },
    },
    work: live.take(),
    live,
    bell: new Bell(),
    bus: {},
    topic: 't',
    signal,
    resolved: seen.resolved,
    admin: { offsets: async () => ({ start: 0, end: 9 }) },
    during: (_: string, work: () => Promise<unknown>) => work(),
  };
  const applier = {
    flush: async () => {
      const error = failing(seen.resolved);
      if (error !== null) throw error;
    },
    discard: async () => void (seen.discards += 1),
    settled: async () => ({ logId: 'l', logEpoch: 1, seq: 3, nextOffset: 5 }),
    drained: async () => undefined,
    between: true,
  };
  const progress = { batch() {}, batchDone() {}, discarded() {} };
  const stages = { reader: { startOffset: 0 }, progress, applier, routes: {} };
  const thrown = await applyLog(run as never, stages as never, { checkpoint: {} } as never).then(
    () => null,
    (error: unknown) => error,
  );
  return { ...seen, thrown };
}

test('each large transaction that met a conflict is read again from where all is committed, until none is left', async () => {
  const inTheLog = [7, 1007, 5000];
  const { thrown, offsets, discards, resolved } = await failed((known) => {
    const met = inTheLog.find((seq) => !known.has(seq));
    return met === undefined ? null : unresolved(met);
  });
  expect(thrown).toBeNull();
  // From the record before: it shows that the log is the same.
  expect([offsets, discards, [...resolved]]).toEqual([[0, 4, 4, 4], 3, inTheLog]);
});

test('what fails though it was resolved, or for another reason, or when the run is to end, ends the run', async () => {
  const again = await failed(() => unresolved(7));
  expect([again.thrown, again.offsets]).toEqual([unresolved(7), [0, 4]]);
  const other = new SyncError('ROW_CONFLICT', 'other', { details: { seq: 7 } });
  expect(await failed(() => other)).toMatchObject({ thrown: other, offsets: [0] });
  expect(await failed(() => unresolved(7), AbortSignal.abort())).toMatchObject({ thrown: unresolved(7), offsets: [0] });
});

test('the place behind a large transaction that met a conflict is not saved before it is read again: whoever came next would lack it', async () => {
  let now = Date.now();
  vi.spyOn(Date, 'now').mockImplementation(() => (now += 900_000));
  const saved: number[] = [];
  const known = { header: { kind: 'heartbeat', log: 'l', epoch: 1, seq: 3 }, body: { kind: 'heartbeat' }, offset: 4 };
  // Its last row; then, read again, a batch that has the record before it alone.
  const readings = [[{ header: {}, body: {} }], [known]];
  const live = new LiveWork({ detector: null, routes: [], forwards: false });
  const run = {
    deps: {
      schemas: {},
      logger: { info() {} },
      io: {
        kafka: {
          subscribe: async function* () {
            yield readings.shift();
          },
        },
      },
    },
    work: live.take(),
    live,
    bell: new Bell(),
    signal: new AbortController().signal,
    resolved: new Set(),
    admin: { offsets: async () => ({ start: 0, end: 9 }) },
    decoder: { decode: (record: unknown) => record },
    during: (_: string, work: () => Promise<unknown>) => work(),
  };
  const position = { log: 'l', logEpoch: 1, seq: 7, nextOffset: 9 };
  const event = { op: 'u', transaction: { last: true } };
  const stages = {
    reader: { startOffset: 0, accept: () => ({ kind: 'row', table, event, position }) },
    progress: { batch() {}, batchDone() {}, discarded() {}, row() {} },
    applier: {
      row: () => Promise.reject(unresolved(7)),
      discard: async () => undefined,
      settled: async () => ({ logId: 'l', logEpoch: 1, seq: 3, nextOffset: 5 }),
      flush: async () => undefined,
      drained: async () => undefined,
      saveProgress: async ({ seq }: { seq: number }) => void saved.push(seq),
      between: true,
      tableRows: { open: false },
    },
    routes: { isProven: true, requireProven() {} },
  };
  await applyLog(run as never, stages as never, { checkpoint: {} } as never);
  vi.restoreAllMocks();
  expect([readings, saved]).toEqual([[], []]);
});
