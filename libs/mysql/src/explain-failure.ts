/**
 * A text that failed, as the error that says what its failed statement was doing: the same number means one thing in a fence and another in
 * a count.
 */
import { raises1690 } from './any-session.js';
import { SyncError, tableName } from '@lutra/model';
import type { ErrorDetails, Refusal, TableName } from '@lutra/model';
import { TextFailure } from './session.js';
import type { Session } from './session.js';
import { columnCannotBeNull, countFailed } from './sql-text.js';
import { raisesIllFormed } from './column-plan.js';
import type { Mark, SqlText } from './sql-text.js';

/** What the upsert of safe-plan.ts fails with; the same trick as countStatement. */
const upsertRefused = countFailed;

export function explainFailure(session: Session, error: unknown, text: SqlText): SyncError {
  const index = error instanceof TextFailure ? error.index : -1;
  const mark = text.marks[index];
  const translated = session.translate(error, mark ? describe(mark) : 'apply');
  const facts = {
    details: { ...translated.details, ...(mark && factsOf(mark)) },
    refused: { ...translated.refused, ...(mark && refusalOf(mark)) },
  };
  const { errno } = translated.refused;
  return mark && errno !== undefined
    ? withMark(translated, { mark, errno, facts, text })
    : new SyncError(translated.code, translated.message, facts);
}

interface Failed {
  readonly mark: Mark;
  readonly errno: number;
  readonly facts: { readonly details: ErrorDetails; readonly refused: Refusal };
  readonly text: SqlText;
}

function withMark(error: SyncError, { mark, errno, facts, text }: Failed): SyncError {
  switch (mark.does) {
    case 'fence':
      if (errno === columnCannotBeNull)
        return new SyncError('FENCED', 'another loader owns the checkpoint row, or has applied this already', facts);
      if (error.code === 'TABLE_MISSING' || error.code === 'COLUMN_MISSING')
        return new SyncError('CHECKPOINT_INVALID', error.message, facts);
      break;
    case 'count fence':
      if (errno === countFailed) return new SyncError('CHECKPOINT_MISSING', 'the checkpoint row is gone', facts);
      break;
    case 'check definitions':
      if (errno === countFailed || error.code === 'TABLE_MISSING') return suspected(mark.tables, facts);
      break;
    case 'count rows':
      if (errno === countFailed) {
        const refused = { ...facts.refused, missing: true };
        return new SyncError('ROW_CONFLICT', `${tableName(mark.table)}: ${missing(mark.changes)}`, { ...facts, refused });
      }
      break;
    case 'session':
      return new SyncError('SESSION_UNSUPPORTED', `the target does not take the source's session: ${error.message}`, facts);
    case 'insert':
    case 'update':
    case 'delete':
      if (errno === countFailed && text.sql.includes(raises1690))
        return new SyncError('SESSION_UNSUPPORTED', `${tableName(mark.table)}: ${ambiguous}`, facts);
      if (errno === countFailed && text.sql.includes(raisesIllFormed))
        return new SyncError('VALUE_UNSUPPORTED', `${tableName(mark.table)}: ${illFormed}`, facts);
      if (errno === countFailed && (text.staged ?? []).length > 0)
        return new SyncError('TARGET_SETTINGS', `${tableName(mark.table)}: ${notWhole}`, facts);
      break;
    case 'upsert':
      if (errno === upsertRefused)
        return new SyncError('ROW_CONFLICT', `${tableName(mark.table)}: a row of another key holds a unique value`, facts);
      break;
    case 'begin':
    case 'commit':
    case 'read rows':
  }
  return new SyncError(error.code, error.message, facts);
}

/** Perhaps nothing changed: the server may have dropped what it had cached. Who reads the definitions again knows. */
function suspected(tables: readonly TableName[], { details }: Failed['facts']): SyncError {
  const message = `one of ${tables.map(tableName).join(', ')} may not be what it was when its definition was read`;
  return new SyncError('TARGET_CHANGED', message, { details, refused: { suspected: true } });
}

/** What staged-values.ts raises. */
const notWhole = 'a large value did not arrive whole: something between us and the target changes the variables of a session (a proxy)';
/** What table-plan.ts raises. */
const illFormed = "a large text has bytes that the target's server takes for no text in the character set of its column";
/** What any-session.ts raises. */
const ambiguous =
  "a TIMESTAMP lies in the hour that the source's time zone counts twice, which this version of the target's server cannot be told";

function missing(changes: number): string {
  return changes === 1 ? 'the row to update or delete is not there' : `not all of the ${changes} rows to delete are there`;
}

function describe(mark: Mark): string {
  return 'table' in mark ? `${mark.does} ${tableName(mark.table)}` : mark.does;
}

function factsOf(mark: Mark): ErrorDetails {
  if (!('table' in mark)) return { does: mark.does };
  return { does: mark.does, database: mark.table.database, table: mark.table.name, change: mark.change, changes: mark.changes };
}

function refusalOf(mark: Mark): Refusal {
  return 'table' in mark ? { changes: { first: mark.change, count: mark.changes } } : {};
}
