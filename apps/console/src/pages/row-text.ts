/** Rows and their values as text: NULL is no empty text. */
export type Row = Readonly<Record<string, unknown>>;

export function valueText(value: unknown): string {
  if (value === null || value === undefined) return 'NULL';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

export function keyText(key: Row | null): string {
  return Object.entries(key ?? {})
    .map(([column, value]) => `${column}=${valueText(value)}`)
    .join(', ');
}

export function rowText(row: Row): string {
  return Object.entries(row)
    .map(([column, value]) => `${column}: ${valueText(value)}`)
    .join('\n');
}
