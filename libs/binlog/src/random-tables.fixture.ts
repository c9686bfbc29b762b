/**
 * Tables of random columns in random order, with random rows: what a list of edges cannot think of, such as one column's data read as
 * another's.
 */
import * as fc from 'fast-check';
import { typeCases } from './allowlist.fixture.js';

export interface RandomTable {
  readonly definitions: readonly string[];
  /** SQL expressions, row by row. */
  readonly rows: readonly (readonly string[])[];
}

interface RandomColumn {
  readonly definition: string;
  readonly values: readonly string[];
}

const mostRows = 6;

const hex = (bytes: Uint8Array): string => (bytes.length === 0 ? "''" : `0x${Buffer.from(bytes).toString('hex')}`);
const utf8 = (text: string): string => `CONVERT(${hex(Buffer.from(text))} USING utf8mb4)`;
const json = (value: unknown): string => `CAST(${utf8(JSON.stringify(value))} AS JSON)`;

function integer(bits: number, unsigned: boolean): fc.Arbitrary<string> {
  const half = 2n ** BigInt(bits - 1);
  return fc.bigInt(unsigned ? { min: 0n, max: 2n * half - 1n } : { min: -half, max: half - 1n }).map(String);
}

function decimal(precision: number, scale: number): fc.Arbitrary<string> {
  const most = 10n ** BigInt(precision) - 1n;
  return fc.bigInt({ min: -most, max: most }).map((value) => {
    const digits = (value < 0n ? -value : value).toString().padStart(scale + 1, '0');
    const point = digits.length - scale;
    return `'${value < 0n ? '-' : ''}${digits.slice(0, point)}${scale > 0 ? `.${digits.slice(point)}` : ''}'`;
  });
}

const double = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (Object.is(value, -0) ? '-0e0' : value.toExponential()));
/** Doubles as JSON text; many of them around where MySQL changes from digits to exponents. */
export const jsonDouble = fc
  .oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.tuple(fc.double({ min: -10, max: 10, noNaN: true }), fc.integer({ min: -18, max: 18 })).map(([value, power]) => value * 10 ** power),
    fc.tuple(fc.integer(), fc.integer({ min: -20, max: 20 })).map(([value, power]) => value * 10 ** power),
  )
  .map((value) => (Object.is(value, -0) ? '-0e0' : value.toExponential()));
const jsonValue = fc.jsonValue({ maxDepth: 4, stringUnit: 'binary' });
const time = fc.integer({ min: -838_000_000_000, max: 838_000_000_000 }).map((micros) => {
  const absolute = Math.abs(micros);
  const part = (divisor: number, modulo: number): number => Math.floor(absolute / divisor) % modulo;
  const clock = `${part(1e9, 839)}:${part(1e7, 60)}:${part(1e6, 60)}.${String(absolute % 1e6).padStart(6, '0')}`;
  return `'${micros < 0 ? '-' : ''}${clock}'`;
});
const datetime = fc
  .date({ min: new Date('1000-01-01T00:00:00Z'), max: new Date('9999-12-30T00:00:00Z'), noInvalidDate: true })
  .map((date) => `'${date.toISOString().slice(0, 23).replace('T', ' ')}'`);
const timestamp = fc.integer({ min: 1, max: 2_147_000_000 }).map((seconds) => `FROM_UNIXTIME(${seconds}.${seconds % 997})`);

const generated: readonly (readonly [string, fc.Arbitrary<string>])[] = [
  ...[8, 16, 24, 32, 64].flatMap((bits, i): (readonly [string, fc.Arbitrary<string>])[] => {
    const type = ['TINYINT', 'SMALLINT', 'MEDIUMINT', 'INT', 'BIGINT'][i]!;
    return [
      [type, integer(bits, false)],
      [`${type} UNSIGNED`, integer(bits, true)],
    ];
  }),
  ...(
    [
      [5, 0],
      [5, 5],
      [9, 4],
      [10, 9],
      [19, 1],
      [38, 20],
      [65, 30],
    ] as const
  ).map(([precision, scale]) => [`DECIMAL(${precision},${scale})`, decimal(precision, scale)] as const),
  ['YEAR', fc.integer({ min: 1901, max: 2155 }).map(String)],
  ['DOUBLE', double],
  ['DOUBLE UNSIGNED', fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }).map((value) => Math.abs(value).toExponential())],
  [
    'FLOAT',
    fc
      .float({ noNaN: true, noDefaultInfinity: true, max: Math.fround(3e38), min: Math.fround(-3e38) })
      .map((value) => value.toExponential()),
  ],
  ['BIT(11)', fc.nat(2047).map(String)],
  ['VARCHAR(50)', fc.string({ unit: 'binary', maxLength: 50 }).map(utf8)],
  ['CHAR(50)', fc.string({ unit: 'grapheme', maxLength: 10 }).map(utf8)],
  ['VARCHAR(400)', fc.string({ unit: 'binary', maxLength: 200 }).map(utf8)],
  ['TEXT', fc.string({ unit: 'binary', maxLength: 300 }).map(utf8)],
  ['VARCHAR(80) CHARACTER SET latin1', fc.uint8Array({ maxLength: 80 }).map(hex)],
  ['BINARY(9)', fc.uint8Array({ maxLength: 9 }).map(hex)],
  ['VARBINARY(300)', fc.uint8Array({ maxLength: 300 }).map(hex)],
  ['BLOB', fc.uint8Array({ maxLength: 300 }).map(hex)],
  ["ENUM('x','y','z')", fc.integer({ min: 1, max: 3 }).map(String)],
  ["SET('r','s','t','u','v','w','x','y','z')", fc.nat(511).map(String)],
  ['JSON', jsonValue.map(json)],
  ['JSON', fc.array(jsonDouble).map((numbers) => `CAST('[${numbers.join(',')}]' AS JSON)`)],
  ['DATE', datetime.map((text) => `DATE(${text})`)],
  ['DATETIME(3)', datetime],
  ['DATETIME', datetime],
  ['TIME(6)', time],
  ['TIME(1)', time],
  ['TIME', time],
  ['TIMESTAMP(5) NULL', timestamp],
];

function ofCase({ definition, values }: (typeof typeCases)[number]): fc.Arbitrary<RandomColumn> {
  return column(definition, fc.constantFrom(...values));
}

function column(definition: string, value: fc.Arbitrary<string>): fc.Arbitrary<RandomColumn> {
  const cell = fc.oneof({ arbitrary: fc.constant('NULL'), weight: 1 }, { arbitrary: value, weight: 5 });
  return fc.array(cell, { minLength: mostRows, maxLength: mostRows }).map((values) => ({ definition, values }));
}

/** A row of a table has at most 64 KiB, without its blobs. */
const small = typeCases.filter(({ definition, values }) => !/\(\d{4,}\)/.test(definition) && values.every((value) => value.length < 2000));

const anyColumn = fc.oneof(
  fc.constantFrom(...small).chain(ofCase),
  fc.constantFrom(...generated).chain(([definition, value]) => column(definition, value)),
);

export const randomTable: fc.Arbitrary<RandomTable> = fc
  .tuple(fc.array(anyColumn, { minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: mostRows }))
  .map(([columns, count]) => ({
    definitions: columns.map(({ definition }) => definition),
    rows: Array.from({ length: count }, (_, i) => columns.map(({ values }) => values[i]!)),
  }));
