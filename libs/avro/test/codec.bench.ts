/**
 * How many rows a second one core encodes and decodes: seven columns, eight rows an event. `npx tsx libs/avro/test/codec.bench.ts`.
 * CPU time of this thread, the best of many short rounds, because other processes disturb.
 */
import type { RowEvent, TableSchema } from '@lutra/model';
import type { EncodedRecord } from '../src/index.js';
import { codec, eventOf, header, rowOf } from './samples.js';

const table: TableSchema = {
  database: 'shop',
  name: 'orders',
  primaryKey: ['id'],
  columns: [
    { name: 'id', type: 'bigint' },
    { name: 'customer', type: 'int', unsigned: true },
    { name: 'status', type: 'varchar', length: 80, charset: 'utf8mb4' },
    { name: 'amount', type: 'decimal', precision: 12, scale: 2 },
    { name: 'note', type: 'varchar', length: 800, charset: 'utf8mb4' },
    { name: 'created', type: 'datetime', scale: 6 },
    { name: 'quantity', type: 'int' },
  ],
};

const image = (number: number, status: string) =>
  rowOf([
    ['id', BigInt(number) + (number % 4 === 0 ? 2n ** 53n : 0n)],
    ['customer', number * 7],
    ['status', status],
    ['amount', `${number}.50`],
    ['note', `some text about order ${number}${number % 10 === 0 ? ' é漢' : ''}`],
    ['created', '2024-05-06 07:08:09.123456'],
    ['quantity', number % 10],
  ]);

function events(count: number, update: boolean): RowEvent[] {
  return Array.from({ length: count }, (_, number) => {
    const base = eventOf(table, { before: update ? image(number, 'old') : null, after: image(number, 'paid') });
    const transaction = { ...base.transaction, id: `3e11fa47-71ca-11e1-9e33-c80aa9429562:${number >> 3}`, totalOrder: number & 7 };
    return { ...base, source: { ...base.source, row: number & 7, pos: number >> 3, gtid: transaction.id }, transaction };
  });
}

async function measure(name: string, update: boolean): Promise<void> {
  const { encoder, decoder } = codec();
  const prepared = await encoder.prepare(table);
  const input = events(4000, update);
  let records: EncodedRecord[] = input.map((event) => prepared.encode(header, event));
  await decoder.decode({ offset: 0, ...records[0]! });
  const best = { encode: 0, decode: 0 };
  const round = (what: keyof typeof best, work: () => void): void => {
    const start = process.threadCpuUsage().user;
    for (let i = 0; i < 4; i++) work();
    best[what] = Math.max(best[what], (4 * input.length * 1e6) / (process.threadCpuUsage().user - start));
  };
  for (let i = 0; i < 60; i++) {
    round('encode', () => (records = input.map((event) => prepared.encode(header, event))));
    round('decode', () => records.forEach((record, offset) => decoder.decode({ offset, ...record })));
  }
  const line = `${name}: ${records[9]!.value.length} bytes, encode ${Math.round(best.encode)} rows/s, decode ${Math.round(best.decode)} rows/s\n`;
  process.stdout.write(line);
}

await measure('insert', false);
await measure('update', true);
