import { RecordDecoder, RecordEncoder } from '@lutra/avro';
import type { TableSchema } from '@lutra/model';
import { LiveWork } from '@lutra/runtime';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { MemoryIds, eventOf, header } from '../../../../libs/avro/test/samples.js';
import { applyLog } from './apply-log.js';

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
