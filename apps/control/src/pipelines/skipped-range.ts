/** What lutra.skipped says of a part of the log that a person has left out. Its rows are in the topic for as long as that keeps them. */
import type { ResumePosition } from '@lutra/model';
import { quoteText } from '@lutra/mysql';

export interface SkippedRange {
  readonly uid: string;
  /** `<channel>.<pipeline>` */
  readonly name: string;
  readonly position: ResumePosition;
  /** Seq of its first record. */
  readonly from: number;
  readonly reason: string;
  readonly records: number;
  readonly transactions: number;
  /** By `schema.table` of the source. */
  readonly rows: ReadonlyMap<string, number>;
}

export function skippedRange({ uid, name, position, from, reason, records, transactions, rows }: SkippedRange): string {
  const { log, seq, source } = position;
  const content = JSON.stringify([{ range: { from, to: seq }, records, transactions, rows: Object.fromEntries(rows) }]);
  const texts = [uid, name, log, reason, content].map(quoteText);
  const gtid = source?.gtid == null ? 'NULL' : quoteText(source.gtid);
  const again = 'reason = VALUES(reason), content = VALUES(content), skipped_at = CURRENT_TIMESTAMP';
  return `INSERT INTO lutra.skipped (pipeline, name, log_id, reason, content, seq, gtid) VALUES (${[...texts, seq, gtid].join(', ')}) ON DUPLICATE KEY UPDATE ${again}`;
}
