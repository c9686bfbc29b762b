/**
 * From a packet of the dump to one event: header, body, checksum. Promises that a body is whole and as the server wrote it (length and,
 * where the file has checksums, CRC32). Whether there are checksums is a property of each binlog file; its format event says so.
 */
import { crc32 } from 'node:zlib';
import { SyncError } from '@lutra/model';
import { eventType } from './event-types.js';

export interface BinlogEvent {
  readonly type: number;
  /** Seconds since 1970. */
  readonly timestamp: number;
  readonly serverId: number;
  /** Bytes in the binlog, header and checksum included. */
  readonly size: number;
  /** Where the next event starts, modulo 2^32; 0 in events that are made for the dump. */
  readonly nextPosition: number;
  readonly flags: number;
  /** Without header and checksum. */
  readonly body: Buffer;
}

const headerBytes = 19;
const checksumBytes = 4;
const inUseFlag = 0x01;
const crc32Algorithm = 1;

/** @param format body of a format event: 2 bytes, then the version, filled up with zeros */
export function readServerVersion(format: Buffer): string {
  return format.toString('latin1', 2, 52).replace(/\0.*$/s, '');
}

/** Where the algorithm stands in a format event: before its own checksum. */
function algorithmOf(format: Buffer): number {
  return format.readUInt8(format.length - checksumBytes - 1);
}

export class EventFraming {
  /** We ask for CRC32, and before the first format event the server does what we asked for. */
  #checksums = true;

  /** @param bytes one event, from its header on. @throws SyncError BINLOG_DECODE */
  read(bytes: Buffer): BinlogEvent {
    if (bytes.length < headerBytes) throw new SyncError('BINLOG_DECODE', `an event of ${bytes.length} bytes`);
    const type = bytes.readUInt8(4);
    const size = bytes.readUInt32LE(9);
    if (size !== bytes.length) throw new SyncError('BINLOG_DECODE', `an event says ${size} bytes and has ${bytes.length}`);
    const isFormat = type === eventType.format;
    if (isFormat) this.#checksums = readAlgorithm(bytes);
    // a format event has the bytes of a checksum even where the file has none
    const end = isFormat || this.#checksums ? size - checksumBytes : size;
    if (end < headerBytes) throw new SyncError('BINLOG_DECODE', `an event of ${size} bytes has no room for its checksum`);
    if (this.#checksums) verify(bytes, end, isFormat);
    return {
      type,
      size,
      timestamp: bytes.readUInt32LE(0),
      serverId: bytes.readUInt32LE(5),
      nextPosition: bytes.readUInt32LE(13),
      flags: bytes.readUInt16LE(17),
      body: bytes.subarray(headerBytes, end),
    };
  }
}

function readAlgorithm(format: Buffer): boolean {
  const algorithm = algorithmOf(format);
  if (algorithm !== 0 && algorithm !== crc32Algorithm) {
    throw new SyncError('BINLOG_UNSUPPORTED', `checksum algorithm ${algorithm}, which Lutra does not know`);
  }
  return algorithm === crc32Algorithm;
}

function verify(bytes: Buffer, end: number, isFormat: boolean): void {
  const expected = bytes.readUInt32LE(end);
  let actual = crc32(bytes.subarray(0, end));
  if (actual !== expected && isFormat) {
    // the server computes it before it marks the file as in use
    const unmarked = Buffer.from(bytes.subarray(0, end));
    unmarked.writeUInt16LE(unmarked.readUInt16LE(17) & ~inUseFlag, 17);
    actual = crc32(unmarked);
  }
  if (actual !== expected) throw new SyncError('BINLOG_DECODE', `the checksum of an event of type ${bytes.readUInt8(4)} is wrong`);
}
