/** A row as one text that is equal exactly when the row is, byte by byte, made by the server itself. */

export interface ColumnInfo {
  readonly name: string;
  /** MySQL's DATA_TYPE. */
  readonly type: string;
  readonly inKey: boolean;
}

const numbers = new Set(['tinyint', 'smallint', 'mediumint', 'int', 'bigint', 'decimal', 'double', 'year']);
const times = new Set(['date', 'time', 'datetime', 'timestamp']);

/** Hexadecimal digits or a number or a time: none of them holds a comma or an N. */
function valueText({ name, type }: ColumnInfo): string {
  const column = nameText(name);
  if (type === 'float') return `${column} + 0e0`; // FLOAT prints six digits, DOUBLE all of them
  if (numbers.has(type)) return column;
  if (times.has(type)) return `CAST(${column} AS CHAR)`;
  if (type === 'bit') return `HEX(${column})`;
  if (type === 'json') return `HEX(CAST(${column} AS CHAR))`;
  return `HEX(CAST(${column} AS BINARY))`;
}

/** Names of columns and tables may hold anything. */
export function nameText(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

export function rowText(columns: readonly ColumnInfo[]): string {
  return `CONCAT_WS(',', ${columns.map((column) => `COALESCE(${valueText(column)}, 'N')`).join(', ')})`;
}

export function keyText(columns: readonly ColumnInfo[]): string {
  return rowText(columns.filter(({ inKey }) => inKey));
}

export function digestOf(text: string): string {
  return `SHA2(${text}, 256)`;
}

export function differingColumns(columns: readonly ColumnInfo[], one: string, other: string): string[] {
  const [left, right] = [one.split(','), other.split(',')];
  return columns.filter((_, index) => left[index] !== right[index]).map(({ name }) => name);
}
