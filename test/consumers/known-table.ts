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

const names = Object.keys(columns);
const arrives = Object.fromEntries(names.map((name) => [name, columns[name]?.[1] ?? null]));
const empty = { ...Object.fromEntries(names.map((name) => [name, null])), id: '-1' };
const changed = { ...arrives, kind: 'apple', day: null };

/** One transaction of two rows, then two of one row. */
export const statements: readonly string[] = [
  "SET SESSION sql_mode = 'ALLOW_INVALID_DATES', time_zone = '+00:00'",
  'BEGIN',
  `INSERT INTO ${orchard}.trees (${names.map((name) => `\`${name}\``).join()}) VALUES (${names.map((name) => columns[name]?.[0]).join()})`,
  `INSERT INTO ${orchard}.trees (id) VALUES (-1)`,
  'COMMIT',
  `UPDATE ${orchard}.trees SET kind = 'apple', day = NULL WHERE id > 0`,
  `DELETE FROM ${orchard}.trees WHERE id < 0`,
];

/** What a consumer has to print for them. */
export const rowEvents: readonly object[] = [
  { op: 'c', before: null, after: arrives, last: false },
  { op: 'c', before: null, after: empty, last: true },
  { op: 'u', before: arrives, after: changed, last: true },
  { op: 'd', before: empty, after: null, last: true },
];
