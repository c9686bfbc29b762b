/** For tests: random tables of every column type, rows of theirs with awkward values, and the table at the target. */
import type { ColumnSchema, Row, RowEvent, TableSchema, Value } from '@lutra/model';
import type { TargetTable } from '@lutra/mysql';
import * as fc from 'fast-check';
import { columnsAndRows } from '../../../../libs/avro/test/columns.js';
import { column as targetColumn, targetTable } from '../../../../libs/mysql/src/changes.fixture.js';

export interface RandomTable {
  readonly table: TableSchema;
  readonly rows: readonly Row[];
  readonly target?: TargetTable;
}

const charsets = ['utf8mb4', 'utf8mb3', 'latin1', 'ascii', 'gbk', 'sjis', 'swe7', 'cp1251', 'utf16', 'ucs2', 'big5', 'gb18030'];
const awkward = fc.constantFrom(
  "'",
  '\\',
  '\0',
  "it's \\ \0",
  'é',
  '漢',
  '😀',
  '\u{10ffff}\u{10f000}',
  '\u{f0000}',
  'x'.repeat(63),
  "'".repeat(64),
  '\n',
  '[]{}',
);
const texts = fc.oneof(
  awkward,
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ maxLength: 200 }),
  fc.array(awkward, { maxLength: 8 }).map((all) => all.join('')),
);
const documents = fc.oneof(
  fc.json({ maxDepth: 3 }).map((text) => JSON.stringify(JSON.parse(text))),
  fc.constantFrom(
    '1e5',
    '{"a": 1E5}',
    '129294.54272519925',
    '[0.1, 1234567890123456, 1.5]',
    '{"e": "e5", "5": "1e"}',
    '"1234567890123456"',
    '\n5',
    '{"a": \n7}',
    '[1.10]',
    '"it\'s \\\\"',
  ),
);
const clocks = fc.constantFrom('2024-05-06', '-838:59:59', '00:00:00.5', '', '-', '2024-05-06 07:08:09.123456', '1x', "1'", '--1');

const textColumn = fc
  .record({ name: fc.string({ minLength: 1, maxLength: 5 }), charset: fc.constantFrom(...charsets) })
  .map(({ name, charset }): ColumnSchema => ({ name: `t${name}`, type: 'varchar', length: 400, charset }));

const extra: fc.Arbitrary<readonly (readonly [ColumnSchema, fc.Arbitrary<Value>])[]> = fc
  .record({ text: textColumn, hasAll: fc.boolean() })
  .map(({ text, hasAll }) => [
    [text, texts],
    ...(hasAll
      ? ([
          [{ name: 'j', type: 'json' }, documents],
          [{ name: 'dt', type: 'datetime', scale: 6 }, clocks],
          [
            { name: 'd', type: 'decimal', precision: 20, scale: 4 },
            fc.bigInt({ min: -(10n ** 19n), max: 10n ** 19n }).map((value) => `${value}.0001`.replace(/^-?\d{17,}/, '12')),
          ],
        ] as const)
      : []),
  ]);

export const randomTables: fc.Arbitrary<RandomTable> = fc
  .tuple(
    columnsAndRows,
    extra,
    fc.record({
      keyed: fc.boolean(),
      first: fc.integer({ min: 1, max: 100 }),
      notNull: fc.boolean(),
      generated: fc.boolean(),
      referenced: fc.boolean(),
      onUpdate: fc.boolean(),
      two: fc.boolean(),
    }),
  )
  .chain(([{ columns, rows }, more, how]) => {
    const id: ColumnSchema = { name: 'lutra id', type: 'int' };
    const all = [id, ...columns, ...more.map(([schema]) => schema)];
    const second = how.two && columns[0] ? [columns[0].name] : [];
    const table: TableSchema = { database: 'shop', name: "t'`", columns: all, primaryKey: how.keyed ? [id.name, ...second] : [] };
    const rest = fc.tuple(...more.map(([, values]) => fc.option(values)));
    return fc.array(rest, { minLength: rows.length, maxLength: rows.length }).map((beside): RandomTable => ({
      table,
      rows: rows.map((values, i) => rowOf(all, [how.first + i, ...values, ...(beside[i] as readonly Value[])])),
      target: targetOf({ table, rows: [] }, how),
    }));
  });

function rowOf(columns: readonly ColumnSchema[], values: readonly Value[]): Row {
  const row = Object.create(null) as Record<string, Value>;
  for (const [i, { name }] of columns.entries()) row[name] = values[i] ?? null;
  return row;
}

interface How {
  readonly notNull: boolean;
  readonly generated: boolean;
  readonly referenced: boolean;
  readonly onUpdate: boolean;
}

const plain: How = { notNull: false, generated: false, referenced: false, onUpdate: false };

export function targetOf({ table, target }: RandomTable, how: How = plain): TargetTable {
  if (target) return target;
  const { columns, primaryKey } = table;
  const last = columns.length - 1;
  return targetTable(
    columns.map(({ name, type, charset = null, length = null, values, precision = null, scale = null }, i) =>
      targetColumn(name, {
        type,
        columnType: type,
        charset,
        length,
        precision: type === 'decimal' ? precision : null,
        scale,
        nullable: !(how.notNull && i === 1),
        generated: how.generated && i === last,
        onUpdateTimestamp: how.onUpdate && i === last - 1,
        ...(values && { members: values }),
      }),
    ),
    { database: 'other', name: 't', primaryKey: [...primaryKey], referenced: how.referenced },
  );
}

export function eventOf(table: TableSchema, images: Pick<RowEvent, 'op' | 'before' | 'after'>): RowEvent {
  const gtid = '3e11fa47-71ca-11e1-9e33-c80aa9429562:23';
  return {
    ...images,
    source: {
      version: '9.7.0',
      connector: 'mysql',
      name: 'a',
      db: table.database,
      table: table.name,
      tsMs: 1715000000123,
      tsUs: 0x617c88dcc1240,
      serverId: 1,
      gtid,
      file: 'binlog.000012',
      pos: 4294967299,
      event: 2,
      flags: 0,
      row: 0,
      origin: 'hangzhou',
      path: ['hangzhou'],
    },
    transaction: { id: gtid, totalOrder: 1, last: false, seen: {}, session: null, end: null },
    tsMs: 1_715_000_001_000,
  };
}
