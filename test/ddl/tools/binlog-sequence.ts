/**
 * What stands in a server's binlog, as lines that are the same in every run: each statement with its text, and between two of them which
 * kinds of row events there are, of which table. How many there are is chance.
 */
import type { Connection, RowDataPacket } from 'mysql2/promise';

export interface Place {
  readonly file: string;
  readonly position: number;
}

export async function endOfBinlog(connection: Connection): Promise<Place> {
  const [files] = await connection.query<RowDataPacket[]>('SHOW BINARY LOGS');
  const last = files.at(-1);
  return { file: String(last?.['Log_name']), position: Number(last?.['File_size']) };
}

/** What was logged in that file since. Rows of `notes`, a tool's own table, are told once: they come at any time. */
export async function sequenceSince(connection: Connection, { file, position }: Place, notes: string): Promise<readonly string[]> {
  const [events] = await connection.query<RowDataPacket[]>('SHOW BINLOG EVENTS IN ? FROM ?', [file, position]);
  const lines: string[] = [];
  let rows = new Set<string>();
  const tables = new Map<string, string>();
  const endRows = (): void => {
    lines.push(...[...rows].toSorted());
    rows = new Set();
  };
  for (const event of events) {
    const [type, info] = [String(event['Event_type']), String(event['Info'])];
    const [, id = '', name] = /^table_id: (\d+)(?: \(.*\.(.*)\))?/.exec(info) ?? [];
    if (type === 'Table_map' && name !== undefined) tables.set(id, name);
    const [, kind] = /^(Write|Update|Delete)_rows/.exec(type) ?? [];
    const line = `${kind?.toLowerCase()} rows of ${tables.get(id)}`;
    if (kind !== undefined && tables.get(id) !== notes) rows.add(line);
    if (kind !== undefined && tables.get(id) === notes && !lines.includes(`rows of ${notes}`)) lines.push(`rows of ${notes}`);
    if (type !== 'Query' || info === 'BEGIN') continue;
    endRows();
    lines.push(statementText(info));
  }
  endRows();
  return lines;
}

function statementText(info: string): string {
  return info
    .replace(/^use `[^`]*`; /, '')
    .replace(/ \/\* xid=\d+ \*\/$/, '')
    .replaceAll(/\b(bigint|int)\(\d+\)/g, '$1') // as MySQL 8.0 prints them
    .replaceAll(/\s+/g, ' ')
    .trim();
}
