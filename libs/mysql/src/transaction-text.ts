/**
 * The text of a target transaction: BEGIN, checkpoint, rows, COMMIT in one round trip. The server stops at the first statement that
 * fails, so nothing after it runs, COMMIT included.
 *
 * The naive text has no counts. Counter-examples: the checkpoint row is gone, the fence's UPDATE matches nothing, raises nothing, and rows
 * are applied that nobody remembers; an UPDATE whose row is missing at the target changes nothing and the tables differ
 * for good. So each UPDATE and DELETE, and the fence, is followed by a statement that fails unless as many rows matched as must.
 */
import { countStatement } from './sql-text.js';
import type { Mark, SqlText } from './sql-text.js';

const begin: SqlText = { sql: 'BEGIN', marks: [{ does: 'begin' }] };
const commit: SqlText = { sql: 'COMMIT', marks: [{ does: 'commit' }] };
const fenceMarks: readonly Mark[] = [{ does: 'fence' }, { does: 'count fence' }];

/**
 * A whole transaction. `fence` is marker's checkpointStatement, `rows` what StatementBuilder.take() gave.
 */
export function transactionText(fence: string, rows: SqlText): SqlText {
  return joined([begin, fenceText(fence), rows, commit]);
}

/** A huge transaction's beginning: `fence` is marker's openingStatement. Rows follow as texts of their own, then closingText. */
export function openingText(fence: string): SqlText {
  return joined([begin, fenceText(fence)]);
}

/** A huge transaction's end: its last rows, then the position (`fence` is marker's checkpointStatement), then COMMIT. */
export function closingText(rows: SqlText, fence: string): SqlText {
  return joined([rows, fenceText(fence), commit]);
}

function fenceText(fence: string): SqlText {
  return { sql: `${fence};\n${countStatement(1)}`, marks: fenceMarks };
}

function joined(parts: readonly SqlText[]): SqlText {
  const texts = parts.filter((part) => part.marks.length > 0);
  return { sql: texts.map((part) => part.sql).join(';\n'), marks: texts.flatMap((part) => part.marks) };
}
