/** Rows that nobody has looked into become the records that they would become as objects, wherever batches end. */
import { RecordEncoder } from '@lutra/avro';
import { batchHeadBytes } from '@lutra/bus';
import type { OutRecord } from '@lutra/bus';
import { createRouter } from '@lutra/model';
import type { Row, RowEvent, SourceItem } from '@lutra/model';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  artificial,
  eventBytes,
  formatBody,
  gtidBody,
  insertBody,
  queryBody,
  tableMapBody,
  u64,
} from '../../../../libs/binlog/src/bytes.fixture.js';
import { TransactionReader } from '../../../../libs/binlog/src/transaction-reader.js';
import { recordsOf } from '../../../../libs/bus/test/records-of.js';
import { LogWriter } from './log-writer.js';
import type { Acknowledged } from './log-writer.js';
import { TransactionTracker } from './transactions.js';

const file = 'binlog.000001';
let ids = 0;
const encoder = new RecordEncoder({ topic: 't', endpoint: 'a', ids: { register: async () => ++ids, byId: async () => null } });

/** @param transactions of each the rows of its events */
function itemsOf(transactions: readonly (readonly number[])[]): readonly SourceItem[] {
  const reader = new TransactionReader({
    facts: { flavor: 'mysql', charsets: new Map() },
    start: { gtidSet: '' },
    end: { file, pos: 4 },
    gtidMode: true,
    session: { session: { sqlMode: 0, timeZone: '+00:00', lcTimeNames: 0, collation: 45 }, systemZone: '+00:00' },
    wants: () => true,
  });
  let pos = 4;
  let id = 0;
  const items: SourceItem[] = [];
  const read = (bytes: Buffer): void => void items.push(...(reader.read(bytes) as readonly SourceItem[]));
  const write = (type: number, body: Buffer): void => {
    pos += 19 + body.length + 4;
    read(eventBytes({ type, body, next: pos }));
  };
  read(eventBytes({ type: 4, body: Buffer.concat([u64(4), Buffer.from(file)]), flags: artificial }));
  write(15, formatBody('9.7.0'));
  for (const [number, events] of transactions.entries()) {
    write(33, gtidBody(number + 1));
    write(2, queryBody('BEGIN'));
    for (const rows of events) {
      write(19, tableMapBody(5));
      write(
        30,
        insertBody(
          5,
          Array.from({ length: rows }, () => id++),
        ),
      );
    }
    write(16, u64(1));
  }
  return items;
}

function asObjects(item: SourceItem): SourceItem {
  if (item.kind !== 'rows') return item;
  const { kind, table, op, rows, flags, at, bytes } = item;
  return { kind, table, op, rows, flags, at, bytes };
}

interface Written {
  readonly records: readonly OutRecord[];
  readonly parts: readonly Acknowledged[];
}

async function written(items: readonly SourceItem[], batchBytes: number): Promise<Written> {
  const tracker = new TransactionTracker({
    endpoint: 'a',
    region: 'hangzhou',
    connector: 'mysql',
    version: '9',
    router: createRouter([{ schema: '*', table: '*' }]),
    forwarded: createRouter([]),
    publishedThrough: null,
    copies: { originOf: () => null },
    level: () => 1,
    foldsNames: false,
    seen: { c: { log: 'L', seq: 5 } },
    now: () => 1_700_000_000_000,
  });
  const { log, writer, running } = logOf(batchBytes);
  for (const item of items)
    for (const output of tracker.accept(item)) {
      if (output.kind === 'rows') await writer.unread(output.table, output, output.read);
      if (output.kind === 'row') await writer.row(output.table, output.event);
    }
  writer.close();
  await running;
  return log;
}

function logOf(batchBytes: number) {
  let next = 10;
  const records: OutRecord[] = [];
  const parts: Acknowledged[] = [];
  const writer = new LogWriter({
    publisher: {
      publish: async (batch) => {
        if ('batch' in batch && batch.count > 1) expect(batch.batch.length).toBeLessThanOrEqual(batchBytes + batchHeadBytes);
        const [found, firstOffset] = [recordsOf(batch), next];
        records.push(...found);
        next += found.length;
        return { firstOffset, nextOffset: next };
      },
    },
    encoder,
    log: 'L',
    epoch: 1,
    nextSeq: 97,
    nextOffset: 10,
    queueBytes: 5000,
    batchBytes,
    onAcknowledged: (some) => void parts.push(...some),
  });
  return { log: { records, parts } satisfies Written, writer, running: writer.run(new AbortController().signal) };
}

/** Buffers are compared byte by byte, which takes long. */
function texts({ records }: Written) {
  return records.map(({ key, value, headers }) => ({ key: key?.toString('hex'), value: value.toString('hex'), headers }));
}

it('are the same records, numbered and acknowledged without a hole', async () => {
  const transactions = fc.array(fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(transactions, fc.integer({ min: 100, max: 6000 }), async (made, batchBytes) => {
      const items = itemsOf(made);
      const [unread, objects] = [await written(items, batchBytes), await written(items.map(asObjects), batchBytes)];
      expect(texts(unread)).toEqual(texts(objects));
      const facts = ({ parts }: Written) =>
        parts.filter(({ row }) => row?.last === true).map(({ header, offset, row }) => ({ header, offset, row }));
      expect(facts(unread)).toEqual(facts(objects));
      expect(facts(unread)).toHaveLength(made.length);
      expect(unread.parts.reduce((sum, { count }) => sum + count, 0)).toBe(objects.records.length);
      expect(unread.parts.at(-1)?.header.seq).toBe(96 + objects.records.length);
    }),
    { numRuns: 25 },
  );
});

it('are the same records where they were read from their table, one transaction of them', async () => {
  const rowCount = fc.integer({ min: 1, max: 40 });
  await fc.assert(
    fc.asyncProperty(rowCount, fc.integer({ min: 100, max: 6000 }), fc.boolean(), async (count, batchBytes, keyed) => {
      const column = { name: 'id', type: 'bigint' } as const;
      const table = { database: 'd', name: 't', columns: [column, { name: 'x', type: 'blob' }], primaryKey: keyed ? ['id'] : [] } as const;
      const events = Array.from({ length: count }, (_, i): RowEvent =>
        copyOf({ id: BigInt(i), x: Buffer.alloc(i % 7 === 6 ? 99_900 : 5 * i) }, i, count),
      );
      const { log, writer, running } = logOf(batchBytes);
      await writer.rows(table, events);
      const { log: other, writer: oneByOne, running: alsoRunning } = logOf(batchBytes);
      for (const event of events) await oneByOne.row(table, event);
      writer.close();
      oneByOne.close();
      await Promise.all([running, alsoRunning]);
      expect(texts(log)).toEqual(texts(other));
      expect(log.parts.reduce((sum, part) => sum + part.count, 0)).toBe(count);
      expect(log.parts.at(-1)).toMatchObject({ header: { seq: 96 + count }, offset: 9 + count, row: { op: 'r', last: true } });
    }),
    { numRuns: 10 },
  );
});

function copyOf(after: Row, i: number, count: number): RowEvent {
  const last = i === count - 1;
  return {
    op: 'r',
    before: null,
    after,
    tsMs: 5,
    source: {
      version: '9',
      connector: 'mysql',
      name: 'a',
      db: 'd',
      table: 't',
      tsMs: 1,
      tsUs: 1000,
      serverId: 1,
      gtid: null,
      file,
      pos: 4,
      event: 0,
      flags: 0,
      row: i,
      origin: 'hangzhou',
      path: ['hangzhou'],
    },
    transaction: { id: 'x', totalOrder: i + 1, last, seen: {}, session: null, end: last ? { file, pos: 4 } : null },
  };
}
