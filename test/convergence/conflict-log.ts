/** What the loader of a site wrote into lutra.conflict. */
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { clashDatabase } from './clash.js';
import type { Site } from './site.js';

export interface LoggedConflict {
  /** The incoming one: log and seq. */
  readonly transaction: string;
  readonly pipeline: string;
  readonly table: string;
  /** JSON */
  readonly key: string;
  readonly type: string;
  readonly winner: string;
  readonly final: boolean;
  readonly op: string;
  /** Stamps. */
  readonly before: string | null;
  readonly after: string | null;
  readonly existing: string | null;
  /** Of before and after, whole: a merge may leave the stamp as it was, and a hub may take several changes of a row together. */
  readonly images: string;
}

export async function readConflicts({ connection: at }: Site): Promise<readonly LoggedConflict[]> {
  const connection = await createConnection(at);
  try {
    const stamp = (column: string): string => `JSON_UNQUOTE(JSON_EXTRACT(${column}, '$.stamp'))`;
    const [rows] = await connection.query<RowDataPacket[]>(
      `SELECT CONCAT_WS(' ', log_id, seq) transaction, pipeline, table_name, row_key, type, winner, final, op,
         ${stamp('before_row')} before_stamp, ${stamp('after_row')} after_stamp, ${stamp('existing_row')} existing_stamp,
         SHA2(CONCAT_WS('|', before_row, after_row), 256) images
       FROM lutra.conflict WHERE database_name = ? ORDER BY id`,
      [clashDatabase],
    );
    return rows.map((row) => ({
      transaction: row['transaction'] as string,
      pipeline: row['pipeline'] as string,
      table: row['table_name'] as string,
      key: row['row_key'] as string,
      type: row['type'] as string,
      winner: row['winner'] as string,
      final: Number(row['final']) === 1,
      op: row['op'] as string,
      before: row['before_stamp'] as string | null,
      after: row['after_stamp'] as string | null,
      existing: row['existing_stamp'] as string | null,
      images: row['images'] as string,
    }));
  } finally {
    connection.destroy();
  }
}
