/**
 * Documents that are lost where JSON is taken for its text: SQL expressions, for a session in UTC that takes invalid dates
 * (reading.fixture.ts: writer). Each is of every server from 8.0.15 on.
 */
import * as fc from 'fast-check';

/** What only a column is: columns of a table of one row, for documents that are made of them. */
export const columnsOfTypes: Readonly<Record<string, readonly [type: string, value: string]>> = {
  bit1: ['BIT(1)', "b'1'"],
  bit9: ['BIT(9)', "b'101'"],
  bit64: ['BIT(64)', "x'ffffffffffffffff'"],
  tiny_blob: ['TINYBLOB', "x'ff00'"],
  blob_: ['BLOB', "x'00'"],
  medium_blob: ['MEDIUMBLOB', "x'ff'"],
  long_blob: ['LONGBLOB', "REPEAT(x'ff00', 200)"],
  bytes4: ['BINARY(4)', "'f'"],
  bytes: ['VARBINARY(300)', "REPEAT(x'5c27', 150)"],
  stamp: ['TIMESTAMP(6) NULL', "'2024-03-31 01:30:00.123456'"],
  no_stamp: ['TIMESTAMP NULL', "'0000-00-00 00:00:00'"],
  day: ['DATE', "'2024-02-30'"],
  no_day: ['DATE', "'0000-00-00'"],
  clock: ['TIME(3)', "'-31:59:59.999'"],
  moment: ['DATETIME(2)', "'9999-12-31 23:59:59.99'"],
  price: ['DECIMAL(10,2)', '12.50'],
  zero: ['DECIMAL(10,2)', '0'],
  tenth: ['DECIMAL(1,1)', '-0.5'],
  whole: ['DECIMAL(20,0)', '5'],
  longest: ['DECIMAL(65,30)', '-12345678901234567890123456789012345.000000000000000000000000000001'],
  sparse: ['DECIMAL(65,30)', '1.1'],
  year_: ['YEAR', '2024'],
  wide: ['BIGINT UNSIGNED', '18446744073709551615'],
  unsigned_: ['INT UNSIGNED', '4294967295'],
  single: ['FLOAT', '0.1'],
  letter: ["ENUM('a','b')", "'a'"],
};

const columns = Object.keys(columnsOfTypes);

/** From constants alone. */
const constants: readonly string[] = [
  '1.5',
  '0.5',
  '.5',
  '-0.50',
  '0.00',
  '5.',
  '100000000000000000000000',
  '0.1234567890123456789012345678901234567',
  'CAST(1.10 AS DECIMAL(10,2))',
  'CAST(0 AS DECIMAL(65,30))',
  'CAST(1234567890.5 AS DECIMAL(20,5))',
  "DATE '2024-01-01'",
  "TIME '00:00:00'",
  "TIME '-00:00:00.000001'",
  "TIMESTAMP '2024-01-01 00:00:00'",
  "x'ff00'",
  "_binary ''",
  "b'101'",
  "_binary 'base64:type16:AQ=='",
  "REPEAT(x'ff', 70000)",
  `x'${'00'.repeat(70000)}'`,
  'CAST(7 AS UNSIGNED)',
  'CAST(70000 AS UNSIGNED)',
  'CAST(9223372036854775807 AS UNSIGNED)',
  '9223372036854775807',
  '-9223372036854775808',
  '9007199254740993',
  '-0e0',
  '1e0',
  '1e23',
  '5e-324',
  '129294.54272519925e0',
  "'2024-01-01'",
  "'12:00:00.000000'",
  "'base64:type16:AQ=='",
  String.raw`'a\t 1.5\n"\\'`,
  'NULL',
  'TRUE',
  'JSON_ARRAY()',
  'JSON_OBJECT()',
];

/** Keys that a path or a literal could misread. */
const keys: readonly string[] = ["''", "'a'", "'it''s'", String.raw`'"\\ \n \0 \t'`, "'$.*[0]'", "'😀'", "'__proto__'", "'base64:type16:'"];

const values: readonly string[] = [...constants, ...columns];

function nested(value: string, levels: number): string {
  return Array.from({ length: levels }, (_, i) => i).reduce(
    (inner, i) => (i % 3 === 0 ? `JSON_OBJECT('k', ${inner}, 'n', 1)` : `JSON_ARRAY('x', ${inner}, ${i})`),
    value,
  );
}

/** Each kind of value at the root, in an array, in an object, together, deep. */
export const typedDocuments: readonly string[] = [
  ...values.map((value) => `JSON_EXTRACT(JSON_ARRAY(${value}), '$[0]')`),
  ...values.map((value) => `JSON_ARRAY(${value})`),
  ...values.map((value, i) => `JSON_OBJECT(${keys[i % keys.length]}, ${value}, 'plain', 2.5e0)`),
  `JSON_ARRAY(${values.join(', ')})`,
  `JSON_OBJECT(${values.map((value, i) => `'k${i}', ${value}`).join(', ')})`,
  `JSON_OBJECT(${keys.map((key) => `${key}, JSON_OBJECT(${key}, JSON_ARRAY(1, price, stamp))`).join(', ')})`,
  nested('bit9', 40),
  nested('1.50', 99),
  // More columns of a JSON_TABLE than one may have.
  `JSON_ARRAY(${Array.from({ length: 450 }, (_, i) => (i % 2 === 0 ? 'bytes4' : 'price')).join(', ')})`,
];

const leaf = fc.oneof(
  fc.constantFrom(...values),
  fc
    .tuple(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), fc.nat(9))
    .map(([digits, scale]) => `CAST('${digits}e-${scale}' AS DECIMAL(50, ${scale}))`),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (Object.is(value, -0) ? '-0e0' : value.toExponential())),
  fc.uint8Array({ maxLength: 80 }).map((bytes) => `x'${Buffer.from(bytes).toString('hex')}'`),
  fc.integer({ min: -115_199, max: 115_199 }).map((seconds) => `SEC_TO_TIME(${seconds}.25)`),
  fc.nat(2_000_000_000).map((seconds) => `FROM_UNIXTIME(${seconds}.5)`),
  fc.string({ maxLength: 9, unit: 'binary' }).map((text) => `CONVERT(x'${Buffer.from(text).toString('hex')}' USING utf8mb4)`),
);

/** A document of random shape. */
export const typedDocument: fc.Arbitrary<string> = fc.letrec<{ document: string; value: string }>((tie) => ({
  document: fc.oneof(
    fc.array(tie('value'), { maxLength: 6 }).map((items) => `JSON_ARRAY(${items.join(', ')})`),
    fc
      .uniqueArray(fc.tuple(fc.constantFrom(...keys), tie('value')), { maxLength: 5, selector: ([key]) => key })
      .map((members) => `JSON_OBJECT(${members.map((member) => member.join(', ')).join(', ')})`),
  ),
  value: fc.oneof({ maxDepth: 3, withCrossShrink: true }, leaf, tie('document')),
})).document;
