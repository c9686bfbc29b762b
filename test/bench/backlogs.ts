/**
 * What is written, and by whom, before the clock starts. How many transactions and rows it makes is known beforehand: progress is counted
 * in them.
 */
import { createConnection, type Connection, type ConnectionOptions, type ResultSetHeader } from 'mysql2/promise';
import { Random } from '../harness/index.js';
import { entry, tableName } from './entries.js';

export interface Backlog {
  readonly name: 'bulk' | 'oltp';
  /** In words, with the amounts. */
  readonly what: string;
  /** Rows that are there and replicated before anything is measured. */
  readonly preloaded: number;
  readonly transactions: number;
  readonly rowsPerTransaction: number;
  write(at: ConnectionOptions, database: string): Promise<void>;
}

const bulkConnections = 4;
const bulkRows = 100;
const oltpConnections = 16;

export function bulk(scale: number): Backlog {
  const transactions = Math.max(10, Math.round(3000 * scale));
  const preloaded = Math.max(bulkRows, Math.round(20_000 * scale));
  return {
    name: 'bulk',
    what: `${transactions * bulkRows} inserts in transactions of ${bulkRows} rows (one statement each)`,
    preloaded,
    transactions,
    rowsPerTransaction: bulkRows,
    write: (at, database) => insertEntries(at, database, { first: preloaded + 1, count: transactions * bulkRows }),
  };
}

export function oltp(scale: number): Backlog {
  const transactions = Math.max(oltpConnections, Math.round(50_000 * scale));
  const preloaded = Math.max(20 * oltpConnections, Math.round(100_000 * scale));
  return {
    name: 'oltp',
    what: `${transactions} single-row transactions (50 % insert, 40 % update, 10 % delete) by ${oltpConnections} connections on ${preloaded} rows`,
    preloaded,
    transactions,
    rowsPerTransaction: 1,
    write: (at, database) => changeEntries(at, database, { preloaded, transactions }),
  };
}

/** Ascending ids, 100 rows a statement and transaction. */
export async function insertEntries(
  at: ConnectionOptions,
  database: string,
  { first, count }: { readonly first: number; readonly count: number },
): Promise<void> {
  const end = first + count;
  let next = first;
  await withConnections(at, { database, count: bulkConnections }, async (connection) => {
    while (next < end) {
      const from = next;
      next = Math.min(end, from + bulkRows);
      const rows = Array.from({ length: next - from }, (_, index) => entry(from + index));
      await connection.query(`INSERT INTO ${tableName} VALUES ?`, [rows]);
    }
  });
}

/** Each connection has ids of its own, so that nobody waits for a lock and every statement changes one row. */
async function changeEntries(
  at: ConnectionOptions,
  database: string,
  { preloaded, transactions }: { readonly preloaded: number; readonly transactions: number },
): Promise<void> {
  let left = transactions;
  await withConnections(at, { database, count: oltpConnections }, async (connection, number) => {
    const random = new Random(number + 1);
    const ids = Array.from({ length: preloaded }, (_, index) => index + 1).filter((id) => id % oltpConnections === number);
    let fresh = Math.ceil((preloaded + 1) / oltpConnections) * oltpConnections + number;
    while (left > 0) {
      left -= 1;
      const choice = random.next();
      const index = random.int(0, ids.length - 1);
      const id = ids[index] ?? 0;
      if (choice < 0.5) {
        await change(connection, `INSERT INTO ${tableName} VALUES ?`, [[entry(fresh)]]);
        ids.push(fresh);
        fresh += oltpConnections;
      } else if (choice < 0.9) {
        const sql = `UPDATE ${tableName} SET amount = amount + 1, changed_at = NOW(3) WHERE id = ?`;
        await change(connection, sql, [id]);
      } else {
        await change(connection, `DELETE FROM ${tableName} WHERE id = ?`, [id]);
        const last = ids.pop() ?? id;
        if (last !== id) ids[index] = last;
      }
    }
  });
}

async function change(connection: Connection, sql: string, values: unknown[]): Promise<void> {
  const [{ affectedRows }] = await connection.query<ResultSetHeader>(sql, values);
  if (affectedRows !== 1) throw new Error(`${sql} changed ${affectedRows} rows instead of one`);
}

export async function withConnections(
  at: ConnectionOptions,
  { database, count }: { readonly database: string; readonly count: number },
  work: (connection: Connection, number: number) => Promise<void>,
): Promise<void> {
  const connections = await Promise.all(Array.from({ length: count }, () => createConnection({ ...at, database })));
  try {
    await Promise.all(connections.map((connection, number) => work(connection, number)));
  } finally {
    for (const connection of connections) connection.destroy();
  }
}
