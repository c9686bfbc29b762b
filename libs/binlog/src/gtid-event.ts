/** The events that open a transaction and say its GTID and commit time, of MySQL (plain, anonymous, tagged) and MariaDB. */
import { ByteReader } from '@lutra/bytes';
import { SyncError } from '@lutra/model';
import type { BinlogEvent } from './event.js';
import { eventType } from './event-types.js';

export interface GtidEvent {
  /** Null where the transaction has none (gtid_mode=OFF). */
  readonly gtid: string | null;
  /** µs since 1970; whole seconds where the server gives no more. */
  readonly commitTimeUs: number;
  /** MariaDB: the transaction starts here, without a BEGIN. */
  readonly begins: boolean;
  /** MariaDB: it is an XA transaction that will be prepared; elsewhere its XA START says so. */
  readonly prepares: boolean;
}

export function readGtidEvent(event: BinlogEvent): GtidEvent {
  const reader = new ByteReader(event.body);
  const seconds = event.timestamp * 1e6;
  if (event.type === eventType.mariadbGtid) return readMariadb(reader, event.serverId, seconds);
  if (event.type === eventType.gtidTagged) return readTagged(reader, seconds);
  reader.skip(1);
  const uuid = formatUuid(reader.take(16));
  const number = reader.u64();
  const gtid = event.type === eventType.gtid ? `${uuid}:${number}` : null;
  return { gtid, commitTimeUs: readCommitTime(reader) ?? seconds, begins: false, prepares: false };
}

/** From MySQL 8.0.1 on: after the two numbers of the logical clock, 7 bytes, whose highest bit says that the original's time follows. */
function readCommitTime(reader: ByteReader): number | null {
  const clockBytes = 17;
  if (reader.left < clockBytes + 7) return null;
  reader.skip(clockBytes);
  const low = reader.u32();
  const high = reader.u24() & 0x7fffff;
  return high * 2 ** 32 + low;
}

/**
 * A message of MySQL's serialization library: fields as (id, value), ascending. 0 flags, 1 uuid (16 numbers), 2 number, 3 tag,
 * 4 and 5 logical clock, 6 commit time here.
 */
function readTagged(reader: ByteReader, seconds: number): GtidEvent {
  if (readVarint(reader) !== 1n) throw new SyncError('BINLOG_UNSUPPORTED', 'a tagged GTID in a serialization that Lutra does not know');
  reader.skip(0);
  readVarint(reader); // size of the message
  readVarint(reader); // the last field that must be understood
  const isNext = (id: number): boolean => reader.left > 0 && reader.source[reader.offset] === id << 1 && reader.skip(1) >= 0;
  const require = (id: number): void => {
    if (!isNext(id)) throw new SyncError('BINLOG_DECODE', `a tagged GTID event without field ${id}`);
  };
  if (isNext(0)) readVarint(reader);
  require(1);
  const uuid = formatUuid(Buffer.from(Array.from({ length: 16 }, () => Number(readVarint(reader)))));
  require(2);
  const number = readSignedVarint(reader);
  require(3);
  const tag = reader.utf8(Number(readVarint(reader)));
  for (const clock of [4, 5]) if (isNext(clock)) readVarint(reader);
  const commitTimeUs = isNext(6) ? Number(readVarint(reader)) : seconds;
  return { gtid: `${uuid}:${tag}:${number}`, commitTimeUs, begins: false, prepares: false };
}

/** The ones at the low end of the first byte count the bytes that follow; the value is what is left, little-endian. */
function readVarint(reader: ByteReader): bigint {
  const first = reader.u8();
  let more = 0;
  while (more < 8 && ((first >> more) & 1) === 1) more++;
  let rest = 0n;
  for (let i = 0; i < more; i++) rest |= BigInt(reader.u8()) << BigInt(8 * i);
  return more === 8 ? rest : BigInt(first >> (more + 1)) | (rest << BigInt(7 - more));
}

function readSignedVarint(reader: ByteReader): bigint {
  const value = readVarint(reader);
  return (value & 1n) === 1n ? -(value >> 1n) - 1n : value >> 1n;
}

const mariadbFlag = { standalone: 0x01, groupCommit: 0x02, preparedXa: 0x40, completedXa: 0x80 };
/** Two-phase ALTER TABLE: start, commit, rollback. */
const mariadbAlterFlags = 0x02 | 0x04 | 0x08;

function readMariadb(reader: ByteReader, serverId: number, commitTimeUs: number): GtidEvent {
  const sequence = reader.u64();
  const domain = reader.u32();
  const flags = reader.u8();
  const prepares = (flags & mariadbFlag.preparedXa) !== 0;
  const completes = (flags & mariadbFlag.completedXa) !== 0;
  if ((flags & mariadbFlag.groupCommit) !== 0) reader.skip(8);
  if (prepares || completes) {
    reader.skip(4); // the xid's format
    reader.skip(reader.u8() + reader.u8());
  }
  const extra = reader.left > 0 ? reader.u8() : 0;
  if ((extra & mariadbAlterFlags) !== 0) {
    throw new SyncError('BINLOG_UNSUPPORTED', 'the binlog holds a two-phase ALTER TABLE (binlog_alter_two_phase=ON)');
  }
  return {
    gtid: `${domain}-${serverId}-${sequence}`,
    commitTimeUs,
    begins: (flags & mariadbFlag.standalone) === 0 && !completes,
    prepares,
  };
}

function formatUuid(bytes: Buffer): string {
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
