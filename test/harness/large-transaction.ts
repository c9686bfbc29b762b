/** One transaction of very many rows: it must be streamed, never held. */
import { createConnection, type ConnectionOptions } from 'mysql2/promise';
import { shopDatabase } from './shop.js';
import { keyOffset, type Side } from './sides.js';

const rowsPerStatement = 1000;

export interface LargeTransactionOptions {
  readonly side: Side;
  readonly connection: ConnectionOptions;
  readonly rows?: number;
  readonly database?: string;
}

/** Inserts into `bulk` and commits once. Resolves to the number of rows. */
export async function largeTransaction({
  side,
  connection: at,
  rows = 200_000,
  database = shopDatabase,
}: LargeTransactionOptions): Promise<number> {
  const connection = await createConnection(at);
  try {
    const [[last]] = (await connection.query(`SELECT COALESCE(MAX(id), 0) id FROM ${database}.bulk`)) as unknown as [[{ id: number }]];
    const first = Math.ceil(last.id / 2) + 1;
    await connection.query('BEGIN');
    for (let done = 0; done < rows; done += rowsPerStatement) {
      const values = Array.from({ length: Math.min(rowsPerStatement, rows - done) }, (_, index) => {
        const id = 2 * (first + done + index) + keyOffset[side];
        return [id, done / rowsPerStatement, `payload of row ${id}, with some length to it`];
      });
      await connection.query(`INSERT INTO ${database}.bulk VALUES ?`, [values]);
    }
    await connection.query('COMMIT');
    return rows;
  } finally {
    connection.destroy();
  }
}
