/** For every column type: columns of it, and the values at its edges. */
import * as fc from 'fast-check';
import { type ColumnSchema, type ColumnType, columnTypes, type Value } from '@lutra/model';

type Case = readonly [column: Omit<ColumnSchema, 'name'>, values: readonly Value[]];

const digits = (count: number): string => '9'.repeat(count);
const texts = [
  '',
  'a',
  'naïve',
  '漢字',
  '😀 zero-width \u200d',
  '\u0000',
  '\uFFFD',
  '\uFEFF',
  'x'.repeat(64),
  'é'.repeat(40),
  'y'.repeat(70_000),
];
const binaries = [Buffer.alloc(0), Buffer.from([0]), Buffer.from([255, 0, 128]), Buffer.alloc(70_000, 7)];

function whole(type: ColumnType, bits: number): readonly Case[] {
  const half = 2 ** (bits - 1);
  return [
    [{ type }, [-half, -1, 0, 1, 63, 64, -64, -65, half - 1]],
    [{ type, unsigned: true }, [0, 1, 127, 128, half, half * 2 - 1]],
  ];
}

const temporal = (type: ColumnType, plain: readonly string[], fractions: readonly string[]): readonly Case[] => [
  [{ type, scale: 0 }, plain],
  [{ type, scale: 6 }, fractions],
];

const point = Buffer.from('E6100000010100000000000000000034400000000000002440', 'hex');

export const cases: readonly Case[] = [
  ...whole('tinyint', 8),
  ...whole('smallint', 16),
  ...whole('mediumint', 24),
  ...whole('int', 32),
  [
    { type: 'bigint' },
    [0n, 1n, -1n, 2n ** 31n, -(2n ** 31n) - 1n, 2n ** 53n + 1n, -(2n ** 53n) - 1n, 2n ** 62n, -(2n ** 62n), 2n ** 63n - 1n, -(2n ** 63n)],
  ],
  [{ type: 'bigint', unsigned: true }, [0n, 127n, 128n, 2n ** 47n, 2n ** 48n - 1n, 2n ** 53n + 1n, 10n ** 15n, 2n ** 63n, 2n ** 64n - 1n]],
  [{ type: 'decimal', precision: 5, scale: 0 }, ['0', '-1', '99999', '-99999', '128', '-128', '-129']],
  [
    { type: 'decimal', precision: 10, scale: 2 },
    ['0.00', '0.01', '-0.01', '1.27', '1.28', '-1.28', '-1.29', '99999999.99', '-99999999.99'],
  ],
  [{ type: 'decimal', precision: 10, scale: 2, unsigned: true }, ['0.00', '99999999.99']],
  [{ type: 'decimal', precision: 30, scale: 30 }, [`0.${digits(30)}`, `-0.${'0'.repeat(29)}1`]],
  [
    { type: 'decimal', precision: 65, scale: 30 },
    [`${digits(35)}.${digits(30)}`, `-${digits(35)}.${digits(30)}`, `0.${'0'.repeat(29)}1`, `1${'0'.repeat(34)}.${'0'.repeat(30)}`],
  ],
  [{ type: 'float' }, [0, -1.5, Math.fround(1.1), Math.fround(3.4028234663852886e38), 1.401298464324817e-45]],
  [{ type: 'double' }, [0, -1.5, 1.1, 1.7976931348623157e308, 5e-324]],
  [{ type: 'year' }, [0, 1901, 2155]],
  [{ type: 'bit', length: 1 }, [Buffer.from([0]), Buffer.from([1])]],
  [{ type: 'bit', length: 9 }, [Buffer.from([1, 255])]],
  [{ type: 'bit', length: 64 }, [Buffer.alloc(8, 255), Buffer.from('0102030405060708', 'hex')]],
  [{ type: 'char', length: 1020, charset: 'utf8mb4' }, texts],
  [{ type: 'varchar', length: 1020, charset: 'latin1' }, texts],
  [{ type: 'text', length: 4_294_967_295, charset: 'utf8mb4' }, texts],
  [{ type: 'binary', length: 16 }, binaries],
  [{ type: 'varbinary', length: 16 }, binaries],
  [{ type: 'blob' }, binaries],
  [{ type: 'enum', values: ['a', "it's", 'ü,b'], charset: 'utf8mb4' }, ['a', "it's", 'ü,b', '']],
  [{ type: 'enum', values: ['a', ''], charset: 'utf8mb4' }, ['a', '', '\0']],
  [{ type: 'set', values: ['a', 'b'], charset: 'utf8mb4' }, ['', 'a', 'a,b']],
  [{ type: 'set', values: ['a', ''], charset: 'utf8mb4' }, ['', ',', 'a,', 'a']],
  [{ type: 'json' }, ['null', '{"a": [1, 2.50, "漢"]}']],
  [{ type: 'date' }, ['0000-00-00', '2024-02-00', '9999-12-31']],
  ...temporal('time', ['-838:59:59', '00:00:00', '838:59:59'], ['-838:59:59.000000', '00:00:00.000001']),
  ...temporal('datetime', ['0000-00-00 00:00:00', '9999-12-31 23:59:59'], ['2024-05-06 07:08:09.123456', '0000-00-00 00:00:00.000000']),
  [{ type: 'geometry', geometry: 'point' }, [point]],
  [{ type: 'vector', length: 12 }, [Buffer.from('0000803f0000004000004040', 'hex'), Buffer.from('0000803f', 'hex')]],
  ...temporal('timestamp', ['0000-00-00 00:00:00', '2038-01-19 03:14:07'], ['1970-01-01 00:00:01.000000']),
];

const whenUnsigned = (column: Omit<ColumnSchema, 'name'>, bits: number): { min: number; max: number } =>
  column.unsigned === true ? { min: 0, max: 2 ** bits - 1 } : { min: -(2 ** (bits - 1)), max: 2 ** (bits - 1) - 1 };

function decimalText({ precision = 1, scale = 0, unsigned = false }: Omit<ColumnSchema, 'name'>): fc.Arbitrary<string> {
  const limit = 10n ** BigInt(precision) - 1n;
  return fc.bigInt({ min: unsigned ? 0n : -limit, max: limit }).map((value) => {
    const text = String(value < 0n ? -value : value).padStart(scale + 1, '0');
    return `${value < 0n ? '-' : ''}${scale === 0 ? text : `${text.slice(0, -scale)}.${text.slice(-scale)}`}`;
  });
}

function bitString(length: number): fc.Arbitrary<Buffer> {
  return fc.bigInt({ min: 0n, max: 2n ** BigInt(length) - 1n }).map((value) => {
    const size = Math.ceil(length / 8);
    return Buffer.from(value.toString(16).padStart(size * 2, '0'), 'hex');
  });
}

const isLarge = (value: Value): boolean => (typeof value === 'string' || Buffer.isBuffer(value)) && value.length > 1000;

/** Values of a column, null included. */
export function valueOf(column: Omit<ColumnSchema, 'name'>): fc.Arbitrary<Value> {
  const known = fc.constantFrom(
    ...cases
      .filter(([other]) => JSON.stringify(other) === JSON.stringify(column))
      .flatMap(([, values]) => values)
      .filter((value) => !isLarge(value)),
    null,
  );
  const integer = (bits: number): fc.Arbitrary<Value> => fc.oneof(known, fc.integer(whenUnsigned(column, bits)));
  switch (column.type) {
    case 'tinyint':
      return integer(8);
    case 'smallint':
      return integer(16);
    case 'mediumint':
      return integer(24);
    case 'int':
      return integer(32);
    case 'bigint':
      return fc.oneof(
        known,
        column.unsigned === true ? fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }) : fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      );
    case 'decimal':
      return fc.oneof(known, decimalText(column));
    case 'float':
      return fc.oneof(known, fc.float({ noNaN: true, noDefaultInfinity: true }));
    case 'double':
      return fc.oneof(known, fc.double({ noNaN: true, noDefaultInfinity: true }));
    case 'bit':
      return fc.oneof(known, bitString(column.length!));
    case 'binary':
    case 'varbinary':
    case 'blob':
    case 'geometry':
    case 'vector':
      return fc.oneof(
        known,
        fc.uint8Array().map((bytes) => Buffer.from(bytes)),
      );
    case 'char':
    case 'varchar':
    case 'text':
    case 'json':
      return fc.oneof(known, fc.string({ unit: 'binary', maxLength: 100 }));
    case 'year':
    case 'enum':
    case 'set':
    case 'date':
    case 'time':
    case 'datetime':
    case 'timestamp':
      return known;
  }
}

const names = fc.oneof(
  fc.constantFrom('id', 'ID', '__proto__', 'constructor', 'toString', '1', '0', 'a-b', 'a_b', 'a_x2d_b', 'ключ', '😀', ' '),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }),
);

/** Columns of all kinds under all kinds of names, and some rows of theirs. */
export const columnsAndRows: fc.Arbitrary<{ columns: ColumnSchema[]; rows: Value[][] }> = fc
  .uniqueArray(fc.tuple(names, fc.constantFrom(...cases.map(([column]) => column))), {
    selector: ([name]) => name,
    minLength: 1,
    maxLength: 12,
  })
  .chain((chosen) =>
    fc.record({
      columns: fc.constant(chosen.map(([name, column]) => ({ name, ...column }))),
      rows: fc.array(fc.tuple(...chosen.map(([, column]) => valueOf(column))), { minLength: 1, maxLength: 4 }),
    }),
  );

export const everyType = columnTypes;
