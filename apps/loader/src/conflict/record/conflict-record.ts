/**
 * One decided conflict as a row of lutra.conflict: both versions, who won, and where the change came from. Written in the transaction of
 * the decision.
 */
import type { ConflictDecider, ConflictType, FileName, Row, RowEvent, TableName } from '@lutra/model';
import { recordedRow, rowToJson } from '@lutra/model';
import { quoteText, stagedOf, Staging } from '@lutra/mysql';
import type { SqlText } from '@lutra/mysql';
import type { RecordPosition } from '../../read/log-reader.js';
import type { Decision } from '../decide/policy.js';

export interface Conflict {
  readonly table: TableName;
  readonly key: Row;
  readonly type: ConflictType;
  readonly policy: ConflictDecider;
  readonly winner: Decision['winner'];
  readonly op: 'c' | 'u' | 'd';
  readonly before: Row | null;
  readonly after: Row | null;
  readonly existing: Row | null;
  readonly result: Row | null;
  /** Last change of a conflict key that the incoming transaction had not seen; null: none is known, the rows differ. */
  readonly localSeq: number | null;
  /** That one of the versions named and the row does not name any more. Left out: none. */
  readonly files?: readonly LostFile[];
}

export interface LostFile extends FileName {
  /** That the row carried; null: it carried none. */
  readonly sha256: string | null;
}

/** Where what comes was committed, and where it stands in the log. */
export interface CameFrom {
  readonly event: { readonly source: Pick<RowEvent['source'], 'gtid' | 'tsUs' | 'origin'> };
  readonly position: Pick<RecordPosition, 'log' | 'seq'>;
}

export interface ConflictOf extends CameFrom {
  /** `<channel>.<pipeline>` */
  readonly pipeline: string;
  readonly uid: string;
  readonly final: boolean;
  /** Who ordered it; left out: nobody, or lutra.conflict has no columns for it. */
  readonly ordered?: { readonly request: string | null; readonly reason: string | null } | null;
}

const columns =
  'pipeline, uid, log_id, seq, gtid, source_us, origin, database_name, table_name, row_key, type, policy, winner, final, op, before_row, after_row, existing_row, result_row, local_seq';
/** Whether lutra.conflict has columns for who ordered a repair: an older lutra.sql does not. Column `found`. */
export const hasOrderedQuery =
  "SELECT COUNT(*) AS found FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 'lutra' AND TABLE_NAME = 'conflict' AND COLUMN_NAME = 'request'";
/** Whether it has a column for files: an older lutra.sql does not. Column `found`. */
export const hasFilesQuery = hasOrderedQuery.replace("'request'", "'files'");
const conflictTable = { database: 'lutra', name: 'conflict' };
const ofRecord = { column: 'a row', table: conflictTable, change: 0 };
/** Of row_key. */
const maxKeyLength = 3000;

export function conflictText(conflicts: readonly Conflict[], of: ConflictOf): SqlText {
  const staging = new Staging();
  const { ordered = null } = of;
  const by = ordered ? [ordered.request, ordered.reason].map((text) => (text === null ? 'NULL' : quoteText(text))) : [];
  const hasFiles = conflicts.some(({ files }) => files !== undefined);
  const rows = conflicts.map((conflict) => {
    const files = hasFiles ? [conflict.files ? quoteText(JSON.stringify(conflict.files)) : 'NULL'] : [];
    return `(${[...valuesOf(conflict, of, staging), ...by, ...files].join(', ')})`;
  });
  const names = [columns, ...(ordered ? ['request, reason'] : []), ...(hasFiles ? ['files'] : [])].join(', ');
  const sql = `INSERT INTO lutra.conflict (${names}) VALUES ${rows.join(', ')}`;
  const marks = [{ does: 'insert', table: conflictTable, change: 0, changes: 1 }] as const;
  return { sql, marks, ...stagedOf([{ staged: staging.take() }]) };
}

function valuesOf(conflict: Conflict, { pipeline, uid, position, event, final }: ConflictOf, staging: Staging): readonly string[] {
  const { table, key, type, policy, winner, op, before, after, existing, result, localSeq } = conflict;
  const { gtid, tsUs, origin } = event.source;
  return [
    ...[pipeline, uid, position.log].map(quoteText),
    String(position.seq),
    gtid === null ? 'NULL' : quoteText(gtid),
    String(tsUs),
    ...[origin, table.database, table.name, rowToJson(key).slice(0, maxKeyLength), type, policy, winner].map(quoteText),
    final ? '1' : '0',
    quoteText(op),
    ...[before, after, existing, result].map((row) =>
      row === null ? 'NULL' : staging.text(JSON.stringify(recordedRow(row)), ofRecord, quoteText),
    ),
    localSeq === null ? 'NULL' : String(localSeq),
  ];
}
