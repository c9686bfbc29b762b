/** What the tables of a site hold, as texts: they are small. */
import { createConnection, type ConnectionOptions, type RowDataPacket } from 'mysql2/promise';
import { clashDatabase } from './clash.js';
import { journal, type Shape } from './shapes.js';

export type StoredRow = Readonly<Record<string, string | null>>;
/** Table → identity of the key → row. */
export type Stored = ReadonlyMap<string, ReadonlyMap<string, StoredRow>>;

export async function readStored(at: ConnectionOptions, shapes: readonly Shape[]): Promise<Stored> {
  const connection = await createConnection({ ...at, database: clashDatabase });
  try {
    await connection.query("SET time_zone = '+00:00'");
    const tables = new Map<string, ReadonlyMap<string, StoredRow>>();
    for (const shape of shapes) {
      const [rows] = await connection.query<RowDataPacket[]>(`SELECT ${columnsOf(shape).join(', ')} FROM ${shape.name}`);
      const texts = rows.map((row) =>
        Object.fromEntries(Object.entries(row).map(([name, value]) => [name, value === null ? null : String(value)])),
      );
      tables.set(shape.name, new Map(texts.map((row) => [shape.identity(Object.keys(shape.key).map((column) => row[column] ?? '')), row])));
    }
    return tables;
  } finally {
    connection.destroy();
  }
}

/** Stamps of all transactions that arrived. */
export async function readJournal(at: ConnectionOptions): Promise<ReadonlySet<string>> {
  const connection = await createConnection({ ...at, database: clashDatabase });
  try {
    const [rows] = await connection.query<RowDataPacket[]>(`SELECT stamp FROM ${journal.name}`);
    return new Set(rows.map((row) => row['stamp'] as string));
  } finally {
    connection.destroy();
  }
}

function columnsOf({ key, columns }: Shape): readonly string[] {
  const own = Object.entries(columns).map(([name, { readAs }]) => {
    if (readAs === undefined) return name;
    return `${readAs === 'hex' ? `HEX(${name})` : `CAST(${name} AS CHAR)`} AS ${name}`;
  });
  return [...Object.keys(key), ...own, 'stamp', 'born', 'turns'];
}
