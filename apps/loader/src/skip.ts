/** A transaction that a person decided to skip: what is written to lutra.skipped in its place, so that nothing is lost without a trace. */
import { SyncError } from '@lutra/model';
import type { RowEvent, Value } from '@lutra/model';
import { quoteText } from '@lutra/mysql';
import type { Change, SqlText } from '@lutra/mysql';
import type { Place } from './log-reader.js';

export interface Skip {
  /** Log id and seq of the transaction's last record. */
  readonly log: string;
  readonly seq: number;
  readonly reason: string;
}

export interface Skipped {
  readonly pipeline: string;
  readonly place: Place;
  readonly event: RowEvent;
  readonly reason: string;
  readonly changes: readonly Change[];
}

/** Under max_allowed_packet of any server that we know. */
const maxContentLength = 3_000_000;

/** @throws SyncError APPLY_REFUSED if the content is too large to be recorded */
export function skippedText({ pipeline, place, event, reason, changes }: Skipped): SqlText {
  const content = JSON.stringify(
    changes.map(({ op, before, after, target }) => ({ op, table: `${target.database}.${target.name}`, before, after })),
    plain,
  );
  if (content.length > maxContentLength) {
    throw new SyncError(
      'APPLY_REFUSED',
      `transaction ${event.transaction.id} (seq ${place.seq}) is too large to be recorded in lutra.skipped`,
      { details: { seq: place.seq } },
    );
  }
  const texts = [pipeline, place.log, reason, content].map(quoteText);
  const gtid = event.source.gtid === null ? 'NULL' : quoteText(event.source.gtid);
  const sql = `INSERT INTO lutra.skipped (pipeline, log_id, reason, content, seq, gtid) VALUES (${[...texts, place.seq, gtid].join(', ')})`;
  return { sql, marks: [{ does: 'insert', table: { database: 'lutra', name: 'skipped' }, change: 0, changes: 1 }] };
}

/** JSON has no bigint and no bytes: digits, and base64 with a prefix. A Buffer has become an object by the time it comes here. */
function plain(this: unknown, key: string, value: unknown): unknown {
  const original = (this as Record<string, Value>)[key];
  if (Buffer.isBuffer(original)) return `base64:${original.toString('base64')}`;
  return typeof value === 'bigint' ? value.toString() : value;
}
