/**
 * The key of a row as text that its server compares with the columns: literals of SQL that mean the same in each session with time_zone
 * '+00:00'. Texts are in hex, so a key is safe to stand in a statement if it is of the form that keyCondition() takes.
 */
import { type Row, SyncError, tableName, type TableSchema } from '@lutra/model';
import { ascii, encoded, type LiteralForm, quoteName, rulesOf, type Writer } from '@lutra/rows';

const form: LiteralForm = {
  own: false,
  text: (value) => `_utf8mb4 x'${Buffer.from(value).toString('hex')}'`,
  encoded,
  temporal: ascii,
  instant: ascii,
};

export type KeyText = (row: Row) => Readonly<Record<string, string>>;

/** Compiled once a table version. @throws SyncError FILE_PATH_INVALID: of a row whose key has a value that no literal finds */
export function keyTextOf(table: TableSchema): KeyText {
  const columns = table.primaryKey.map((name) => {
    const column = table.columns.find((candidate) => candidate.name === name);
    if (!column) throw new SyncError('INTERNAL', `${tableName(table)} lacks column ${name} of its primary key`);
    return [name, rulesOf(column.type).sql.compared(column, form)] as const;
  });
  return (row) => Object.fromEntries(columns.map(([name, write]) => [name, literal(table, { name, write, row })]));
}

function literal(table: TableSchema, { name, write, row }: { name: string; write: Writer; row: Row }): string {
  const value = row[name];
  const text = value === null || value === undefined ? null : write(value);
  if (text !== null && isLiteral(text)) return text;
  throw new SyncError('FILE_PATH_INVALID', `${tableName(table)}, column ${name}: this value of the primary key cannot be looked up`);
}

/** A number, or in quotes only hex digits, or digits and what is between them in a date or a time. */
function isLiteral(text: string): boolean {
  return /^(?:-?\d+(?:\.\d+)?(?:e[+-]?\d+)?|(?:_[a-z\d]+ ?)?[xb]?'[\da-f .:-]*')$/.test(text);
}

/** A condition that holds for the row with this key. Null: it is none that keyTextOf() made. */
export function keyCondition(key: Readonly<Record<string, string>>): string | null {
  const columns = Object.entries(key);
  if (columns.length === 0 || !columns.every(([, text]) => isLiteral(text))) return null;
  return columns.map(([name, text]) => `${quoteName(name)} = ${text}`).join(' AND ');
}
