/** What is seeded and verified. The server makes the rows by itself, the same ones on any server, and past its binlog. */
import type { Connection } from 'mysql2/promise';
import { createShop } from '../harness/index.js';

/** One insert makes so many rows at most. */
const batch = 100_000;

interface Filled {
  readonly table: string;
  readonly rows: number;
  /** SQL of a row's values, by its number `n` from 1. */
  readonly values: string;
}

/** Like sysbench's: 11 digits a group. */
function groups(count: number): string {
  const each = Array.from({ length: count }, (_, i) => `LPAD(CRC32(CONCAT(n, '-', ${i})), 11, '0')`);
  return `CONCAT_WS('-', ${each.join(', ')})`;
}

function sbtest(name: string): string {
  return `CREATE TABLE ${name} (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, k INT NOT NULL DEFAULT 0, c CHAR(120) NOT NULL DEFAULT '', pad CHAR(60) NOT NULL DEFAULT '', KEY k_1 (k))`;
}

const sbtestValues = `n, CRC32(n) % 1000000, ${groups(10)}, ${groups(5)}`;
const day = `DATE_ADD('2020-01-01', INTERVAL n % 2000 DAY)`;

function shopRows({ customers, products, orders }: { customers: number; products: number; orders: number }): readonly Filled[] {
  return [
    {
      table: 'customers',
      rows: customers,
      values: `n, CONCAT('c', n, '@example.org'), CONCAT('customer ', CRC32(n)), IF(n % 7 = 0, NULL, CONCAT('city ', n % 300)), n % 20, ${day}`,
    },
    {
      table: 'products',
      rows: products,
      values: `n, LPAD(n, 16, '0'), CONCAT('product no. ', n), (CRC32(n) % 100000) / 100, n % 1000, JSON_OBJECT('colour', ELT(1 + n % 3, 'red', 'green', 'blue'), 'weight', n % 50), REPEAT('a few words ', 2 + n % 10)`,
    },
    {
      table: 'orders',
      rows: orders,
      values: `n, 1 + CRC32(n) % ${customers}, ELT(1 + n % 5, 'new', 'paid', 'packed', 'shipped', 'returned'), ELT(1 + n % 3, '', 'gift', 'gift,express'), (CRC32(n) % 1000000) / 100, ${day}, ${day}`,
    },
    {
      table: 'order_items',
      rows: 3 * orders,
      values: `1 + (n - 1) DIV 3, 1 + (n - 1) % 3, 1 + CRC32(n) % ${products}, 1 + n % 4, (CRC32(n) % 10000) / 100`,
    },
  ];
}

/** Two tables as sysbench has them, and the shop with its foreign keys. Resolves to the number of rows. */
export async function createSeedTables(connection: Connection, database: string, scale: number): Promise<number> {
  await alone(connection);
  await connection.query(`DROP DATABASE IF EXISTS ${database}`);
  await createShop(connection, database);
  await connection.query(`USE ${database}; DROP TABLE events_nokey`); // rows without a key are not read in chunks
  const amount = (rows: number): number => Math.max(20, Math.round(rows * scale));
  const names = ['sbtest1', 'sbtest2'];
  for (const name of names) await connection.query(sbtest(name));
  const all = [
    ...names.map((table): Filled => ({ table, rows: amount(200_000), values: sbtestValues })),
    ...shopRows({ customers: amount(50_000), products: amount(20_000), orders: amount(150_000) }),
  ];
  for (const filled of all) await fill(connection, filled);
  await connection.query(`ANALYZE TABLE ${all.map(({ table }) => table).join(', ')}`);
  return all.reduce((sum, { rows }) => sum + rows, await accountsIn(connection));
}

/** Narrow rows: so small that a digest of each costs most beside reading it. */
export async function createNarrowTable(connection: Connection, table: string, rows: number): Promise<void> {
  await alone(connection);
  await connection.query(
    `CREATE TABLE ${table} (id BIGINT NOT NULL PRIMARY KEY, customer INT NOT NULL, amount DECIMAL(12,2) NOT NULL, placed DATETIME NOT NULL, note VARCHAR(40) NOT NULL)`,
  );
  const values = `n, CRC32(n) % 100000, (CRC32(n) % 1000000) / 100, ${day}, CONCAT('order no. ', CRC32(n))`;
  await fill(connection, { table, rows, values });
}

async function alone(connection: Connection): Promise<void> {
  await connection.query(`SET sql_log_bin = 0, foreign_key_checks = 0, cte_max_recursion_depth = ${batch + 1}`);
}

async function fill(connection: Connection, { table, rows, values }: Filled): Promise<void> {
  for (let first = 1; first <= rows; first += batch) {
    const last = Math.min(rows, first + batch - 1);
    const numbers = `WITH RECURSIVE numbers (n) AS (SELECT ${first} UNION ALL SELECT n + 1 FROM numbers WHERE n < ${last})`;
    await connection.query(`INSERT INTO ${table} ${numbers} SELECT ${values} FROM numbers`);
  }
}

async function accountsIn(connection: Connection): Promise<number> {
  const [rows] = await connection.query('SELECT COUNT(*) AS n FROM accounts');
  return Number((rows as { n: unknown }[])[0]?.n);
}
