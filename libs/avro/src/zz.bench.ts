const bests: Record<string, number> = {}; const best = (k: string, v: number) => { bests[k] = Math.max(bests[k] ?? 0, v); }; process.on('exit', () => console.log(bests));
import { RecordEncoder, RecordDecoder, tableToAvro, type EncodedRecord } from '@lutra/avro';
import type { RowEvent, TableSchema, LogRecord } from '@lutra/model';
import avsc from 'avsc';
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
    { name: 'qty', type: 'int' },
  ],
};
const byId = new Map<number, string>();
let n = 0;
const ids = {
  register: async (_: string, j: string) => {
    byId.set(++n, j);
    return n;
  },
  byId: async (i: number) => byId.get(i) ?? null,
};
const enc = new RecordEncoder({ topic: 'lutra.a.rows', endpoint: 'a', ids });
const t = await enc.prepare(table);
const N = 4000,
  R = 4;
const events: RowEvent[] = [];
const dict = process.argv[2] === 'dict';
for (let i = 0; i < N; i++) {
  const mk = (s: string): any => {
    const r: any = dict ? Object.create(null) : {};
    r.id = BigInt(i) + (i % 4 === 0 ? 9007199254740993n : 1n);
    r.customer = i * 7;
    r.status = s;
    r.amount = `${i}.50`;
    r.note = 'some note text for order ' + i + (i % 10 === 0 ? ' é漢' : '');
    r.created = '2024-05-06 07:08:09.123456';
    r.qty = i % 10;
    return r;
  };
  const u = process.argv[3] === 'u';
  events.push({
    op: u ? 'u' : 'c',
    before: u ? mk('old') : null,
    after: mk('paid'),
    tsMs: 1715000000000 + i,
    source: {
      version: '0.1.0',
      connector: 'mysql',
      name: 'a',
      db: 'shop',
      table: 'orders',
      tsMs: 1715000000000 + (i >> 3),
      tsUs: 1715000000000123 + (i >> 3) * 1000,
      serverId: 1,
      gtid: `3e11fa47-71ca-11e1-9e33-c80aa9429562:${i >> 3}`,
      file: 'binlog.000012',
      pos: 4 + (i >> 3) * 800,
      event: 0,
      row: i & 7,
      origin: 'hangzhou',
      path: ['hangzhou'],
    },
    transaction: {
      id: `3e11fa47-71ca-11e1-9e33-c80aa9429562:${i >> 3}`,
      totalOrder: 1 + (i & 7),
      last: (i & 7) === 7,
      seen: { california: { log: '3e11fa47-71ca-11e1-9e33-c80aa9429562', seq: i >> 4 } },
      end: (i & 7) === 7 ? { file: 'binlog.000012', pos: i } : null,
    },
  });
}
let out: EncodedRecord[] = [];
for (let round = 0; round < 60; round++) {
  out = [];
  let t0 = (process as any).threadCpuUsage().user;
  for (let k = 0; k < R; k++) {
    out = [];
    for (let i = 0; i < N; i++) out.push(t.encode({ kind: 'row', log: 'x-y', seq: i, epoch: 3 }, events[i]!));
  }
  let dt = (process as any).threadCpuUsage().user - t0;
  best('encode', Math.round(((N * R) / dt) * 1e6));
  const dec = new RecordDecoder({ ids });
  await dec.decode({ offset: 0, ...out[0]! });
  let keep: LogRecord | Promise<LogRecord> | null = null;
  t0 = (process as any).threadCpuUsage().user;
  for (let k = 0; k < R; k++)
    for (let i = 0; i < N; i++) {
      const r = out[i]!;
      keep = dec.decode({ offset: i, key: r.key, value: r.value, headers: r.headers });
    }
  dt = (process as any).threadCpuUsage().user - t0;
  best('decode', Math.round(((N * R) / dt) * 1e6));
}
if (process.argv[4] === 'x') process.exit(0);
const json = tableToAvro(table, 'a').valueJson;
const Long = avsc.types.LongType.__with({
  fromBuffer: (b: Buffer) => b.readBigInt64LE(),
  toBuffer: (v: bigint) => {
    const b = Buffer.alloc(8);
    b.writeBigInt64LE(BigInt(v));
    return b;
  },
  fromJSON: BigInt,
  toJSON: Number,
  isValid: (v: unknown) => typeof v === 'bigint',
  compare: (a: bigint, b: bigint) => (a < b ? -1 : a > b ? 1 : 0),
} as any);
const type = avsc.Type.forSchema(JSON.parse(json), {
  wrapUnions: 'never',
  typeHook: (s: any) => (s?.['lutra.type'] === 'bigint' ? Long : undefined),
} as any);
for (let round = 0; round < 40; round++) {
  let t0 = (process as any).threadCpuUsage().user;
  let v: any;
  for (let k = 0; k < R; k++) for (let i = 0; i < N; i++) v = type.fromBuffer(out[i]!.value.subarray(5));
  console.log('avsc decode', Math.round(((N * R) / ((process as any).threadCpuUsage().user - t0)) * 1e6));
  t0 = (process as any).threadCpuUsage().user;
  for (let k = 0; k < R; k++) for (let i = 0; i < N; i++) type.toBuffer(v);
  console.log('avsc encode', Math.round(((N * R) / ((process as any).threadCpuUsage().user - t0)) * 1e6));
}
