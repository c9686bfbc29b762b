/** Binlog events of the table of entries.ts, made by hand: one table map, then transactions of one rows event each. */
import { artificial, eventBytes, formatBody, queryBody, u64 } from '../../libs/binlog/src/bytes.fixture.js';
import { jsonBytes } from '../../apps/capture/src/stream/jsonb.fixture.js';
import { entry } from './entries.js';

const file = 'binlog.000001';
const database = 'bulk_1';
const tableId = 5;
const columns = ['id', 'customer', 'name', 'amount', 'note', 'changed_at', 'details'];
/** Numbers and data of their types, and what the optional metadata say: signs, character set, names, key. */
const types = [8, 3, 15, 246, 15, 18, 245];
const typeData = [240, 0, 12, 2, 0x20, 3, 3, 4];

export type CodecOp = 'insert' | 'update';

/** Events of one binlog, from its first one on. */
export function codecEvents(
  op: CodecOp,
  { transactions, rows }: { readonly transactions: number; readonly rows: number },
): readonly Buffer[] {
  const events = [eventBytes({ type: 4, body: Buffer.concat([u64(4), Buffer.from(file)]), flags: artificial })];
  let pos = 4;
  const add = (type: number, body: Buffer): void => {
    pos += 19 + body.length + 4;
    events.push(eventBytes({ type, body, next: pos }));
  };
  add(15, formatBody('9.7.0'));
  for (let number = 1; number <= transactions; number++) {
    add(33, gtidBody(number));
    add(2, queryBody('BEGIN'));
    add(19, tableMap());
    add(op === 'insert' ? 30 : 31, rowsBody(op, number * rows, rows));
    add(16, u64(number));
  }
  return events;
}

function gtidBody(number: number): Buffer {
  const time = u64(1_767_225_600_000_000n + BigInt(number) * 1000n).subarray(0, 7);
  return Buffer.concat([Buffer.of(0), Buffer.alloc(16, 0xab), u64(number), Buffer.alloc(17), time]);
}

function named(text: string): Buffer {
  return Buffer.concat([Buffer.of(text.length), Buffer.from(text)]);
}

function tableMap(): Buffer {
  const id = Buffer.alloc(8);
  id.writeUIntLE(tableId, 0, 6);
  const field = (type: number, bytes: Buffer): Buffer => Buffer.concat([Buffer.of(type, bytes.length), bytes]);
  return Buffer.concat([
    id,
    ...[database, 'entries'].map((name) => Buffer.concat([named(name), Buffer.of(0)])),
    Buffer.of(types.length, ...types, typeData.length, ...typeData, 0b1_0000),
    field(1, Buffer.of(0)),
    field(2, Buffer.of(0xfc, 255, 0)),
    field(4, Buffer.concat(columns.map(named))),
    field(8, Buffer.of(0)),
  ]);
}

function rowsBody(op: CodecOp, first: number, rows: number): Buffer {
  const head = Buffer.alloc(10);
  head.writeUIntLE(tableId, 0, 6);
  head.writeUInt16LE(2, 8);
  const bits = Buffer.of(0xff); // as MySQL 9.7 writes them, with the one behind the last column
  const images = Array.from({ length: rows }, (_, i) => [
    ...(op === 'update' ? [image(entry(first + i))] : []),
    image(op === 'update' ? [first + i, ...entry(first + i + 1).slice(1)] : entry(first + i)),
  ]);
  return Buffer.concat([head, Buffer.of(columns.length), bits, ...(op === 'update' ? [bits] : []), ...images.flat()]);
}

function image([id, customer, name, amount, note, changed, details]: readonly unknown[]): Buffer {
  const number = Buffer.alloc(4);
  number.writeInt32LE(Number(customer));
  const json = jsonBytes(JSON.parse(String(details)));
  return Buffer.concat([
    Buffer.of(note === null ? 0b1_0000 : 0),
    u64(Number(id)),
    number,
    named(String(name)),
    decimal(String(amount)),
    note === null ? Buffer.alloc(0) : sized(Buffer.from(note as string), 2),
    datetime(String(changed)),
    sized(json, 4),
  ]);
}

function sized(bytes: Buffer, prefix: number): Buffer {
  const head = Buffer.alloc(prefix);
  head.writeUIntLE(bytes.length, 0, prefix);
  return Buffer.concat([head, bytes]);
}

/** DECIMAL(12,2): ten digits in five bytes, two in one. */
function decimal(text: string): Buffer {
  const [whole = '', fraction = ''] = text.split('.');
  const bytes = Buffer.alloc(6);
  bytes[0] = 0x80 | Math.floor(Number(whole) / 1e9);
  bytes.writeUInt32BE(Number(whole) % 1e9, 1);
  bytes[5] = Number(fraction);
  return bytes;
}

/** DATETIME(3) */
function datetime(text: string): Buffer {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, millis = 0] = text.split(/[-: .]/).map(Number);
  const bytes = Buffer.alloc(7);
  bytes.writeUIntBE(0x80_0000_0000 + ((year * 13 + month) * 32 + day) * 2 ** 17 + ((hour << 12) | (minute << 6) | second), 0, 5);
  bytes.writeUInt16BE(millis * 10, 5);
  return bytes;
}
