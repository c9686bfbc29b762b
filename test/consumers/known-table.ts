/** A table with a column of every kind whose values are easily lost on the way, its rows, and how each value must arrive. */

export const orchard = 'orchard';

export const createTable = `CREATE TABLE ${orchard}.trees (
  id BIGINT NOT NULL PRIMARY KEY,
  total BIGINT UNSIGNED NULL,
  price DECIMAL(40,18) NULL,
  small TINYINT NULL,
  \`unsigned\` INT UNSIGNED NULL,
  single_float FLOAT NULL,
  ratio DOUBLE NULL,
  flags BIT(13) NULL,
  fixed BINARY(4) NULL,
  picture BLOB NULL,
  latin VARCHAR(40) CHARACTER SET latin1 NULL,
  wide TEXT CHARACTER SET utf8mb4 NULL,
  kind ENUM('apple','pear') NULL,
  marks SET('old','tall') NULL,
  document JSON NULL,
  day DATE NULL,
  span TIME(2) NULL,
  moment DATETIME(6) NULL,
  touched TIMESTAMP(3) NULL,
  born YEAR NULL
) ENGINE = InnoDB`;

/** Column → what is written in SQL, and what arrives: numbers and 64-bit numbers in digits, bytes in hexadecimal ones. */
const columns: Readonly<Record<string, readonly [sql: string, arrives: string]>> = {
  id: ['9007199254740993', '9007199254740993'],
  total: ['18446744073709551615', '18446744073709551615'],
  price: ['-1234567890123456789012.123456789012345678', '-1234567890123456789012.123456789012345678'],
  small: ['-128', '-128'],
  unsigned: ['4294967295', '4294967295'],
  single_float: ['0.5', '0.5'],
  ratio: ['0.1', '0.1'],
  flags: ["b'1000000000001'", '1001'],
  fixed: ["'ab'", '61620000'],
  picture: ["x'00ff80'", '00ff80'],
  latin: ["'naïve'", 'naïve'],
  wide: [`'${'漢'.repeat(300)}😀'`, `${'漢'.repeat(300)}😀`],
  kind: ["'pear'", 'pear'],
  marks: ["'old,tall'", 'old,tall'],
  document: [`'{"a": 1.0, "b": [true, null]}'`, '{"a": 1.0, "b": [true, null]}'],
  day: ["'0000-00-00'", '0000-00-00'],
  span: ["'-838:59:58.99'", '-838:59:58.99'],
  moment: ["'2024-02-29 23:59:59.000001'", '2024-02-29 23:59:59.000001'],
  touched: ["'2038-01-19 03:14:07.999'", '2038-01-19 03:14:07.999'],
  born: ['2155', '2155'],
};

/** What Debezium's JDBC sink makes of the columns where the table is not there. */
export const typesOfSink: Readonly<Record<keyof typeof columns, string>> = {
  id: 'bigint',
  total: 'decimal(20,0)',
  price: 'decimal(38,18)',
  small: 'smallint',
  unsigned: 'bigint',
  single_float: 'float',
  ratio: 'double',
  flags: 'longblob',
  fixed: 'longblob',
  picture: 'longblob',
  latin: 'longtext',
  wide: 'longtext',
  kind: "enum('apple','pear')",
  marks: "set('old','tall')",
  document: 'json',
  day: 'longtext',
  span: 'longtext',
  moment: 'longtext',
  touched: 'longtext',
  born: 'year',
};

const names = Object.keys(columns);
const arrives = Object.fromEntries(names.map((name) => [name, columns[name]?.[1] ?? null]));
const empty = { ...Object.fromEntries(names.map((name) => [name, null])), id: '-1' };
const changed = { ...arrives, kind: 'apple', day: null };

const list = names.map((name) => `\`${name}\``).join();

/** In a session of any mode and time zone. */
export const session = "SET SESSION sql_mode = 'ALLOW_INVALID_DATES', time_zone = '+00:00'";

/** One transaction of two rows, then two of one row. */
export const statements: readonly string[] = [
  session,
  'BEGIN',
  `INSERT INTO ${orchard}.trees (${list}) VALUES (${names.map((name) => columns[name]?.[0]).join()})`,
  `INSERT INTO ${orchard}.trees (id) VALUES (-1)`,
  'COMMIT',
  `UPDATE ${orchard}.trees SET kind = 'apple', day = NULL WHERE id > 0`,
  `DELETE FROM ${orchard}.trees WHERE id < 0`,
];

/** Many rows over the ranges of their types, in a table like trees: inserted, updated, deleted, some inserted again. */
export function manyRows(table: string): readonly string[] {
  const values = [
    '-i, 18446744073709551615 - i, i / 7 * POW(-1, i), i % 256 - 128, 4294967295 - i, i / 8, i / 7, i * 40 % 8192',
    "UNHEX(LEFT(SHA2(i, 256), 6)), UNHEX(SHA2(i, 512)), CONCAT('naïve', i), REPEAT('漢😀', i), ELT(1 + i % 2, 'apple', 'pear')",
    "ELT(1 + i % 4, '', 'old', 'tall', 'old,tall'), JSON_OBJECT('i', i, 'text', REPEAT('é', i), 'none', NULL, 'day', DATE '2024-02-29', 'wide', CAST(i AS UNSIGNED))",
    "'1000-01-01' + INTERVAL i * 16000 DAY, SEC_TO_TIME(i * 15000.25 - 1500000), '1000-01-01' + INTERVAL i * 1000000000000001 MICROSECOND",
    'FROM_UNIXTIME(i * 10000000.123), 1900 + i',
  ].join();
  return [
    session,
    `INSERT INTO ${table} (${list}) WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 200) SELECT ${values} FROM n`,
    `UPDATE ${table} SET price = price * 2, small = NULL, wide = CONCAT(wide, '.'), flags = 0 WHERE id % 3 = 0`,
    `UPDATE ${table} SET ${names
      .filter((name) => name !== 'id')
      .map((name) => `\`${name}\` = NULL`)
      .join()} WHERE id % 7 = 0`,
    `DELETE FROM ${table} WHERE id % 5 = 0`,
    `INSERT INTO ${table} (id, latin) VALUES (-5, 'again'), (-10, 'again')`,
  ];
}

/** What a consumer has to print for them. */
export const rowEvents: readonly object[] = [
  { op: 'c', before: null, after: arrives, last: false },
  { op: 'c', before: null, after: empty, last: true },
  { op: 'u', before: arrives, after: changed, last: true },
  { op: 'd', before: empty, after: null, last: true },
];
