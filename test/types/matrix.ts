/**
 * Which columns are replicated, and which the check before the start refuses: the table of docs/types.md, and of the tests that show it on
 * real servers (matrix.long.test.ts all of it, matrix.integration.test.ts a part). Each type has its values, or its reason: none stops at
 * the first row.
 */
import { supportedCharsets } from '@lutra/model';
import { hex, typeCases, vectorCases } from '../../libs/binlog/src/allowlist.fixture.js';
import type { TypeCase } from '../../libs/binlog/src/allowlist.fixture.js';
import type { MysqlVersion } from '../servers/index.js';

/** 'none': the server has no such type. */
export type Verdict = 'replicated' | 'refused' | 'none';

export interface MatrixRow {
  readonly type: string;
  /** What a consumer gets. */
  readonly arrives: string;
  readonly mind: string;
  readonly cases: readonly TypeCase[];
  readonly on: Readonly<Record<MysqlVersion, Verdict>>;
}

const everywhere = { '8.0': 'replicated', '9.7': 'replicated', 'mariadb-11.4': 'replicated' } as const;
const onMysql = { ...everywhere, 'mariadb-11.4': 'refused' } as const;
const refusedOnMariadb = { '8.0': 'none', '9.7': 'none', 'mariadb-11.4': 'refused' } as const;

const ofPattern = (pattern: RegExp, ...more: readonly TypeCase[]): readonly TypeCase[] => [
  ...typeCases.filter(({ definition }) => pattern.test(definition)),
  ...more,
];
const values = (definition: string, ...all: readonly string[]): TypeCase => ({ definition, values: all });

export const matrix: readonly MatrixRow[] = [
  {
    type: 'TINYINT, SMALLINT, MEDIUMINT, INT, BIGINT',
    arrives: 'int; long from INT UNSIGNED on; bytes, decimal(20,0) for BIGINT UNSIGNED',
    mind: 'SERIAL, BOOL and ZEROFILL too: ZEROFILL pads what is printed, not what is stored. Beside a YEAR column, numbers of MySQL 8.0.16 to 8.0.28 are refused: their binlog does not prove whether they are unsigned.',
    cases: ofPattern(
      /^(?:TINY|SMALL|MEDIUM|BIG)?INT\b/,
      values('BOOL', '0', '1', '-7'),
      values('BIGINT UNSIGNED ZEROFILL', '0', '18446744073709551615'),
    ),
    on: everywhere,
  },
  {
    type: 'DECIMAL',
    arrives: 'bytes, decimal(p,s)',
    mind: 'All 65 digits.',
    cases: ofPattern(/^DECIMAL/, values('DECIMAL(5,2) ZEROFILL', '0', '1.5')),
    on: everywhere,
  },
  { type: 'FLOAT', arrives: 'float', mind: 'FLOAT(m,d) too.', cases: ofPattern(/^FLOAT/), on: everywhere },
  { type: 'DOUBLE', arrives: 'double', mind: 'DOUBLE(m,d) too.', cases: ofPattern(/^DOUBLE/), on: everywhere },
  { type: 'BIT(n)', arrives: 'bytes', mind: 'Big-endian, ⌈n/8⌉ bytes.', cases: ofPattern(/^BIT/), on: everywhere },
  { type: 'YEAR', arrives: 'int', mind: '0 and 1901 to 2155.', cases: ofPattern(/^YEAR/), on: everywhere },
  {
    type: 'DATE',
    arrives: 'string',
    mind: 'As the server prints it; 0000-00-00, 2024-00-00 and, under ALLOW_INVALID_DATES, 2023-02-31 too.',
    cases: ofPattern(/^DATE$/),
    on: everywhere,
  },
  {
    type: 'DATETIME(n), TIMESTAMP(n)',
    arrives: 'string',
    mind: 'TIMESTAMP in UTC.',
    cases: ofPattern(/^(?:DATETIME|TIMESTAMP)/),
    on: everywhere,
  },
  {
    type: 'TIME(n)',
    arrives: 'string',
    mind: 'Negative values and values up to 838:59:59 too.',
    cases: ofPattern(/^TIME\(/),
    on: everywhere,
  },
  {
    type: 'DATETIME, TIMESTAMP, TIME in the format before MySQL 5.6',
    arrives: '',
    mind: 'Columns created under mysql56_temporal_format = OFF. ALTER TABLE … FORCE gives them the new format.',
    cases: [values('DATETIME(3) NULL'), values('TIMESTAMP NULL'), values('TIME NULL')],
    on: refusedOnMariadb,
  },
  {
    type: 'CHAR, VARCHAR, TINYTEXT … LONGTEXT',
    arrives: 'string',
    mind: 'In the character sets below.',
    cases: ofPattern(
      /^(?:CHAR|VARCHAR|(?:TINY|MEDIUM|LONG)?TEXT)\b/,
      values('CHAR(0)', "''"),
      values('VARCHAR(0)', "''"),
      values('TEXT(100)', "''", "'a '", hex('ä')),
    ),
    on: everywhere,
  },
  {
    type: 'BINARY, VARBINARY',
    arrives: 'bytes',
    mind: 'BINARY with its trailing zeros. In the binlog of MariaDB they look like UUID, INET4, INET6 and VECTOR.',
    cases: ofPattern(/^(?:BINARY|VARBINARY)/, values('BINARY(0)', "''"), values('VARBINARY(0)', "''")),
    on: onMysql,
  },
  {
    type: 'TINYBLOB … LONGBLOB',
    arrives: 'bytes',
    mind: '',
    cases: ofPattern(/BLOB$/, values('BLOB(100)', "''", '0x00ff')),
    on: everywhere,
  },
  {
    type: 'compressed text and blob columns',
    arrives: '',
    mind: 'ALTER TABLE … MODIFY without COMPRESSED.',
    cases: [values('TEXT COMPRESSED'), values('BLOB COMPRESSED'), values('VARCHAR(9) COMPRESSED')],
    on: refusedOnMariadb,
  },
  {
    type: 'ENUM',
    arrives: 'string',
    mind: "The error value (number 0) is '', as the server prints it; where '' is a member, it is the character U+0000. Members with trailing zeros, quotes and control characters too. MySQL 8.0.15 does not tell members beyond the first plane of Unicode: there a list that shows `?` is refused in a table with something that is computed from its rows.",
    cases: ofPattern(/^ENUM/),
    on: everywhere,
  },
  {
    type: 'SET',
    arrives: 'string',
    mind: "The members, joined by commas. Where '' is a member, a set of it alone is `,`.",
    cases: ofPattern(/^SET/),
    on: everywhere,
  },
  {
    type: 'ENUM, SET of character set binary',
    arrives: 'string',
    mind: 'Read as UTF-8; an invalid byte is escaped.',
    cases: [values("ENUM('a','ä') CHARACTER SET binary", '1', '2'), values("SET('a','ä') CHARACTER SET binary", '0', '1', '3')],
    on: everywhere,
  },
  {
    type: 'JSON',
    arrives: 'string',
    mind: 'Its text as the server prints it. On MariaDB it is a LONGTEXT.',
    cases: ofPattern(/^JSON/),
    on: everywhere,
  },
  {
    type: 'GEOMETRY, POINT … GEOMETRYCOLLECTION',
    arrives: 'bytes',
    mind: 'As the server stores them: 4 bytes SRID (little-endian), then WKB, which the server writes little-endian. `lutra.geometry` names the column’s geometry type. MySQL and MariaDB store the axes of SRID 4326 in different order: Lutra does not swap them.',
    cases: ofPattern(/^(?:GEOMETRY|POINT|LINESTRING|POLYGON|MULTI)/),
    on: everywhere,
  },
  {
    type: 'VECTOR(n)',
    arrives: 'bytes',
    mind: '4 bytes per entry, FLOAT, little-endian. From MySQL 9.0 on; in MariaDB’s binlog it looks like VARBINARY.',
    cases: vectorCases,
    on: { '8.0': 'none', '9.7': 'replicated', 'mariadb-11.4': 'none' },
  },
  { type: 'UUID, INET4, INET6', arrives: '', mind: '', cases: [values('UUID'), values('INET4'), values('INET6')], on: refusedOnMariadb },
];

/** MariaDB has a JSON of texts, up to 32 levels, and does not know all of MySQL's words. */
const foreign = /CAST\(.* AS (?:JSON|UNSIGNED|SIGNED)\)|JSON_(?:ARRAY|OBJECT)|\[{33}/;

export function casesOn(version: MysqlVersion, { cases }: MatrixRow): readonly TypeCase[] {
  if (version !== 'mariadb-11.4') return cases;
  return cases.map(({ definition, values: all }) => ({ definition, values: all.filter((value) => !foreign.test(value)) }));
}

const some = 'äöü €漢字 ЖЯ 😀';

/** Of one character set: what the set lacks, the server stores as question marks. */
export function textCases(charset: string): readonly TypeCase[] {
  const texts = ["''", "'a'", "'b  '", `CONVERT(${hex(some)} USING ${charset})`];
  const types = ['CHAR(30)', 'VARCHAR(60)', 'TEXT', 'TINYTEXT'].map((type) => values(`${type} CHARACTER SET ${charset}`, ...texts));
  const choices = [
    values(`ENUM('a','0','B') CHARACTER SET ${charset}`, '0', '1', '2', '3'),
    values(`SET('a','','B') CHARACTER SET ${charset}`, '0', '1', '2', '6'),
  ];
  return charset === 'utf32' ? [...types, values("ENUM('a') CHARACTER SET utf32", '0', '1')] : [...types, ...choices];
}

export function isReplicated(charset: string): boolean {
  return supportedCharsets.includes(charset);
}
