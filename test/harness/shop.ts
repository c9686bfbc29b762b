/**
 * A small shop, made of what breaks naive replication: a secondary unique key, foreign keys, a table without any key, decimals, JSON,
 * latin1 text, bits, sets and columns that the server fills itself. No cascades: MySQL 8.0 and 9.7 differ in what they log of them.
 */
import type { Connection } from 'mysql2/promise';

export const shopDatabase = 'shop';
export const accountCount = 40;
export const openingBalance = 1000;
export const totalBalance = (accountCount * openingBalance).toFixed(2);

const tables: Readonly<Record<string, string>> = {
  customers: `
    id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    email VARCHAR(120) NOT NULL,
    name VARCHAR(80) CHARACTER SET utf8mb4 NOT NULL,
    city VARCHAR(60) CHARACTER SET latin1 NULL,
    orders INT UNSIGNED NOT NULL DEFAULT 0,
    joined DATE NOT NULL,
    UNIQUE KEY email (email)`,
  products: `
    id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    sku CHAR(16) CHARACTER SET ascii NOT NULL,
    title VARCHAR(200) NOT NULL,
    price DECIMAL(12,2) NOT NULL,
    stock INT NOT NULL DEFAULT 0,
    attributes JSON NULL,
    description TEXT CHARACTER SET latin1 NULL,
    UNIQUE KEY sku (sku)`,
  orders: `
    id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    customer_id BIGINT UNSIGNED NOT NULL,
    status ENUM('new','paid','packed','shipped','returned') NOT NULL DEFAULT 'new',
    flags SET('gift','express','fragile','export') NOT NULL DEFAULT '',
    total DECIMAL(14,2) NOT NULL,
    placed DATETIME(3) NOT NULL,
    changed TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6),
    CONSTRAINT orders_customer FOREIGN KEY (customer_id) REFERENCES customers (id)`,
  order_items: `
    order_id BIGINT UNSIGNED NOT NULL,
    line SMALLINT UNSIGNED NOT NULL,
    product_id INT UNSIGNED NOT NULL,
    quantity INT UNSIGNED NOT NULL,
    price DECIMAL(12,2) NOT NULL,
    PRIMARY KEY (order_id, line),
    CONSTRAINT items_order FOREIGN KEY (order_id) REFERENCES orders (id),
    CONSTRAINT items_product FOREIGN KEY (product_id) REFERENCES products (id)`,
  accounts: `
    id INT UNSIGNED NOT NULL PRIMARY KEY,
    owner VARCHAR(40) NOT NULL,
    balance DECIMAL(14,2) NOT NULL,
    transfers BIGINT UNSIGNED NOT NULL DEFAULT 0`,
  counters: `
    name VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    n BIGINT NOT NULL`,
  samples: `
    id BIGINT NOT NULL PRIMARY KEY,
    small TINYINT NOT NULL,
    unsigned_big BIGINT UNSIGNED NOT NULL,
    exact DECIMAL(40,18) NULL,
    single_float FLOAT NULL,
    double_float DOUBLE NULL,
    bits BIT(13) NOT NULL,
    fixed BINARY(8) NOT NULL,
    bytes VARBINARY(64) NULL,
    picture BLOB NULL,
    latin VARCHAR(60) CHARACTER SET latin1 NULL,
    wide TEXT CHARACTER SET utf8mb4 NULL,
    day DATE NULL,
    span TIME(2) NULL,
    moment DATETIME(3) NULL,
    born YEAR NULL,
    touched TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6)`,
  events_nokey: `
    side CHAR(1) CHARACTER SET ascii NOT NULL,
    kind VARCHAR(20) NOT NULL,
    amount DECIMAL(10,3) NULL,
    ratio DOUBLE NULL,
    at DATETIME(6) NOT NULL,
    payload VARBINARY(32) NULL`,
  bulk: `
    id BIGINT UNSIGNED NOT NULL PRIMARY KEY,
    batch INT UNSIGNED NOT NULL,
    payload VARCHAR(100) NOT NULL`,
};

/** In the order in which they may be created. */
export const shopTables: readonly string[] = Object.keys(tables);

/**
 * Creates the shop with the same first rows everywhere. Run it on both servers before the channel starts; it never touches a
 * database that is there already.
 */
export async function createShop(connection: Connection, database = shopDatabase): Promise<void> {
  await connection.query(`CREATE DATABASE ${database} CHARACTER SET utf8mb4`);
  for (const [name, columns] of Object.entries(tables))
    await connection.query(`CREATE TABLE ${database}.${name} (${columns}) ENGINE=InnoDB`);
  const accounts = Array.from({ length: accountCount }, (_, index) => [index + 1, `owner ${index + 1}`, openingBalance]);
  await connection.query(`INSERT INTO ${database}.accounts (id, owner, balance) VALUES ?`, [accounts]);
}
