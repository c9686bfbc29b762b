/** One row of the binlog → the row event that the topic carries. */
import type { Origin, RowEvent, RowImage, Seen, SourceItem } from '@lutra/model';

export interface RowEventOptions {
  readonly endpoint: string;
  readonly connector: 'mysql' | 'mariadb';
  readonly version: string;
  now(): number;
}

/** What the events of a transaction have in common. */
export interface Of extends Origin {
  readonly begin: Extract<SourceItem, { kind: 'begin' }>;
  readonly id: string;
  readonly seen: Seen;
}

export interface RowNumbers {
  /** Number of the rows event in its transaction, and of the row in it, from 0. */
  readonly event: number;
  readonly row: number;
  /** Number of the row in the transaction as published, from 1. */
  readonly order: number;
}

/** Not the last one yet: that is known at the commit. */
export function rowEventOf(
  { endpoint, connector, version, now }: RowEventOptions,
  { begin, id, seen, origin, path }: Of,
  { item, image, at }: { item: Extract<SourceItem, { kind: 'rows' }>; image: RowImage; at: RowNumbers },
): RowEvent {
  return {
    op: item.op,
    before: image.before,
    after: image.after,
    source: {
      version,
      connector,
      name: endpoint,
      db: item.table.database,
      table: item.table.name,
      tsMs: Math.floor(begin.commitTimeUs / 1000),
      tsUs: begin.commitTimeUs,
      serverId: begin.serverId,
      gtid: begin.gtid,
      file: item.at.file,
      pos: item.at.pos,
      event: at.event,
      flags: item.flags,
      row: at.row,
      origin,
      path,
    },
    transaction: { id, totalOrder: at.order, last: false, seen, session: at.order === 1 ? begin.session : null, end: null },
    tsMs: now(),
  };
}
