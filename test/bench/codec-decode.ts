/** Record batches of the table of entries.ts → SQL, as the loader makes it: its reader of batches, its decoder and its statements. */
import { RecordDecoder, RecordEncoder } from '@lutra/avro';
import { headerBytes, RecordFrames } from '@lutra/bytes';
import type { ColumnSchema, ControlRecord, Row, RowEvent, TableSchema, Value } from '@lutra/model';
import { changeOf } from '../../apps/loader/src/assemble/changes.js';
import { Statements } from '../../apps/loader/src/plan/statements.js';
import { LogReader } from '../../apps/loader/src/read/log-reader.js';
import { frameBatch, packRecords } from '../../libs/bus/src/record-batch.js';
import { batchHeadBytes } from '../../libs/bus/src/options.js';
import { readBatch, splitBatches } from '../../libs/bus/src/record-batch-reader.js';
import type { RawBatch } from '../../libs/bus/src/record-batch-reader.js';
import { column as targetColumn, targetTable } from '../../libs/mysql/src/changes.fixture.js';
import { entry } from './entries.js';

type Op = 'insert' | 'update';

const columns: readonly ColumnSchema[] = [
  { name: 'id', type: 'bigint' },
  { name: 'customer', type: 'int' },
  { name: 'name', type: 'varchar', length: 240, charset: 'utf8mb4' },
  { name: 'amount', type: 'decimal', precision: 12, scale: 2 },
  { name: 'note', type: 'varchar', length: 800, charset: 'utf8mb4' },
  { name: 'changed_at', type: 'datetime', scale: 3 },
  { name: 'details', type: 'json' },
];
const table: TableSchema = { database: 'bulk_1', name: 'entries', primaryKey: ['id'], columns };
const target = targetTable(
  columns.map(({ name, type, charset = null }) => targetColumn(name, { type, columnType: type, charset, nullable: name !== 'id' })),
  { database: 'bulk_1', name: 'entries' },
);
const log = { log: '5b6f5e0e-5d2c-4c7e-9f37-7a1f7b5f4c11', epoch: 7 };

const leader: ControlRecord = { kind: 'epoch', endpoint: 'a', leader: 'codec', tsMs: 0 };

/** One pass over its rows; resolves to how many. Each batch becomes one text. */
export async function decodePass(op: Op, of: { readonly transactions: number; readonly rows: number }): Promise<() => Promise<number>> {
  const { ids, batches } = await logOf(op, of);
  const decoder = new RecordDecoder({ ids, later: true });
  const statements = new Statements({ exact: false });
  return async () => {
    let rows = 0;
    const reader = new LogReader('codec', { logId: log.log, logEpoch: -1, seq: -1, nextOffset: 0 });
    reader.accept({ offset: 0, header: { ...log, kind: 'epoch', log: '', seq: -1 }, body: leader });
    for (const batch of batches) {
      for (const raw of await readBatch(batch, batch.firstOffset)) {
        const decoded = decoder.decode(raw);
        const step = reader.accept(decoded instanceof Promise ? await decoded : decoded);
        if (step.kind !== 'row') throw new Error(`a record that is no row: ${step.kind}`);
        statements.add(changeOf(step.event, { source: step.table, target, under: { session: null, flags: 0 } }), false);
        rows++;
      }
      statements.take();
      statements.takeChanges();
    }
    return rows;
  };
}

async function logOf(op: Op, { transactions, rows }: { readonly transactions: number; readonly rows: number }) {
  const schemas: string[] = [];
  const ids = { register: async (_: string, text: string) => schemas.push(text), byId: async (id: number) => schemas[id - 1] ?? null };
  const encoder = await new RecordEncoder({ topic: 'codec', endpoint: 'a', ids }).prepare(table);
  const batches: RawBatch[] = [];
  let seq = 0;
  for (let number = 1; number <= transactions; number += 10) {
    const frames = new RecordFrames(batchHeadBytes);
    const first = seq;
    for (let one = number; one < Math.min(number + 10, transactions + 1); one++) {
      for (let i = 0; i < rows; i++, seq++) {
        const { value, key, headers } = encoder.encode({ kind: 'row', ...log, seq }, eventOf(op, { number: one, i, rows }));
        frames.add({ key, value, headers: headerBytes(headers) });
      }
    }
    const packed = await packRecords({ batch: frames.finish(), count: seq - first }, 'none');
    const bytes = Buffer.from(frameBatch(packed, { producerId: 1n, producerEpoch: 0, sequence: 0 }));
    bytes.writeBigInt64BE(BigInt(first + 1));
    batches.push(...splitBatches(bytes, first + 1));
  }
  return { ids, batches };
}

function eventOf(op: Op, { number, i, rows }: { readonly number: number; readonly i: number; readonly rows: number }): RowEvent {
  const id = number * rows + i;
  const gtid = `3e11fa47-71ca-11e1-9e33-c80aa9429562:${number}`;
  return {
    op: op === 'insert' ? 'c' : 'u',
    before: op === 'insert' ? null : rowOf(entry(id)),
    after: rowOf(op === 'insert' ? entry(id) : [id, ...entry(id + 1).slice(1)]),
    source: {
      version: '9.7.0',
      connector: 'mysql',
      name: 'a',
      db: table.database,
      table: table.name,
      tsMs: 1715000000123,
      tsUs: 0x617c88dcc1240,
      serverId: 1,
      gtid,
      file: 'binlog.000012',
      pos: 4096 * number,
      event: 2,
      flags: 0,
      row: i,
      origin: 'hangzhou',
      path: ['hangzhou'],
    },
    transaction: {
      id: gtid,
      totalOrder: i + 1,
      last: i === rows - 1,
      seen: {},
      session:
        i === 0
          ? {
              sqlMode: 0,
              timeZone: '+00:00',
              lcTimeNames: 0,
              collation: 45,
            }
          : null,
      end:
        i === rows - 1
          ? {
              file: 'binlog.000012',
              pos: 4096 * number + 1e3,
            }
          : null,
    },
    tsMs: 1_715_000_001_000,
  };
}

function rowOf([id, ...rest]: readonly unknown[]): Row {
  const values = [BigInt(Number(id)), ...rest.map((value) => value as Value)];
  return Object.fromEntries(columns.map(({ name }, i) => [name, values[i] as Value]));
}
