import { describe, expect, test } from 'vitest';
import { column, targetTable } from './changes.fixture.js';
import type { TargetColumn } from './target-definition.js';
import { losesKey, narrowing } from './widening.js';

const latin = { charset: 'latin1', collation: 'latin1_swedish_ci' } as const;
const text = (type: 'char' | 'varchar', characters: number): Partial<TargetColumn> => ({
  type,
  columnType: `${type}(${characters})`,
  characters,
  length: characters,
  ...latin,
});
const list = (type: 'enum' | 'set', columnType: string): Partial<TargetColumn> => ({ type, columnType, ...latin });
const decimal = { type: 'decimal', columnType: 'decimal(10,2)', precision: 10, scale: 2 } as const;
const clock = (type: 'datetime' | 'time', scale: number): Partial<TargetColumn> => ({ type, columnType: `${type}(${scale})`, scale });
const bytes = (type: 'varbinary' | 'binary' | 'blob', length: number, columnType = `${type}(${length})`) =>
  ({ type, columnType, length }) as const;

function why(before: Partial<TargetColumn>, type: string, { nullable = true, collation = 'latin1_swedish_ci' } = {}): string | null {
  const table = targetTable([column('id'), column('C', before)]);
  return narrowing({ table, collation }, [{ column: 'c', type, nullable }]);
}

describe('a column only becomes wider', () => {
  test.each<[Partial<TargetColumn>, string]>([
    [{ type: 'int', columnType: 'int' }, 'bigint'],
    [{ type: 'int', columnType: 'int(11)' }, 'int'],
    [{ type: 'int', columnType: 'int unsigned', unsigned: true }, 'bigint'],
    [{ type: 'int', columnType: 'int unsigned', unsigned: true }, 'bigint unsigned'],
    [text('varchar', 20), 'varchar(200)'],
    [text('char', 2), 'char(4)'],
    [{ type: 'text', columnType: 'tinytext', length: 255, ...latin }, 'longtext'],
    [{ ...text('varchar', 20), nullable: false }, 'varchar(20)'],
    [decimal, 'decimal(12,2)'],
    [list('enum', "enum('a','B')"), "enum('a','B','c')"],
    [list('set', "set('a','it''s')"), "set('a','it''s','c')"],
    [clock('datetime', 3), 'datetime(3)'],
    [{ type: 'datetime', columnType: 'datetime', scale: 0 }, 'datetime'],
    [bytes('varbinary', 4), 'varbinary(8)'],
    [bytes('binary', 4), 'binary(4)'],
    [bytes('blob', 65_535, 'blob'), 'mediumblob'],
    [{ type: 'bit', columnType: 'bit(3)', length: 3 }, 'bit(9)'],
    [{ type: 'double', columnType: 'double' }, 'double'],
    [{ type: 'year', columnType: 'year(4)' }, 'year'],
    [{ type: 'json', columnType: 'json' }, 'json'],
    [{ type: 'geometry', columnType: 'point', geometry: 'point' }, 'geometry'],
  ])('%j → %s', (before, type) => expect(why(before, type)).toBeNull());
});

describe('a column becomes narrower, or another one', () => {
  test.each<[Partial<TargetColumn>, string, RegExp]>([
    [{ type: 'bigint', columnType: 'bigint' }, 'int', /too small/],
    [{ type: 'int', columnType: 'int' }, 'int unsigned', /too small/],
    [{ type: 'int', columnType: 'int unsigned', unsigned: true }, 'int', /too small/],
    [{ type: 'int', columnType: 'int' }, 'varchar(20)', /too small/],
    [{ type: 'int', columnType: 'int' }, 'nothing', /would be nothing/],
    [text('varchar', 20), 'varchar(19)', /too small/],
    [text('varchar', 20), 'text', /instead of varchar/],
    [text('varchar', 20), 'char(20)', /instead of varchar/],
    [decimal, 'decimal(10,3)', /too small/],
    [decimal, 'decimal(12,3)', /behind the point/],
    [decimal, 'decimal(12,2) unsigned', /too small/],
    [list('enum', "enum('a','b')"), "enum('a')", /lacks the values/],
    [list('enum', "enum('a','b')"), "enum('A','b')", /lacks the values/],
    [list('enum', "enum('a','b')"), "enum('a','x','b')", /at the end alone/],
    [list('set', "set('a','b')"), "set('b','a')", /at the end alone/],
    [list('enum', "enum('a')"), "enum('a','')", /declares the value ''/],
    [clock('datetime', 3), 'datetime(6)', /behind the point/],
    [clock('time', 3), 'time', /too small/],
    [clock('datetime', 0), 'timestamp', /instead of datetime/],
    [bytes('varbinary', 4), 'varbinary(3)', /too small/],
    [bytes('binary', 4), 'binary(5)', /instead of binary/],
    [bytes('blob', 65_535, 'blob'), 'tinyblob', /too small/],
    [{ type: 'double', columnType: 'double(10,2)' }, 'double', /rounded/],
    [{ type: 'float', columnType: 'float' }, 'double', /instead of float/],
    [{ type: 'geometry', columnType: 'geometry', geometry: 'geometry' }, 'point', /instead of geometry/],
    [{ type: 'other', columnType: 'thing' }, 'thing', /is thing/],
    [{ type: 'int', columnType: 'int', generated: true }, 'bigint', /is generated/],
    [{ type: 'int', columnType: 'int', autoIncrement: true }, 'bigint', /AUTO_INCREMENT/],
  ])('%j → %s', (before, type, words) => expect(why(before, type)).toMatch(words));

  test('it loses NULL or its collation, or is not there', () => {
    expect(why(text('varchar', 20), 'varchar(30)', { nullable: false })).toMatch(/no longer allow NULL/);
    expect(why(text('varchar', 20), 'varchar(30)', { collation: 'utf8mb4_0900_ai_ci' })).toMatch(/would get utf8mb4_0900_ai_ci/);
    expect(narrowing({ table: targetTable([column('id')]), collation: null }, [{ column: 'c', type: 'int', nullable: true }])).toMatch(
      /not there/,
    );
    expect(narrowing({ table: targetTable([column('id')]), collation: null }, [])).toBeNull();
  });
});

test('a key goes with one of its columns, and the only key of a table by its name', () => {
  const unique = (...names: readonly string[]) => ({ name: 'U', columns: names, nullable: false });
  const none = { columns: [], indexes: [] };
  const keyed = { primaryKey: ['id'], uniqueKeys: [unique('a', 'b')] };
  expect(losesKey(keyed, { columns: ['c'], indexes: ['u'] })).toBeNull();
  expect(losesKey(keyed, { ...none, columns: ['ID'] })).toMatch(/key PRIMARY/);
  expect(losesKey(keyed, { ...none, columns: ['b'] })).toMatch(/key U/);
  expect(losesKey({ ...keyed, primaryKey: [] }, { ...none, indexes: ['u'] })).toMatch(/no primary key/);
  expect(losesKey({ ...keyed, primaryKey: [] }, { ...none, indexes: ['i'] })).toBeNull();
});
