/**
 * What a server computes by the session of the source is the same at the target: generated columns, index entries, checks, cascades. A
 * session that differs from the server's own is set at one side, both ways; then the tables are compared, and each index against a scan.
 */
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { otherSide, type Side, sides, type Stack, startStack, withAdministrator } from '../harness/index.js';

const tables = [
  'p (id INT PRIMARY KEY, v INT)',
  'child (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES p (id) ON DELETE CASCADE ON UPDATE CASCADE)',
  'loose (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES p (id) ON DELETE SET NULL)',
  'plain (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES p (id))',
  'days (id INT PRIMARY KEY, placed TIMESTAMP(3) NULL, day DATE AS (DATE(placed)) STORED)',
  'indexed (id INT PRIMARY KEY, placed TIMESTAMP NULL, day DATE AS (DATE(placed)) VIRTUAL, KEY by_day (day))',
  'functional (id INT PRIMARY KEY, placed TIMESTAMP NULL, KEY by_hour ((HOUR(placed))))',
  'single (id INT PRIMARY KEY, placed TIMESTAMP NULL, hour INT AS (HOUR(placed) + 24 * (DAYOFMONTH(placed) = 2)) VIRTUAL, UNIQUE KEY (hour))',
  'checked (id INT PRIMARY KEY, placed TIMESTAMP NULL, CHECK (HOUR(placed) < 8))',
  'dates (id INT PRIMARY KEY, a VARCHAR(20), d DATE AS (a) STORED)',
  'padded (id INT PRIMARY KEY, c CHAR(5), n VARCHAR(9) AS (CONCAT(c, "|")) STORED)',
  'cut (id INT PRIMARY KEY, a VARCHAR(30), t TIME AS (a) STORED)',
  'small (id INT PRIMARY KEY, a INT, t TINYINT AS (a) STORED)',
  'required (id INT PRIMARY KEY, a INT, t INT AS (a) STORED NOT NULL)',
  'digits (id INT PRIMARY KEY, a VARCHAR(20), n INT AS (a) STORED)',
  'rounded (id INT PRIMARY KEY, f FLOAT(10,5), d DOUBLE(7,2))',
];

interface Example {
  readonly what: string;
  /** In one session of the source. */
  readonly run: readonly string[];
  readonly of: readonly string[];
  /** Read at the target by the index, and without it. */
  readonly index?: { readonly by: string; readonly scan: string };
}

const examples: readonly Example[] = [
  {
    what: 'a parent that is deleted and written again without foreign keys keeps its children',
    run: [
      'INSERT INTO p VALUES (1, 1), (2, 1), (3, 1)',
      'INSERT INTO child VALUES (1, 1), (2, 2); INSERT INTO loose VALUES (1, 1); ',
      'SET foreign_key_checks = 0',
      'DELETE FROM p WHERE id = 1',
      'INSERT INTO p VALUES (1, 2)',
      'BEGIN; UPDATE p SET id = 20 WHERE id = 2; INSERT INTO p VALUES (2, 3); SET foreign_key_checks = 1; DELETE FROM p WHERE id = 3; COMMIT',
    ],
    of: ['p', 'child', 'loose'],
  },
  {
    what: 'a dump is loaded child before parent',
    run: ['SET foreign_key_checks = 0, unique_checks = 0', 'INSERT INTO plain VALUES (1, 77), (2, 77)', 'INSERT INTO p VALUES (77, 1)'],
    of: ['p', 'plain'],
  },
  {
    what: 'a day of a TIMESTAMP',
    run: [
      "SET time_zone = '+08:00'",
      "INSERT INTO days (id, placed) VALUES (1, '2021-05-01 03:00:00.5'), (2, NULL)",
      "INSERT INTO days (id, placed) VALUES (3, '2021-05-01 03:00:00')",
      "UPDATE days SET placed = '2021-05-02 03:00:00' WHERE id IN (1, 2)",
      "SET time_zone = '-05:00'",
      "INSERT INTO days (id, placed) VALUES (4, '2021-05-01 23:00:00')",
    ],
    of: ['days'],
  },
  {
    what: 'an index over a day of a TIMESTAMP',
    run: ["SET time_zone = '+08:00'", "INSERT INTO indexed (id, placed) VALUES (1, '2021-05-01 03:00:00'), (2, '2021-05-01 13:00:00')"],
    of: ['indexed'],
    index: { by: "FORCE INDEX (by_day) WHERE day = '2021-05-01'", scan: "IGNORE INDEX (by_day) WHERE day = '2021-05-01'" },
  },
  {
    what: 'a functional index over an hour of a TIMESTAMP',
    run: ["SET time_zone = '+08:00'", "INSERT INTO functional VALUES (1, '2021-05-01 03:00:00'), (2, '2021-05-01 13:00:00')"],
    of: ['functional'],
    index: { by: 'FORCE INDEX (by_hour) WHERE HOUR(placed) = 3', scan: 'IGNORE INDEX (by_hour) WHERE HOUR(placed) = 3' },
  },
  {
    what: 'dates that are none',
    run: [
      "INSERT IGNORE INTO dates (id, a) VALUES (1, '2021-02-31'), (2, '0000-00-00')",
      "SET sql_mode = ''",
      "INSERT INTO dates (id, a) VALUES (3, '2021-02-31'), (4, '2021-00-03')",
      "SET sql_mode = 'ALLOW_INVALID_DATES'",
      "INSERT INTO dates (id, a) VALUES (5, '2021-02-31')",
    ],
    of: ['dates'],
  },
  {
    what: 'CHAR with its padding, and fractions that are cut',
    run: [
      "SET sql_mode = 'PAD_CHAR_TO_FULL_LENGTH,TIME_TRUNCATE_FRACTIONAL'",
      "INSERT INTO padded (id, c) VALUES (1, 'ab')",
      "INSERT INTO cut (id, a) VALUES (1, '10:11:12.9')",
    ],
    of: ['padded', 'cut'],
  },
  {
    what: 'a check and a unique key over a TIMESTAMP',
    run: [
      "SET time_zone = '+08:00'",
      "INSERT INTO checked VALUES (1, '2021-05-01 03:00:00')",
      "INSERT INTO single (id, placed) VALUES (1, '2021-05-01 03:00:00')",
      "SET time_zone = '+09:00'",
      "INSERT INTO single (id, placed) VALUES (2, '2021-05-01 05:00:00')",
    ],
    of: ['checked', 'single'],
  },
  {
    what: 'numbers that round up to more than their column shows',
    run: [
      'INSERT INTO rounded VALUES (1, 99999.99999, 99999.99), (2, -99999.99999, 0.125), (3, 12345.67891, 1)',
      'UPDATE rounded SET d = d + 1 WHERE id = 3',
    ],
    of: ['rounded'],
  },
  {
    what: 'generated values that do not fit',
    run: [
      'INSERT IGNORE INTO small (id, a) VALUES (1, 1000)',
      'INSERT IGNORE INTO required (id, a) VALUES (1, NULL)',
      "INSERT IGNORE INTO digits (id, a) VALUES (1, 'abc'), (2, '12x')",
      'UPDATE IGNORE required SET a = 3',
      'UPDATE IGNORE required SET a = NULL',
    ],
    of: ['small', 'required', 'digits'],
  },
];

/** One for what each side writes: MySQL itself breaks an index over a local time when sessions of several zones write to it. */
const databases = sides.map((side) => `alike_${side}`);
let stack: Stack;

beforeAll(async () => {
  stack = await startStack({ mysql: '9.7' });
  for (const side of sides) {
    for (const database of databases) {
      await at(side, `CREATE DATABASE ${database}`);
      for (const table of tables) await at(side, `CREATE TABLE ${database}.${table}`);
    }
  }
  await stack.createChannel({ databases });
  await stack.startChannel();
}, 240_000);
afterAll(() => stack?.stop());

async function at(side: Side, sql: string): Promise<RowDataPacket[]> {
  return withAdministrator(stack.mysql[side], async (connection) => (await connection.query<RowDataPacket[]>(sql))[0]);
}

async function run(side: Side, statements: readonly string[]): Promise<void> {
  const { host, port, user, password } = stack.mysql[side];
  const connection = await createConnection({
    host,
    port,
    user,
    password,
    database: `alike_${side}`,
    multipleStatements: true,
    charset: 'utf8mb4',
  });
  try {
    for (const sql of statements) await connection.query(sql);
  } finally {
    await connection.end();
  }
}

async function rows(side: Side, database: string, of: readonly string[]): Promise<Record<string, string>> {
  const all: Record<string, string> = {};
  for (const table of of) all[table] = JSON.stringify(await at(side, `SELECT * FROM ${database}.${table} ORDER BY id`));
  return all;
}

describe.each(sides)('a session of its own at side %s', (side) => {
  it.each(examples)('$what', { timeout: 60_000 }, async ({ run: statements, of, index }) => {
    onTestFailed(async () => console.error(await stack.report(), await stack.saveLogs()));
    const database = `alike_${side}`;
    await run(side, statements);
    await stack.drain(20_000);
    const target = otherSide(side);
    expect(await rows(target, database, of)).toEqual(await rows(side, database, of));
    for (const table of of) expect(await at(target, `CHECK TABLE ${database}.${table}`)).toMatchObject([{ Msg_text: 'OK' }]);
    if (!index) return;
    const read = async (where: string, zone: string): Promise<unknown> => {
      return (await at(target, `SET time_zone = '${zone}'; SELECT id FROM ${database}.${of[0]} ${where} ORDER BY id`)).at(-1);
    };
    expect(await read(index.by, '+08:00')).toEqual(await read(index.scan, '+08:00'));
  });
});
