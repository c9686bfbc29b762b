/** Binlog events made by hand, for what no server of the tests sends. */
import { crc32 } from 'node:zlib';

export interface EventParts {
  readonly type: number;
  readonly body?: Buffer;
  /** Where the event ends; 0 for an artificial one. */
  readonly next?: number;
  readonly flags?: number;
  readonly checksum?: boolean;
}

export function eventBytes({ type, body = Buffer.alloc(0), next = 0, flags = 0, checksum = true }: EventParts): Buffer {
  const size = 19 + body.length + (checksum ? 4 : 0);
  const bytes = Buffer.alloc(size);
  bytes.writeUInt32LE(1_700_000_000, 0);
  bytes.writeUInt8(type, 4);
  bytes.writeUInt32LE(1, 5);
  bytes.writeUInt32LE(size, 9);
  bytes.writeUInt32LE(next % 2 ** 32, 13);
  bytes.writeUInt16LE(flags, 17);
  body.copy(bytes, 19);
  if (checksum) bytes.writeUInt32LE(crc32(bytes.subarray(0, size - 4)), size - 4);
  return bytes;
}

export const artificial = 0x20;

export function u64(value: number | bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

export function queryBody(sql: string, database = 'd'): Buffer {
  const head = Buffer.alloc(13);
  head.writeUInt8(database.length, 8);
  return Buffer.concat([head, Buffer.from(`${database}\0${sql}`)]);
}

export function gtidBody(number: number): Buffer {
  return Buffer.concat([Buffer.from([0]), Buffer.alloc(16, 0xaa), u64(number)]);
}

/** d.t (id INT PRIMARY KEY) with full metadata. */
export function tableMapBody(tableId: number): Buffer {
  const id = Buffer.alloc(6);
  id.writeUIntLE(tableId, 0, 6);
  const names = Buffer.from([1, 100, 0, 1, 116, 0]); // d, t
  const columns = Buffer.from([1, 3, 0, 0]);
  const metadata = Buffer.from([1, 1, 0, 4, 3, 2, 105, 100, 8, 1, 0]); // signs, names, primary key
  return Buffer.concat([id, Buffer.alloc(2), names, columns, metadata]);
}

/** Inserts of ids. */
export function insertBody(tableId: number, ids: readonly number[]): Buffer {
  const head = Buffer.alloc(10);
  head.writeUIntLE(tableId, 0, 6);
  head.writeUInt16LE(2, 8);
  const rows = ids.map((id) => {
    const row = Buffer.alloc(5);
    row.writeInt32LE(id, 1);
    return row;
  });
  return Buffer.concat([head, Buffer.from([1, 1]), ...rows]);
}

/** A format event's body of a server version; the algorithm of its checksums is at its end. */
export function formatBody(version: string, checksums = true): Buffer {
  const body = Buffer.alloc(57 + 41 + 1);
  body.writeUInt16LE(4, 0);
  body.write(version, 2, 'latin1');
  body[body.length - 1] = checksums ? 1 : 0;
  return body;
}
