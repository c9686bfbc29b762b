/**
 * Values as SQL literals that the server stores to the byte: in the shortest form for the session of session.ts (utf8mb4, time_zone
 * '+00:00', backslash escapes on), or in a form that means the same in every session (any-session.ts). A value that could be stored as
 * another one without an error is refused, with VALUE_UNSUPPORTED; the value itself is never in the message.
 */
import { SyncError } from '@lutra/model';
import type { ColumnSchema } from '@lutra/model';
import { type LiteralForm, ownForm, rulesOf, type SqlValue, StagedSql, type Writer } from '@lutra/rows';

export { encoded, ownForm, quoteName, quoteTable, quoteText } from '@lutra/rows';

export type Literal = (value: SqlValue) => string;

/** What is written, compiled once per column. `where` names the column in errors: `shop.orders.total`. */
export function literalOf(column: ColumnSchema, where: string, form: LiteralForm = ownForm): Literal {
  return checked(rulesOf(column.type).sql.stored(column, form), column, where);
}

/** What the column is compared with: the same literal, but for values that no text finds. */
export function comparedLiteralOf(column: ColumnSchema, where: string, form: LiteralForm = ownForm): Literal {
  return checked(rulesOf(column.type).sql.compared(column, form), column, where);
}

function checked(write: Writer, column: ColumnSchema, where: string): Literal {
  return (value) => {
    if (value === null) return 'NULL';
    if (value instanceof StagedSql) return value.sql;
    const text = write(value);
    if (text !== null) return text;
    const what = value === undefined ? 'no value' : 'a value that cannot be stored to the byte';
    throw new SyncError('VALUE_UNSUPPORTED', `${where} (${column.type}): ${what}`, { details: { column: where, type: column.type } });
  };
}
