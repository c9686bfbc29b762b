/**
 * What a repair writes at home: resolution records, and what it did as a row of lutra.conflict, in its transaction: both versions, who
 * ordered it, and why.
 */
import { repairWriter, resolutionStatement } from '@lutra/marker';
import type { ResolutionSignal } from '@lutra/marker';
import { recordedRow, rowToJson } from '@lutra/model';
import type { Row, TableName } from '@lutra/model';
import { quoteText, stagedOf, Staging } from '@lutra/mysql';
import type { SqlText } from '@lutra/mysql';

export interface RepairedBy {
  /** `<channel>.<pipeline>` that brings the other end's rows to home, and its uid. */
  readonly pipeline: string;
  readonly uid: string;
  /** Region of the other end. */
  readonly origin: string;
  /** Id of the repair. */
  readonly request: string;
  readonly reason: string;
}

export interface RepairedRow {
  /** At home. */
  readonly table: TableName;
  readonly key: Row;
  readonly home: Row | null;
  readonly away: Row | null;
  /** Where the two were compared. */
  readonly log: string;
  readonly seq: number;
}

const conflictTable = { database: 'lutra', name: 'conflict' };
const ofRecord = { column: 'a row', table: conflictTable, change: 0 };
/** Of row_key. */
const maxKeyLength = 3_000;
const columns =
  'pipeline, uid, log_id, seq, gtid, source_us, origin, database_name, table_name, row_key, type, policy, winner, final, op, before_row, after_row, existing_row, result_row, request, reason, local_seq';

/** The other end's row is what comes, and home's stays. */
export function repairText({ table, key, home, away, log, seq }: RepairedRow, by: RepairedBy): SqlText {
  const staging = new Staging();
  const image = (row: Row | null): string => (row === null ? 'NULL' : staging.text(JSON.stringify(recordedRow(row)), ofRecord, quoteText));
  const values = [
    ...[by.pipeline, by.uid, log].map(quoteText),
    String(seq),
    'NULL',
    String(Date.now() * 1_000),
    ...[by.origin, table.database, table.name, rowToJson(key).slice(0, maxKeyLength), 'repair', 'repair'].map(quoteText),
    quoteText('existing'),
    '1',
    quoteText(away === null ? 'd' : home === null ? 'c' : 'u'),
    'NULL',
    image(away),
    image(home),
    image(home),
    quoteText(by.request),
    quoteText(by.reason),
    'NULL',
  ];
  const sql = `INSERT INTO lutra.conflict (${columns}) VALUES (${values.join(', ')})`;
  return { sql, marks: [{ does: 'insert', table: conflictTable, change: 0, changes: 1 }], ...stagedOf([{ staged: staging.take() }]) };
}

const signalTable = { database: 'lutra', name: 'signal' };

export function resolutionText(of: Omit<ResolutionSignal, 'kind' | 'pipeline'>, slot: number): SqlText {
  const staging = new Staging();
  const quote = (content: string): string => staging.text(content, { column: 'content', table: signalTable, change: 0 }, quoteText);
  const sql = resolutionStatement({ pipeline: repairWriter, ...of }, slot, quote);
  return { sql, marks: [{ does: 'insert', table: signalTable, change: 0, changes: 1 }], ...stagedOf([{ staged: staging.take() }]) };
}
