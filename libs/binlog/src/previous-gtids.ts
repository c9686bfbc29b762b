/** What a binlog file says at its start: the transactions of all files before it. */
import { ByteReader } from '@lutra/bytes';
import { SyncError } from '@lutra/model';
import type { BinlogEvent } from './event.js';
import { eventType } from './event-types.js';
import type { ExecutedSet } from './gtid.js';
import { GtidPosition } from './gtid-position.js';
import { GtidSet } from './gtid-set.js';

export function readPreviousGtids(event: BinlogEvent): ExecutedSet {
  const reader = new ByteReader(event.body);
  return event.type === eventType.mariadbGtidList ? readMariadb(reader) : GtidSet.parse(readMysql(reader));
}

/** The top byte of the first number is the format: 0 without tags, 1 (from MySQL 8.3 on) with a tag for each source. */
function readMysql(reader: ByteReader): string {
  const head = reader.u64();
  const format = head >> 56n;
  if (format > 1n) throw new SyncError('BINLOG_UNSUPPORTED', `a GTID set in format ${format}, which Lutra does not know`);
  const tagged = format === 1n;
  const count = Number(tagged ? (head >> 8n) & 0xffffffffffffn : head);
  const blocks: string[] = [];
  for (let i = 0; i < count; i++) {
    const uuid = reader
      .take(16)
      .toString('hex')
      .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
    const tag = tagged ? reader.utf8(reader.u8() >> 1) : '';
    const intervals = Array.from({ length: Number(reader.u64()) }, () => `${reader.u64()}-${reader.u64() - 1n}`);
    if (intervals.length > 0) blocks.push([uuid, ...(tag === '' ? [] : [tag]), ...intervals].join(':'));
  }
  return blocks.join(',');
}

function readMariadb(reader: ByteReader): GtidPosition {
  const position = new GtidPosition();
  const count = reader.u32() & 0x0fffffff;
  for (let i = 0; i < count; i++) {
    const [domain, server, sequence] = [reader.u32(), reader.u32(), reader.u64()];
    position.add(`${domain}-${server}-${sequence}`);
  }
  return position;
}
