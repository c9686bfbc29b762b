/** For this lib's integration tests: every allowed type, and values at its edges. */
import type { Value } from '@lutra/model';
import { quoteText } from './literal.js';

const double = [
  '0',
  '-0e0',
  '0.1e0',
  '-1.7976931348623157e308',
  '1.7976931348623157e308',
  '2.2250738585072014e-308',
  '123456789.123456789e0',
  '1e23',
  '9007199254740993e0',
];
const float = [
  '0',
  '-0e0',
  '0.1',
  '3.402823466e38',
  '-3.402823466e38',
  '1.17549435e-38',
  '16777217',
  '1e-40',
  '1.401298464324817e-45',
  '123456.789',
];
const text = ["''", "'a'", "'A'", "'a '", "' '", String.raw`'it''s "q" \\ \0 \n \r \Z \t %_'`, "'ÄÖß'", "'日本'", "'x;y -- # /*'"];
const wide = [...text, "'😀'", "_utf8mb4 x'efbfbd'", "_utf8mb4 x'0001021f7f'"];
const bytes = ["''", "x'00'", "x'0000'", "x'5c27'", "x'ff00ff'", "x'61'", "x'6120'", "x'2020'"];
const json = [
  '{}',
  '[]',
  'null',
  'true',
  '0',
  '-1',
  '1.0',
  '1',
  '0.1',
  '1e100',
  '18446744073709551615',
  '""',
  String.raw`"\\ \" \u0000 \n"`,
  String.raw`{"b": 1, "a": [1, 2.5, null, "x\ny"], "": {"'": "😀"}}`,
].map(quoteText);
/** Doubles that MySQL 8.0.15 misreads in the text of a document. */
const jsonDoubles = [
  "JSON_ARRAY(129294.54272519925e0, 956255.7535730463e0, 0.1e0 + 0.2e0, -1.7976931348623157e308, 5e-324, 1e23, 'x')",
  "JSON_OBJECT('it''s \\\\', JSON_ARRAY(185151.24251647986e0, 1), 'b', JSON_ARRAY(JSON_ARRAY()), '', 'a')",
  'CAST(129294.54272519925e0 AS JSON)',
  `${'JSON_ARRAY('.repeat(95)}185151.24251647986e0${')'.repeat(95)}`,
];

/** A type, and its edge values as SQL. */
export const types: readonly (readonly [string, readonly string[]])[] = [
  ['tinyint', ['-128', '127', '0']],
  ['tinyint unsigned', ['0', '255']],
  ['smallint', ['-32768', '32767']],
  ['smallint unsigned', ['65535']],
  ['mediumint', ['-8388608', '8388607']],
  ['mediumint unsigned', ['16777215']],
  ['int', ['-2147483648', '2147483647']],
  ['int unsigned', ['4294967295']],
  ['bigint', ['-9223372036854775808', '9223372036854775807', '9007199254740993', '0']],
  ['bigint unsigned', ['18446744073709551615', '0', '9223372036854775808', '9223372036854775807', '18446744073709551614', '1']],
  ['decimal(65,30)', ['0', '-0.000000000000000000000000000001', '99999999999999999999999999999999999.999999999999999999999999999999', '1']],
  ['decimal(10,2) unsigned', ['0', '99999999.99', '0.10']],
  ['decimal(30)', ['-999999999999999999999999999999']],
  ['float', float],
  ['double', double],
  ['year', ['0', '1901', '2155', '2000', '1970']],
  ['bit(1)', ["b'0'", "b'1'"]],
  ['bit(9)', ["b'0'", "b'111111111'", "b'100110000'"]],
  ['bit(64)', ["x'ffffffffffffffff'", "x'00'", "x'3100000000000000'"]],
  ['char(40)', text],
  ['varchar(80)', wide],
  ['varchar(80) character set latin1', text.slice(0, 7)],
  ['varchar(80) character set utf8mb3', text],
  ['varchar(80) character set utf16', wide],
  ['char(60) character set ascii collate ascii_bin', text.slice(0, 6)],
  ['tinytext', wide],
  ['text character set latin1', text.slice(0, 7)],
  ['mediumtext', wide],
  ['longtext', [...wide, "REPEAT('\\\\''', 20000)"]],
  ['binary(4)', ["x'00'", "x'5c27'", "x'20202020'", "x'61000000'", "x'ffffffff'"]],
  ['varbinary(20)', bytes],
  ['tinyblob', bytes],
  ['longblob', [...bytes, "REPEAT(x'00ff275c', 20000)"]],
  ["enum('a','B b','it''s','1','0','ö')", ["'a'", "'B b'", "'it''s'", "'1'", "'0'", "'ö'"]],
  // '' and '0' are the error value where they are no members.
  ["enum('a','','B b')", ["'a'", "''", "'0'", "'B b'"]],
  ["enum('x','0','00')", ["'x'", "'0'", "'00'", "'000'"]],
  ["enum('a','٠') character set utf8mb4", ["'a'", "'٠'", "'00'"]],
  ["enum('b','c') character set utf16", ["'b'", "_utf16 x'0030'"]],
  ["enum('b','0') character set utf16le", ["'b'", "'0'", "_utf16le x'30003000'"]],
  ["enum('b','c') character set utf32", ["'b'", "_utf32 x'00000030'"]],
  ["set('a','','ö')", ['0', '1', '2', '3', '6', '7']],
  ["enum(x'6100',x'0a','é')", ['1', '2', '3']],
  ["set('a','b','2','ö')", ["''", "'a'", "'a,b'", "'2'", "'a,b,2,ö'"]],
  ['json', json],
  ['date', ["'0000-00-00'", "'0001-01-01'", "'9999-12-31'", "'2024-02-30'", "'2024-00-10'"]],
  ['time(6)', ["'-838:59:59.000000'", "'838:59:59.000000'", "'00:00:00'", "'-00:00:00.000001'", "'12:34:56.789012'"]],
  ['time', ["'-00:00:01'", "'100:00:00'"]],
  ['datetime(6)', ["'0000-00-00 00:00:00'", "'1000-01-01 00:00:00'", "'9999-12-31 23:59:59.999999'", "'2024-02-31 01:02:03.000004'"]],
  ['datetime', ["'0000-00-00 00:00:00'", "'2024-06-30 23:59:59'"]],
  ['timestamp(6) null', ["'0000-00-00 00:00:00'", "'1970-01-01 00:00:01'", "'2038-01-19 03:14:07.999999'"]],
  ['timestamp(3) null', ["'2024-03-31 01:30:00.123'"]],
];

/** As a server stores them: the SRID, then WKB. */
const point = "ST_GeomFromText('POINT(1.5 -2)')";
const geometries = [
  point,
  "ST_GeomFromText('POINT(10 20)', 4326)",
  "ST_GeomFromText('LINESTRING(0 0, 1 1, 2 0)')",
  "ST_GeomFromText('POLYGON((0 0, 4 0, 4 4, 0 4, 0 0), (1 1, 2 1, 2 2, 1 2, 1 1))')",
  "ST_GeomFromText('POLYGON((0 0, 1 1, 0 1, 1 0, 0 0))')",
  "ST_GeomFromText('MULTIPOINT(0 0, 1 1)')",
  "ST_GeomFromText('MULTILINESTRING((0 0, 1 1), (2 2, 3 3))')",
  "ST_GeomFromText('MULTIPOLYGON(((0 0, 1 0, 1 1, 0 0)))')",
  "ST_GeomFromText('GEOMETRYCOLLECTION(POINT(1 1), GEOMETRYCOLLECTION(LINESTRING(0 0, 1 1)))')",
  "ST_GeomFromText('GEOMETRYCOLLECTION EMPTY')",
  "x'000000000101000000000000000000008000000000000000c0'",
];
const spatial: typeof types = [
  ['geometry', geometries],
  ['point', [point]],
  ['geometrycollection', ["ST_GeomFromText('GEOMETRYCOLLECTION(POINT(1 1))')"]],
];
const vectors: typeof types = [['vector(3)', ["x'0000803f0000004000004040'", "x'0000803f'", "x'00000080ffff7f7f01000000'"]]];

/** MariaDB's JSON is a text, and has no such functions. */
export const typesOf = (version: string): typeof types =>
  version.startsWith('mariadb')
    ? [...types, ...spatial]
    : [...types, ...spatial, ['json', jsonDoubles], ...(version === '9.7' ? vectors : [])];

/** The same text for the same value only. */
export function bare(value: Value | undefined): string {
  if (Buffer.isBuffer(value)) return value.toString('hex');
  return Object.is(value, -0) ? '-0' : value === null ? 'no value' : String(value);
}
