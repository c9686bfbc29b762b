/** What a table is, in words that MySQL 8.0 and 9.7 both use. SHOW CREATE TABLE differs between them. */
import type { Connection, RowDataPacket } from 'mysql2/promise';
import type { TableName } from '@lutra/model';

/** A line for each column and each index, in an order of names; the order of columns is part of it. */
export async function shapeOf(connection: Connection, { database, name }: TableName): Promise<string> {
  const [columns] = await connection.query<RowDataPacket[]>(
    `SELECT CONCAT_WS(' ', ordinal_position, column_name, data_type, is_nullable, column_default, extra) AS line
       FROM information_schema.columns WHERE table_schema = ? AND table_name = ? ORDER BY ordinal_position`,
    [database, name],
  );
  const [indexes] = await connection.query<RowDataPacket[]>(
    `SELECT CONCAT_WS(' ', 'index', index_name, seq_in_index, column_name, non_unique) AS line
       FROM information_schema.statistics WHERE table_schema = ? AND table_name = ? ORDER BY index_name, seq_in_index`,
    [database, name],
  );
  return [...columns, ...indexes].map(({ line }) => String(line)).join('\n');
}
