/**
 * The proof of the allowlist: for each column type, values at its edges, and how the server itself is asked for a stored value in a form
 * that loses nothing.
 */
import type { ColumnSchema, Value } from '@lutra/model';
import { errorValueOf, printedJson, setMembers } from '@lutra/rows';

export interface TypeCase {
  readonly definition: string;
  /** SQL expressions. NULL is always tried too. */
  readonly values: readonly string[];
}

/** The server's expression for a column, and the same text made from our value. */
export interface Oracle {
  readonly expression: (column: string) => string;
  readonly text: (value: NonNullable<Value>) => string;
}

const asText: Oracle = { expression: (column) => `CAST(${column} AS CHAR)`, text: String };
/** ZEROFILL and YEAR pad the text; the value is the number. */
const asNumber: Oracle = { ...asText, expression: (column) => `${column} + 0` };
const asHex: Oracle = { expression: (column) => `HEX(${column})`, text: (value) => (value as Buffer).toString('hex').toUpperCase() };
const asUtf8: Oracle = {
  expression: (column) => `HEX(CONVERT(${column} USING utf8mb4))`,
  text: (value) =>
    Buffer.from(value as string)
      .toString('hex')
      .toUpperCase(),
};
/** A U+10FFFF of the text is doubled in a value: alone it marks an escape, which no text of a column that takes all of Unicode needs. */
const asEscaped: Oracle = { ...asUtf8, text: (value) => asUtf8.text((value as string).replaceAll('\u{10ffff}\u{10ffff}', '\u{10ffff}')) };
/** As a double: the shortest text that reads back as the same one. */
const asDouble: Oracle = {
  expression: (column) => `${column} * 1e0`,
  text: (value) => `number ${printNumber(value as number)}`,
};

function printNumber(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

/** The number, because an ENUM's error value and a SET's empty member print like others. */
function asNumberAndText({ type, values = [] }: ColumnSchema): Oracle {
  const byNumber = [errorValueOf(values), ...values];
  const numberOf = (value: string): number | bigint =>
    type === 'enum' ? byNumber.indexOf(value) : setMembers(value).reduce((sum, member) => sum | (1n << BigInt(values.indexOf(member))), 0n);
  const shown = (value: string): string =>
    type === 'enum' ? (values.includes(value) ? value : '') : setMembers(value).join(',').replace(/^,+/, '');
  return {
    expression: (column) => `CONCAT(${column} & ~0, ' ', HEX(CONVERT(${column} USING utf8mb4)))`,
    text: (value) =>
      `${numberOf(value as string)} ${Buffer.from(shown(value as string))
        .toString('hex')
        .toUpperCase()}`,
  };
}

export function oracleOf(column: ColumnSchema): Oracle {
  switch (column.type) {
    case 'year':
    case 'int':
      return asNumber;
    case 'binary':
    case 'varbinary':
    case 'blob':
    case 'geometry':
    case 'vector':
      return asHex;
    case 'enum':
    case 'set':
      return asNumberAndText(column);
    case 'bit': {
      const digits = 2 * Math.ceil((column.length ?? 0) / 8);
      return { ...asHex, expression: (name) => `LPAD(HEX(${name} + 0), ${digits}, '0')` };
    }
    case 'char':
    case 'varchar':
    case 'text':
      return asEscaped;
    case 'json':
      return { ...asUtf8, text: (value) => asUtf8.text(printedJson(value as string)) };
    case 'float':
    case 'double':
      return asDouble;
    case 'tinyint':
    case 'smallint':
    case 'mediumint':
    case 'bigint':
    case 'decimal':
    case 'date':
    case 'time':
    case 'datetime':
    case 'timestamp':
      return asText;
  }
}

/** The server's answer in the form of the oracle's text. */
export function answer(column: ColumnSchema, text: string): string {
  return column.type === 'float' || column.type === 'double' ? `number ${printNumber(Number(text))}` : text;
}

const integers: readonly (readonly [string, number])[] = [
  ['TINYINT', 8],
  ['SMALLINT', 16],
  ['MEDIUMINT', 24],
  ['INT', 32],
  ['BIGINT', 64],
];

function integerCases(): TypeCase[] {
  return integers.flatMap(([type, bits]) => {
    const half = 2n ** BigInt(bits - 1);
    const signed = [-half, -half + 1n, -1n, 0n, 1n, half - 1n].map(String);
    const unsigned = [0n, 1n, half - 1n, half, 2n * half - 1n].map(String);
    return [
      { definition: type, values: signed },
      { definition: `${type} UNSIGNED`, values: unsigned },
    ];
  });
}

const decimals: readonly TypeCase[] = [
  ['DECIMAL(1,0)', ['0', '1', '-9', '9']],
  ['DECIMAL(5,5)', ['0', '0.00001', '-0.99999', '0.5']],
  ['DECIMAL(9,9)', ['0.123456789', '-0.000000001']],
  ['DECIMAL(10,0)', ['1234567890', '-9999999999', '1000000000']],
  ['DECIMAL(10,2) UNSIGNED', ['0', '0.01', '12345678.90', '99999999.99']],
  ['DECIMAL(18,9)', ['123456789.987654321', '-1.000000001', '100000000.000000001']],
  ['DECIMAL(20,10)', ['1234567890.0123456789', '-0.0000000001', '1000000001.1']],
  ['DECIMAL(65,0)', [`'${'9'.repeat(65)}'`, `'-${'1'.repeat(65)}'`, '0', '7']],
  ['DECIMAL(65,30)', [`'${'9'.repeat(35)}.${'9'.repeat(30)}'`, `'-0.${'0'.repeat(29)}1'`, '-1', "'12345678901234567890.5'"]],
].map(([definition, values]) => ({ definition, values }) as TypeCase);

const doubles = [
  '0',
  '-0e0',
  '1',
  '-1.5',
  '0.1',
  '1e15',
  '1e16',
  '1e-15',
  '123456789.125',
  '2.2250738585072014e-308',
  '5e-324',
  '1.7976931348623157e308',
];
const floats = [
  '0',
  '-0e0',
  '1',
  '-1.5',
  '0.1',
  '3.4e38',
  '-3.4028234e38',
  '1.17549e-38',
  '1.4e-45',
  '1e-40',
  '16777217',
  '1234567.9',
  '9.999999e9',
];
const dates = [
  "'0000-00-00'",
  "'2024-00-00'",
  "'2024-02-00'",
  "'0000-01-01'",
  "'1000-01-01'",
  "'9999-12-31'",
  "'2023-02-31'",
  "'1970-01-01'",
];

function fractions(digits: number): string[] {
  const all = ['', '.1', '.12', '.123', '.1234', '.12345', '.123456', '.000001', '.999999', '.05', '.5'];
  return all.filter((fraction) => fraction.length <= digits + 1 && (digits > 0 || fraction === ''));
}

function temporalCases(): TypeCase[] {
  return [0, 1, 2, 3, 4, 5, 6].flatMap((digits) => {
    const withFraction = (texts: readonly string[]): string[] =>
      texts.flatMap((text) => fractions(digits).map((fraction) => `'${text}${fraction}'`));
    const times = withFraction(['00:00:00', '-00:00:00', '-00:00:01', '23:59:59', '-837:58:58', '838:59:58', '-100:00:00', '12:34:56']);
    const datetimes = ['2024-02-29 23:59:59', '1000-01-01 00:00:00', '0000-00-00 00:00:00', '2024-00-00 12:00:00', '9999-12-31 23:59:58'];
    const timestamps = ['1970-01-01 00:00:01', '2038-01-19 03:14:06', '2000-01-01 00:00:00', '2024-02-29 12:34:56'];
    return [
      { definition: `TIME(${digits})`, values: [...times, "'838:59:59'", "'-838:59:59'"] },
      { definition: `DATETIME(${digits})`, values: [...withFraction(datetimes), "'2023-02-31 01:02:03'"] },
      { definition: `TIMESTAMP(${digits}) NULL`, values: [...withFraction(timestamps), "'0000-00-00 00:00:00'", "'2038-01-19 03:14:07'"] },
    ];
  });
}

function bitCases(): TypeCase[] {
  return [1, 2, 7, 8, 9, 15, 16, 31, 32, 33, 63, 64].map((bits) => ({
    definition: `BIT(${bits})`,
    values: ['0', '1', `${2n ** BigInt(bits) - 1n}`, `${2n ** BigInt(bits - 1)}`, `${0xa5a5a5a5a5a5a5a5n % 2n ** BigInt(bits)}`],
  }));
}

export const hex = (text: string): string => `CONVERT(0x${Buffer.from(text).toString('hex') || '00'} USING utf8mb4)`;
const texts = [
  "''",
  "'a'",
  "'trailing  '",
  hex('äöü €'),
  hex('😀 4-byte 𝄞'),
  hex('\u0000\u0001\u007f\u0080\uffff'),
  hex('\uFFFD'),
  hex(`it's "quoted" \\ back`),
];
const narrow = ["''", "'a'", "'trailing  '", hex('äöü €'), hex('漢字 \uFFFD')];
export const everyByte = (first: number, last: number): string =>
  `0x${Buffer.from(Array.from({ length: last - first + 1 }, (_, i) => first + i)).toString('hex')}`;

const textCases: readonly TypeCase[] = [
  ...[
    'VARCHAR(63)',
    'VARCHAR(64)',
    'VARCHAR(1000)',
    'CHAR(20)',
    'CHAR(63)',
    'CHAR(64)',
    'CHAR(255)',
    'TINYTEXT',
    'TEXT',
    'MEDIUMTEXT',
    'LONGTEXT',
  ].map((type) => ({ definition: `${type} CHARACTER SET utf8mb4`, values: texts })),
  { definition: 'VARCHAR(16000) CHARACTER SET utf8mb4', values: [`REPEAT(${hex('😀')}, 16000)`, `REPEAT('x', 255)`, `REPEAT('x', 256)`] },
  { definition: 'CHAR(255) CHARACTER SET utf8mb4', values: [`REPEAT(${hex('😀')}, 255)`, `REPEAT('x', 255)`] },
  { definition: 'LONGTEXT CHARACTER SET utf8mb4', values: [`REPEAT(${hex('ab😀')}, 100000)`, "'z'"] },
  { definition: 'VARCHAR(100) CHARACTER SET utf8mb3', values: narrow },
  { definition: 'CHAR(100) CHARACTER SET utf8mb3', values: narrow },
  { definition: 'TEXT CHARACTER SET utf8mb3', values: narrow },
  { definition: 'VARCHAR(300) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin', values: texts },
  { definition: 'VARCHAR(100) CHARACTER SET ascii', values: ["''", "'abc '", everyByte(0, 0x7f)] },
  { definition: 'CHAR(200) CHARACTER SET ascii', values: ["''", "'abc '", everyByte(0, 0x7f)] },
  { definition: 'VARCHAR(300) CHARACTER SET latin1', values: ["''", "'abc '", everyByte(0, 0xff)] },
  { definition: 'CHAR(255) CHARACTER SET latin1', values: ["''", "'abc '", everyByte(0x80, 0xff), everyByte(0, 0x7f)] },
  { definition: 'TEXT CHARACTER SET latin1 COLLATE latin1_german2_ci', values: ["''", everyByte(0, 0xff)] },
];

/** What its server makes of it is what is read, but for what is escaped: test/charsets has all of these sets. */
const otherTextCases: readonly TypeCase[] = [
  { definition: 'VARCHAR(20) CHARACTER SET gbk', values: ["''", hex('漢字 €ab'), "REPEAT('x', 20)"] },
  { definition: 'CHAR(70) CHARACTER SET utf16', values: texts },
  { definition: 'TEXT CHARACTER SET cp1251', values: ["''", hex('Жук'), everyByte(0, 0x97)] },
  { definition: "ENUM('ł','b') CHARACTER SET latin2", values: [hex('ł'), "'b'"] },
  { definition: "SET('я','b') CHARACTER SET koi8r", values: ["''", '1', '2', '3'] },
];

const bytes = ["''", '0x00', '0x0000', '0x41', '0xff00', '0x2020', everyByte(0, 19), everyByte(0xec, 0xff)];
const binaryCases: readonly TypeCase[] = [
  ...['BINARY(20)', 'BINARY(255)', 'VARBINARY(255)', 'VARBINARY(256)', 'VARBINARY(3000)', 'TINYBLOB', 'BLOB', 'MEDIUMBLOB', 'LONGBLOB'].map(
    (definition) => ({ definition, values: bytes }),
  ),
  { definition: 'BINARY(1)', values: ["''", '0x00', '0xff', '0x20'] },
  { definition: 'LONGBLOB', values: ['REPEAT(0xff00, 40000)', 'REPEAT(0x01, 16384)', 'REPEAT(0x01, 16385)'] },
];

const sixtyFour = Array.from({ length: 64 }, (_, i) => `m${i}`);
const many = Array.from({ length: 300 }, (_, i) => `'value ${i}'`).join(',');
const quoted = (members: readonly string[]): string => members.map((member) => `'${member}'`).join(',');
const choiceCases: readonly TypeCase[] = [
  {
    definition: "ENUM('a','b','it''s',' lead','comma,comma','😀','')",
    values: ["'a'", "'it''s'", "' lead'", "'comma,comma'", hex('😀'), "''"],
  },
  { definition: "ENUM('ä','ö€') CHARACTER SET latin1", values: [hex('ä'), hex('ö€')] },
  // 0 is the error value, with and without a member that prints like it
  { definition: "ENUM('a','b')", values: ['0', "'a'", "'b'"] },
  { definition: "ENUM('a','','b')", values: ['0', "'a'", "''", '3'] },
  { definition: "ENUM('0','00','1')", values: ['0', '1', '2', '3'] },
  { definition: "ENUM(0x6100,0x5c27,0x0a,'a') COLLATE utf8mb4_bin", values: ['1', '2', '3', '4'] },
  { definition: 'ENUM(0x00,0x80,0xe9) CHARACTER SET latin1 COLLATE latin1_bin', values: ['1', '2', '3'] },
  { definition: "SET('a','','ö')", values: ['0', '1', '2', '3', '4', '6', '7'] },
  { definition: "SET('')", values: ['0', '1'] },
  { definition: `ENUM(${many})`, values: ["'value 0'", "'value 254'", "'value 255'", "'value 299'"] },
  { definition: "SET('a','b','it''s','😀')", values: ["''", "'a'", "'a,b'", "'b,it''s'", '15', '8'] },
  { definition: "SET('ä','ö€') CHARACTER SET latin1", values: ["''", '1', '2', '3'] },
  ...[8, 9, 16, 17, 24, 25, 32, 33, 63, 64].map((count) => ({
    definition: `SET(${quoted(sixtyFour.slice(0, count))})`,
    values: ["''", '1', `${2n ** BigInt(count) - 1n}`, `${2n ** BigInt(count - 1)}`, `'m0,m${count - 1}'`],
  })),
];

const deep = (levels: number): string => `${'['.repeat(levels)}1${']'.repeat(levels)}`;
/** Apart by white space. */
const jsonScalars = `
  null true false "" "a" "äöü€😀" "\\u2028\\u2029\\ufffd\\ud83d\\ude00" "\\u0000\\u0001\\u001f\\u007f\\b\\f\\n\\r\\t\\"\\\\\\/"
  0 -1 1.0 -0.0 0.0 1.5 1e100 1.5e300 1E-7 -1e-20 123456789012345680000 5e-324 100.0 0.1 9007199254740993
  1478090115088719.2 -4503599627370495.5 123456789012345.67 1.2345678901234567e-14 1.2345678901234567e-15
  1e14 1e15 1e16 123456789012345.0 1234567890123456.0 0.00001 1e-14 1e-15 1e-16
  32767 32768 -32768 -32769 65535 65536 2147483647 2147483648 -2147483648 -2147483649 4294967295 4294967296
  9223372036854775807 -9223372036854775808 9223372036854775808 18446744073709551615 18446744073709551616 -9223372036854775809
  {} [] [[]] {"":""} {"a":{}} {"__proto__":1,"constructor":{"__proto__":null}} {"1":1,"0":0,"b":2,"a":1,"aa":3}
  {"b":1,"a":2,"aa":[1,-1,70000,-70000,3000000000,-3000000000,2.5,true,null,"x",{"y":{}}]}`;

export const jsonTexts: readonly string[] = [
  ...jsonScalars.trim().split(/\s+/),
  deep(50),
  deep(99),
  `{"long": "${'x'.repeat(127)}", "longer": "${'y'.repeat(128)}", "longest": "${'z'.repeat(20000)}"}`,
  `[${Array.from({ length: 5000 }, (_, i) => (i % 7 === 0 ? `"s${i}"` : i % 5 === 0 ? `{"k${i}": ${i * 100_000}}` : `${i * 1000 - 5}`)).join(',')}]`,
  `{${Array.from({ length: 3000 }, (_, i) => `"key${i}": ${i % 3 === 0 ? 'null' : i % 3 === 1 ? i * 1_000_000 : `"${i}"`}`).join(',')}}`,
  `[${Array.from({ length: 20 }, (_, i) => `"${'w'.repeat(5000 + i)}"`).join(',')}, 1, -70000, 70000, 4294967295]`,
];

const quote = (text: string): string => `'${text.replaceAll('\\', String.raw`\\`).replaceAll("'", "''")}'`;
const jsonCase: TypeCase = {
  definition: 'JSON',
  values: [
    ...jsonTexts.map(quote),
    'CAST(1e0 AS JSON)',
    'CAST(-0e0 AS JSON)',
    'JSON_ARRAY(1e0, 1e20, 123456.789e0, CAST(7 AS UNSIGNED), CAST(70000 AS UNSIGNED), CAST(9223372036854775807 AS UNSIGNED))',
    "JSON_OBJECT('u', CAST(18446744073709551615 AS UNSIGNED), 'i', CAST(-5 AS SIGNED), 'f', 0.1e0)",
  ],
};

const wkt = (text: string, srid = 0): string => `ST_GeomFromText('${text}', ${srid})`;
const geometries = {
  POINT: [wkt('POINT(1.5 -2)'), wkt('POINT(10 20)', 4326), "x'000000000101000000000000000000008000000000000000c0'"],
  LINESTRING: [wkt('LINESTRING(0 0, 1 1, 2 0)'), wkt('LINESTRING(1 2, 3 4)', 3857)],
  // The second one crosses itself: it is stored as it is.
  POLYGON: [wkt('POLYGON((0 0, 4 0, 4 4, 0 4, 0 0), (1 1, 2 1, 2 2, 1 2, 1 1))'), wkt('POLYGON((0 0, 1 1, 0 1, 1 0, 0 0))')],
  MULTIPOINT: [wkt('MULTIPOINT(0 0, 1 1)')],
  MULTILINESTRING: [wkt('MULTILINESTRING((0 0, 1 1), (2 2, 3 3))')],
  MULTIPOLYGON: [wkt('MULTIPOLYGON(((0 0, 1 0, 1 1, 0 0)))')],
  GEOMETRYCOLLECTION: [wkt('GEOMETRYCOLLECTION EMPTY'), wkt('GEOMETRYCOLLECTION(POINT(1 1), GEOMETRYCOLLECTION(LINESTRING(0 0, 1 1)))')],
} as const;

const spatialCases: readonly TypeCase[] = [
  ...Object.entries(geometries).map(([definition, values]) => ({ definition, values })),
  { definition: 'GEOMETRY', values: Object.values(geometries).flat() },
];

/** MySQL from 9.0 on. */
export const vectorCases: readonly TypeCase[] = [
  { definition: 'VECTOR(3)', values: ["x'0000803f0000004000004040'", "x'0000803f'", "x'00000080ffff7f7f01000000'"] },
  { definition: 'VECTOR', values: ["x'0000803f'", `REPEAT(x'0000803f', 2048)`] },
  { definition: 'VECTOR(16383)', values: [`REPEAT(x'0000803f', 16383)`] },
];

export const typeCases: readonly TypeCase[] = [
  ...integerCases(),
  ...decimals,
  { definition: 'FLOAT', values: floats },
  { definition: 'DOUBLE', values: doubles },
  { definition: 'FLOAT(7,3)', values: ['1.2345', '-9999.999'] },
  { definition: 'DOUBLE(15,5)', values: ['1.2345678', '-9999999.99999'] },
  { definition: 'YEAR', values: ['0', '1901', '1970', '2024', '2155', "'00'"] },
  { definition: 'TINYINT(1)', values: ['0', '1', '-128', '127', 'TRUE'] },
  { definition: 'INT(5) UNSIGNED ZEROFILL', values: ['0', '42', '4294967295'] },
  ...bitCases(),
  ...textCases,
  ...otherTextCases,
  ...binaryCases,
  ...choiceCases,
  { definition: 'DATE', values: dates },
  ...temporalCases(),
  ...spatialCases,
  jsonCase,
];
