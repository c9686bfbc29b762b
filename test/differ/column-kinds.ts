/** Kinds of columns: their types, values as SQL literals, and what generated columns can be made of them. Pure. */
import type { Random } from '../harness/random.js';

export interface Kind {
  readonly family: 'number' | 'text' | 'bytes' | 'day' | 'clock' | 'json' | 'choice';
  type(random: Random): string;
  /** A literal that means the same in every client's character set; now and then one that does not fit. */
  value(random: Random): string;
}

const words = [
  'otter',
  'OTTER',
  'Ötter',
  'sea',
  'Sea ',
  'río',
  'rio',
  'straße',
  'strasse',
  '',
  ' ',
  "o'tt\\er",
  'delta',
  'δέλτα',
  '水獺',
  '🦦',
];
const collations = [
  'utf8mb4 COLLATE utf8mb4_0900_ai_ci',
  'utf8mb4 COLLATE utf8mb4_general_ci',
  'utf8mb4 COLLATE utf8mb4_bin',
  'utf8mb4 COLLATE utf8mb4_0900_as_cs',
  'utf8mb4 COLLATE utf8mb4_unicode_ci',
  'latin1 COLLATE latin1_swedish_ci',
  'latin1 COLLATE latin1_german2_ci',
  'ascii COLLATE ascii_bin',
  'utf8 COLLATE utf8_general_ci',
];

export function text(random: Random, most = 30): string {
  const wide = random.chance(0.08) ? random.pick(words) : random.pick(words.filter((word) => /^[ -~]*$/.test(word)));
  const chosen = random.chance(0.6) ? wide : random.text('abcdefgh', random.int(0, most));
  return `_utf8mb4 0x${Buffer.from(chosen).toString('hex')}`.replace(/0x$/, "''");
}

function whole(type: string, least: number, most: number): Kind {
  return {
    family: 'number',
    type: () => type,
    value: (random) =>
      String(random.chance(0.004) ? most * 3 : random.chance(0.2) ? random.pick([least, most, 0]) : random.int(Math.max(least, -20), 40)),
  };
}

function fraction(types: readonly string[], most: number, digits: number): Kind {
  return { family: 'number', type: (random) => random.pick(types), value: (random) => random.decimal(-most, most, random.int(0, digits)) };
}

function letters(types: readonly string[], most: number): Kind {
  return {
    family: 'text',
    type: (random) => `${random.pick(types)} CHARACTER SET ${random.pick(collations)}`,
    value: (random) => text(random, most),
  };
}

function octets(types: readonly string[], most: number): Kind {
  return {
    family: 'bytes',
    type: (random) => random.pick(types),
    value: (random) => `x'${random.bytes(random.int(0, most)).toString('hex')}'`,
  };
}

function two(n: number): string {
  return String(n).padStart(2, '0');
}

function day(random: Random): string {
  if (random.chance(0.015)) return random.pick(['2021-02-31', '0000-00-00', '2021-00-10', '2024-02-30']);
  return `20${two(random.int(1, 37))}-${two(random.int(1, 12))}-${two(random.int(1, 28))}`;
}

function clock(random: Random): string {
  const most = random.chance(0.3) ? [23, 59, 59] : [23, 5, 5];
  const time = most.map((n) => two(random.int(0, n))).join(':');
  return random.chance(0.5) ? `${time}.${random.pick(['5', '999999', '123456', '499999', '000001'])}` : time;
}

export const kinds = {
  tiny: whole('TINYINT', -128, 127),
  unsignedTiny: whole('TINYINT UNSIGNED', 0, 255),
  small: whole('SMALLINT', -32768, 32767),
  medium: whole('MEDIUMINT UNSIGNED', 0, 16777215),
  int: whole('INT', -2147483648, 2147483647),
  big: {
    ...whole('BIGINT', 0, 40),
    value: (random) => random.pick(['9223372036854775807', '-9223372036854775808', '7', '8', '0', String(random.int(1, 40))]),
  },
  unsignedBig: {
    ...whole('BIGINT UNSIGNED', 0, 40),
    value: (random) => random.pick(['18446744073709551615', '9223372036854775808', '7', '8', '0']),
  },
  decimal: fraction(['DECIMAL(10,3)', 'DECIMAL(30,10)', 'DECIMAL(5,0)', 'DECIMAL(6,2) UNSIGNED'], 5000, 6),
  float: fraction(['FLOAT', 'FLOAT(10,5)', 'FLOAT(7,2)'], 9000, 8),
  double: fraction(['DOUBLE', 'DOUBLE(12,3)'], 1e6, 9),
  bit: {
    family: 'bytes',
    type: (random) => random.pick(['BIT(1)', 'BIT(13)', 'BIT(64)']),
    value: (random) => random.pick(["b'0'", "b'1'", "b'1010101010101'"]),
  },
  char: letters(['CHAR(10)', 'CHAR(30)'], 10),
  varchar: letters(['VARCHAR(40)', 'VARCHAR(12)'], 13),
  longText: letters(['TEXT', 'MEDIUMTEXT'], 60),
  binary: octets(['BINARY(8)', 'VARBINARY(20)'], 8),
  blob: octets(['BLOB', 'MEDIUMBLOB'], 40),
  date: { family: 'day', type: () => 'DATE', value: (random) => `'${day(random)}'` },
  datetime: {
    family: 'day',
    type: (random) => random.pick(['DATETIME', 'DATETIME(3)', 'DATETIME(6)']),
    value: (random) => `'${day(random)} ${clock(random)}'`,
  },
  timestamp: {
    family: 'day',
    type: (random) => random.pick(['TIMESTAMP', 'TIMESTAMP(6)']),
    value: (random) => (random.chance(0.1) ? 'NOW(6)' : `'${day(random)} ${clock(random)}'`),
  },
  time: {
    family: 'clock',
    type: (random) => random.pick(['TIME', 'TIME(3)', 'TIME(6)']),
    value: (random) => `'${random.pick(['', '-', '7'])}${clock(random)}'`,
  },
  year: { family: 'number', type: () => 'YEAR', value: (random) => random.pick(['2001', '1901', '2155', '0', '2026']) },
  enum: { family: 'choice', type: () => "ENUM('a','B','ü','d e')", value: (random) => random.pick(["'a'", "'B'", '2', '4', "'d e'"]) },
  set: { family: 'choice', type: () => "SET('x','y','z','w')", value: (random) => random.pick(["''", "'x,z'", "'y'", '15', "'w,x'"]) },
  json: {
    family: 'json',
    type: () => 'JSON',
    value: (random) =>
      random.pick([
        `'{"a": ${random.int(0, 9)}, "b": [1, "x", null, true]}'`,
        `'[${random.int(0, 9)}, 2.5, "r"]'`,
        `JSON_OBJECT('a', '${random.int(0, 5)}', 'k', 1e300)`,
        `JSON_OBJECT('a', ${random.int(0, 99)}.50, 'b', DATE '2024-01-0${random.int(1, 9)}', 'c', JSON_ARRAY(x'ff', TIME '10:00:00'))`,
        "'null'",
        '\'"s"\'',
      ]),
  },
} as const satisfies Readonly<Record<string, Kind>>;

export type KindName = keyof typeof kinds;

export function kindOf(name: KindName): Kind {
  return kinds[name];
}

export interface Made {
  readonly type: string;
  readonly expression: string;
}

/** What can be computed of a column; most of it depends on something that a session sets. */
export function computed(name: string, family: Kind['family'], random: Random): Made {
  const c = `\`${name}\``;
  const made: Readonly<Record<Kind['family'], readonly Made[]>> = {
    number: [
      { type: 'DOUBLE', expression: `${c} * 2` },
      { type: 'DECIMAL(40,12)', expression: `${c} / 3` },
      { type: 'VARCHAR(60)', expression: `CONCAT(${c}, '#')` },
      { type: 'TINYINT', expression: `${c} MOD 100` },
      { type: 'SMALLINT', expression: c },
      { type: 'FLOAT(10,2)', expression: c },
    ],
    text: [
      { type: 'VARCHAR(80)', expression: `CONCAT(${c}, '|')` },
      { type: 'VARCHAR(80)', expression: `UPPER(${c})` },
      { type: 'INT', expression: `CHAR_LENGTH(${c})` },
      { type: 'VARCHAR(4)', expression: c },
      { type: 'INT', expression: c },
    ],
    bytes: [
      { type: 'VARCHAR(200)', expression: `HEX(${c})` },
      { type: 'INT', expression: `LENGTH(${c})` },
    ],
    day: [
      { type: 'DATE', expression: `DATE(${c})` },
      { type: 'DATE', expression: c },
      { type: 'VARCHAR(40)', expression: `DAYNAME(${c})` },
      { type: 'VARCHAR(60)', expression: `DATE_FORMAT(${c}, '%W %M %H')` },
      { type: 'INT', expression: `HOUR(${c})` },
      { type: 'INT', expression: `WEEK(${c})` },
      { type: 'DATETIME', expression: c },
      { type: 'TIME', expression: `TIME(${c})` },
    ],
    clock: [
      { type: 'TIME', expression: c },
      { type: 'INT', expression: `HOUR(${c})` },
      { type: 'VARCHAR(40)', expression: `TIME_FORMAT(${c}, '%r')` },
    ],
    json: [
      { type: 'VARCHAR(40)', expression: `JSON_UNQUOTE(JSON_EXTRACT(${c}, '$.a'))` },
      { type: 'INT', expression: `JSON_EXTRACT(${c}, '$.a')` },
      { type: 'INT', expression: `JSON_LENGTH(${c})` },
    ],
    choice: [
      { type: 'INT', expression: `${c} + 0` },
      { type: 'VARCHAR(40)', expression: `CONCAT(${c}, '!')` },
    ],
  };
  return random.pick(made[family]);
}

/** What a CHECK can ask of a column, true of most values. */
export function condition(name: string, family: Kind['family'], random: Random): string {
  const c = `\`${name}\``;
  const asked: Readonly<Record<Kind['family'], readonly string[]>> = {
    number: [`${c} > -100000`, `${c} / 3 < 1e15`],
    text: [`CHAR_LENGTH(${c}) < 60`, `CONCAT(${c}, 'x') <> 'x'`],
    bytes: [`LENGTH(${c}) < 60`],
    day: [`DATE(${c}) <> '2007-07-07'`, `HOUR(${c}) < 23`, `DAYNAME(${c}) <> 'Otterday'`],
    clock: [`HOUR(${c}) < 700`],
    json: [`JSON_LENGTH(${c}) < 9`],
    choice: [`${c} + 0 < 100`],
  };
  return random.pick(asked[family]);
}
