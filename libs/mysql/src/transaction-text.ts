/**
 * The text of a target transaction: BEGIN, checkpoint, rows, COMMIT in one round trip. The server stops at the first statement that
 * fails, so nothing after it runs, COMMIT included.
 *
 * The naive text has no counts. Counter-examples: the checkpoint row is gone, the fence's UPDATE matches nothing, raises nothing, and rows
 * are applied that nobody remembers; an UPDATE whose row is missing at the target changes nothing and the tables differ
 * for good. So each UPDATE and DELETE, and the fence, is followed by a statement that fails unless as many rows matched as must.
 */
import { countStatement, joined, stagedOf } from './sql-text.js';
import type { Mark, SqlText } from './sql-text.js';

/** How it begins. */
export interface Beginning {
  /** What is missing stays missing: the gaps of what was looked for with FOR UPDATE are locked too. Default: READ COMMITTED. */
  readonly repeatable?: boolean;
}

const begin: SqlText = { sql: 'BEGIN', marks: [{ does: 'begin' }] };
/** For the next transaction alone. */
const repeatableRead: SqlText = { sql: 'SET TRANSACTION ISOLATION LEVEL REPEATABLE READ', marks: [{ does: 'begin' }] };
export const commitText: SqlText = { sql: 'COMMIT', marks: [{ does: 'commit' }] };
const fenceMarks: readonly Mark[] = [{ does: 'fence' }, { does: 'count fence' }];

/**
 * A whole transaction. `fence` is marker's checkpointStatement, `rows` what StatementBuilder.take() gave.
 */
export function transactionText(fence: string, rows: SqlText): SqlText {
  return joined([begin, fenceText(fence), rows, commitText]);
}

/**
 * A transaction's beginning. A large one: `fence` is marker's openingStatement, rows follow as texts of their own, then closingText. One
 * whose rows depend on what is there: `fence` as for transactionText, then ApplyConnection's within() and attempt(), and commit().
 */
export function openingText(fence: string, { repeatable = false }: Beginning = {}): SqlText {
  return joined([...(repeatable ? [repeatableRead] : []), begin, fenceText(fence)]);
}

/** A whole transaction but for its end: it waits, with its locks, for ApplyConnection's commit() or rollback(). */
export function uncommittedText(fence: string, rows: SqlText, beginning: Beginning = {}): SqlText {
  return joined([openingText(fence, beginning), rows]);
}

/** A large transaction's end: its last rows, then the position (`fence` is marker's checkpointStatement), then COMMIT. */
export function closingText(rows: SqlText, fence: string): SqlText {
  return joined([rows, fenceText(fence), commitText]);
}

/** With a check behind its beginning, so before its first lock; in front of a text that begins none. */
export function withCheck(text: SqlText, check: SqlText): SqlText {
  const beginning = [repeatableRead, begin].slice(2 - text.marks.filter(({ does }) => does === 'begin').length);
  const staged = stagedOf([text]);
  if (beginning.length === 0) return { sql: `${check.sql};\n${text.sql}`, marks: [...check.marks, ...text.marks], ...staged };
  const head = joined([...beginning, check]);
  const { length } = joined(beginning).sql;
  return { sql: head.sql + text.sql.slice(length), marks: [...head.marks, ...text.marks.slice(beginning.length)], ...staged };
}

function fenceText(fence: string): SqlText {
  return { sql: `${fence};\n${countStatement(1)}`, marks: fenceMarks };
}
