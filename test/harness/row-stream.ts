/** A SELECT as a stream of rows, as fast as they are taken and no faster. */
import { createConnection, type ConnectionOptions, type RowDataPacket } from 'mysql2';

/** What `selectRows` selects. */
export interface StoredRow {
  /** Sorts. */
  readonly key: string;
  readonly label: string;
  readonly content: string;
}

export async function* rowsOf(options: ConnectionOptions, sql: string): AsyncGenerator<StoredRow> {
  const connection = createConnection(options);
  try {
    connection.query("SET time_zone = '+00:00'");
    const stream = connection.query<RowDataPacket[]>(sql).stream({ highWaterMark: 100 });
    for await (const row of stream as AsyncIterable<RowDataPacket>) {
      yield { key: row['sort_key'] as string, label: row['label'] as string, content: row['content'] as string };
    }
  } finally {
    connection.destroy();
  }
}
