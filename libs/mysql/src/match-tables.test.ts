import type { ColumnSchema } from '@lutra/model';
import { describe, expect, test } from 'vitest';
import { column, sourceTable, targetTable } from './changes.fixture.js';
import { matchTables, tableDifferences } from './match-tables.js';
import { declaredValues } from '@lutra/rows';
import { planTable } from './table-plan.js';
import type { TargetColumn, TargetTable } from './target-definition.js';

const id: ColumnSchema = { name: 'id', type: 'int' };

function difference(source: Omit<ColumnSchema, 'name'>, target: Partial<TargetColumn>): string | undefined {
  const columns = [
    column('id', { nullable: false }),
    column('c', { type: source.type, columnType: target.columnType ?? target.type ?? source.type, ...target }),
  ];
  return tableDifferences(sourceTable([id, { name: 'C', ...source }]), targetTable(columns))[0];
}

describe('types', () => {
  test.each<[Omit<ColumnSchema, 'name'>, Partial<TargetColumn>]>([
    [{ type: 'int' }, { type: 'bigint' }],
    [{ type: 'tinyint', unsigned: true }, { type: 'smallint' }],
    [
      { type: 'int', unsigned: true },
      { type: 'bigint', unsigned: true },
    ],
    [
      { type: 'decimal', precision: 10, scale: 2 },
      { precision: 12, scale: 3 },
    ],
    [{ type: 'datetime', scale: 3 }, { scale: 6 }],
    [
      { type: 'varchar', length: 40, charset: 'utf8mb4' },
      { characters: 10, length: 40, charset: 'utf8mb4' },
    ],
    [
      { type: 'varchar', length: 10, charset: 'latin1' },
      { characters: 10, length: 40, charset: 'utf8mb4' },
    ],
    [
      { type: 'varchar', length: 30, charset: 'utf8' },
      { characters: 10, length: 30, charset: 'utf8mb3' },
    ],
    [
      { type: 'varchar', length: 10, charset: 'ascii' },
      { characters: 10, length: 10, charset: 'latin1' },
    ],
    [
      { type: 'text', charset: 'utf8mb4' },
      { charset: 'utf8mb4', length: 65535 },
    ],
    [
      { type: 'enum', charset: 'utf8mb4', values: ['😀', '?', 'a.'] },
      { charset: 'utf8mb4', columnType: "enum('?','a.','?')" },
    ],
    [
      { type: 'set', charset: 'cp932', values: ['\u{10ed40}', 'b'] },
      { charset: 'cp932', columnType: "set('b','纊')" },
    ],
    [
      { type: 'enum', charset: 'binary', values: ['ä'] },
      { charset: null, columnType: "enum('ä')" },
    ],
    [
      { type: 'text', length: 65535, charset: 'utf8mb4' },
      { charset: 'utf8mb4', length: 16777215 },
    ],
    [{ type: 'binary', length: 4 }, { length: 4 }],
    [{ type: 'varbinary', length: 4 }, { length: 8 }],
    [{ type: 'bit', length: 9 }, { length: 10 }],
    [{ type: 'enum', values: ['a', 'b'] }, { columnType: "enum('b','a','c')" }],
    [{ type: 'set', values: ["it's"] }, { columnType: "set('it''s')" }],
    [{ type: 'enum', values: ['a\0', '\n', '\\'] }, { columnType: String.raw`enum('\n','a\0','\\')` }],
    [
      { type: 'enum', values: ['😀', '?', '😁'] },
      { columnType: "enum('?','?','?')", collation: 'utf8mb4_0900_ai_ci' },
    ],
    [{ type: 'geometry', geometry: 'point' }, { geometry: 'geometry' }],
    [{ type: 'geometry', geometry: 'point' }, { geometry: 'point' }],
    [{ type: 'vector', length: 12 }, { length: 16 }],
    [{ type: 'json' }, {}],
    [{ type: 'json' }, { type: 'text', columnType: 'longtext', charset: 'utf8mb4' }],
    [{ type: 'float' }, {}],
  ])('%j fits %j', (source, target) => {
    expect(difference(source, target)).toBeUndefined();
  });

  test.each<[Omit<ColumnSchema, 'name'>, Partial<TargetColumn>]>([
    [{ type: 'bigint' }, { type: 'int' }],
    [{ type: 'int' }, { type: 'int', unsigned: true }],
    [{ type: 'int', unsigned: true }, { type: 'int' }],
    [{ type: 'int' }, { type: 'decimal' }],
    [{ type: 'float' }, { type: 'double' }],
    [
      { type: 'decimal', precision: 10, scale: 2 },
      { precision: 10, scale: 3 },
    ],
    [
      { type: 'decimal', precision: 10, scale: 2 },
      { precision: 10, scale: 2, unsigned: true },
    ],
    [{ type: 'datetime', scale: 6 }, { scale: 0 }],
    [{ type: 'datetime' }, { type: 'timestamp' }],
    [
      { type: 'varchar', length: 40, charset: 'utf8mb4' },
      { characters: 9, charset: 'utf8mb4' },
    ],
    [
      { type: 'varchar', length: 40, charset: 'utf8mb4' },
      { characters: 10, charset: 'latin1' },
    ],
    [
      { type: 'varchar', length: 10, charset: 'ascii' },
      { characters: 10, charset: 'swe7' },
    ],
    [
      { type: 'varchar', length: 10, charset: 'sjis' },
      { characters: 10, charset: 'cp932' },
    ],
    [
      { type: 'enum', charset: 'utf8mb4', values: ['😀', '😂'] },
      { charset: 'utf8mb4', columnType: "enum('?','ab')" },
    ],
    [
      { type: 'varchar', length: 10, charset: 'latin1' },
      { characters: 10, charset: 'utf8mb3' },
    ],
    [{ type: 'char' }, { type: 'varchar' }],
    [{ type: 'text', length: 16777215 }, { length: 65535 }],
    [{ type: 'text' }, { type: 'json' }],
    [{ type: 'binary', length: 4 }, { length: 5 }],
    [{ type: 'blob', length: 65535 }, { length: 255 }],
    [{ type: 'bit', length: 9 }, { length: 8 }],
    [{ type: 'enum', values: ['a', 'b'] }, { columnType: "enum('a','B')" }],
    [{ type: 'enum', values: ['a'] }, { columnType: "enum('a','')" }],
    [{ type: 'enum', values: ['a', '😀'] }, { columnType: "enum('a')" }],
    [
      { type: 'enum', values: ['😀', '😁'] },
      { columnType: "enum('?','?')", collation: 'utf8mb4_general_ci' },
    ],
    [
      { type: 'set', values: ['😀', '😁', ''] },
      { columnType: "set('?','?','')", collation: 'utf8mb4_bin' },
    ],
    [
      { type: 'geometry', geometry: 'geometry' },
      { geometry: 'point', columnType: 'point' },
    ],
    [{ type: 'vector', length: 12 }, { length: 8 }],
    [{ type: 'json' }, { type: 'text', columnType: 'longtext', charset: 'latin1' }],
    // Their numbers are not known, and would be written.
    [
      { type: 'enum', charset: 'cp932', values: ['\u{10ed40}', '\u{10ed41}'] },
      { charset: 'cp932', columnType: "enum('褜','纊')" },
    ],
    [
      { type: 'set', charset: 'utf8mb4', values: ['😀', '😁', 'a', 'A'] },
      { charset: 'utf8mb4', columnType: "set('?','?','a','A')", collation: 'utf8mb4_bin' },
    ],
    [
      { type: 'set', charset: 'utf8mb4', values: ['😀', '😁', ''] },
      { charset: 'utf8mb4', columnType: "set('?','?','')", collation: 'utf8mb4_bin' },
    ],
    [
      { type: 'enum', charset: 'gbk', values: ['ä'] },
      { charset: null, columnType: "enum('ä')" },
    ],
    [{ type: 'blob' }, { type: 'other', columnType: 'geometry' }],
  ])('%j does not fit %j', (source, target) => {
    expect(difference(source, target)).toMatch(/^column C: /);
  });

  test('a generated column at the target is not written, so its type does not matter', () => {
    expect(difference({ type: 'int' }, { type: 'double', generated: true })).toBeUndefined();
  });
});

describe('tables', () => {
  const more = { name: 'x', type: 'int' } as const;

  test('all differences are named at once', () => {
    const source = sourceTable([id, { name: 'a', type: 'int' }, { name: 'b', type: 'varchar' }]);
    const target = targetTable([column('id'), column('b', { type: 'text', columnType: 'text' }), column('extra', { nullable: false })], {
      primaryKey: ['b', 'id'],
    });
    expect(() => matchTables(source, target)).toThrow(
      expect.objectContaining({
        code: 'COLUMN_MISSING',
        message:
          'shop.t: column a is missing; column b: is text instead of varchar; column extra has neither a default nor allows NULL, and the source has none; primary key (b, id) instead of (id)',
        details: { database: 'shop', table: 't', differences: 4 },
      }),
    );
  });

  test('an extra column that fills itself is fine, and so are other letter cases', () => {
    const source = sourceTable([id]);
    for (const fills of [{ nullable: true }, { hasDefault: true }, { autoIncrement: true }, { generated: true }]) {
      const extra = column('extra', { nullable: false, ...fills });
      expect(() => matchTables(source, targetTable([column('ID'), extra], { primaryKey: ['ID'] }))).not.toThrow();
    }
    expect(() => matchTables(sourceTable([id, more], []), targetTable([column('id'), column('x')], { primaryKey: [] }))).not.toThrow();
    expect(() => matchTables(sourceTable([id, more], []), targetTable([column('id'), column('x')]))).toThrow(/primary key/);
  });

  test('a unique key over NOT NULL columns may be named as primary key by the binlog; the rows are then found by it', () => {
    const source = sourceTable([id, more], ['x']);
    const keyed = (key: object): TargetTable =>
      targetTable([column('id'), column('x')], { primaryKey: [], uniqueKeys: [{ name: 'u', columns: ['X'], nullable: false, ...key }] });
    expect(() => matchTables(source, keyed({}))).not.toThrow();
    expect(planTable(source, keyed({})).key.map(({ name }) => name)).toEqual(['x']);
    // The target's binlog names another one: by all their values.
    const first = { name: 'i', columns: ['id'], nullable: false };
    expect(planTable(source, { ...keyed({}), uniqueKeys: [first, ...keyed({}).uniqueKeys] }).key).toEqual([]);
    expect(() => matchTables(source, keyed({ nullable: true }))).toThrow(/primary key/);
    expect(() => matchTables(source, keyed({ columns: ['x', 'id'] }))).toThrow(/primary key/);
    expect(() => matchTables(source, { ...keyed({}), primaryKey: ['id'] })).toThrow(/primary key/);
  });

  test('declared values are read as the server prints them', () => {
    expect(declaredValues(String.raw`enum('a','it''s','','x,y','b\\c',')(')`)).toEqual(['a', "it's", '', 'x,y', 'b\\c', ')(']);
  });
});

test('a TEXT that would be cut in another character set is refused, and so is what only its own has', () => {
  const source = sourceTable([id, { name: 'c', type: 'text', charset: 'cp932' }]);
  const text = (charset: string): TargetColumn => column('c', { type: 'text', columnType: 'tinytext', charset, length: 255 });
  const write = (charset: string, value: string): string =>
    planTable(source, targetTable([column('id', { nullable: false }), text(charset)])).columns[1]!.literal(value);
  expect(write('utf8mb4', '漢'.repeat(85))).toBe(`'${'漢'.repeat(85)}'`);
  expect(() => write('utf8mb4', '漢'.repeat(86))).toThrow(expect.objectContaining({ code: 'VALUE_UNSUPPORTED' }));
  expect(() => write('utf8mb4', '\u{10ed40}')).toThrow(expect.objectContaining({ code: 'VALUE_UNSUPPORTED' }));
  expect(write('cp932', '\u{10ed40}')).toBe("_cp932 x'ed40'");
});
