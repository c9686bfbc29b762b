import * as fc from 'fast-check';
import { rowsFlags } from '@lutra/model';
import type { ColumnSchema, Row, Value } from '@lutra/model';
import { describe, expect, test } from 'vitest';
import { column, histories, sourceTable, targetTable } from './changes.fixture.js';
import type { Step } from './changes.fixture.js';
import { typesSql } from '@lutra/rows';
import { differing, StatementBuilder } from './statement-builder.js';
import type { TargetColumn, TargetTable } from './target-definition.js';
import { closingText, openingText, transactionText, uncommittedText } from './transaction-text.js';

const int = (name: string): ColumnSchema => ({ name, type: 'int' });
const source = sourceTable([int('id'), int('u'), int('v')]);
const target = targetTable([column('id', { nullable: false }), column('u'), column('v')]);

function build(steps: readonly Step[], at = { source, target }, exact = false): readonly string[] {
  const builder = new StatementBuilder({ exact });
  for (const step of steps) builder.add({ ...step, ...at });
  return builder.take().sql.split(';\n');
}

const c = (id: number, u: Value, v: Value = 0): Step => ({ op: 'c', before: null, after: { id, u, v } });
const d = (id: number, u: Value, v: Value = 0): Step => ({ op: 'd', before: { id, u, v }, after: null });
const u = (before: Row, after: Row): Step => ({ op: 'u', before, after });
const count = (rows: number): string => `SET @lutra_check = ~0 + (ROW_COUNT() <> ${rows})`;

describe('statements', () => {
  test('inserts that follow one another share a statement, plain and in order', () => {
    expect(build([c(2, 1), c(1, null, 7)])).toEqual(['INSERT INTO `shop`.`t` (`id`, `u`, `v`) VALUES (2, 1, 0), (1, NULL, 7)']);
  });

  test('an update sets what changed, finds its row by the key it had, and counts', () => {
    expect(build([u({ id: 1, u: 1, v: 1 }, { id: 2, u: 1, v: 9 })])).toEqual([
      'UPDATE `shop`.`t` SET `id` = 2, `v` = 9 WHERE `id` = 1',
      count(1),
    ]);
  });

  test('an update of nothing still finds its row', () => {
    expect(build([u({ id: 1, u: 1, v: 1 }, { id: 1, u: 1, v: 1 })])).toEqual([
      'UPDATE `shop`.`t` SET `id` = 1, `u` = 1, `v` = 1 WHERE `id` = 1',
      count(1),
    ]);
  });

  test('deletes that follow one another share a statement that counts them all', () => {
    expect(build([d(2, 1), d(1, 1)])).toEqual(['DELETE FROM `shop`.`t` WHERE `id` IN (2, 1)', count(2)]);
  });

  test('what may not be there is written whole, and one that moves is left to who looks first', () => {
    const whole = (steps: readonly Step[], at = { source, target }): readonly string[] =>
      build(
        steps.map((step) => ({ ...step, whole: true })),
        at,
      );
    const steps = [c(1, 1), u({ id: 2, u: 1, v: 1 }, { id: 2, u: 2, v: 1 }), d(3, 1)];
    const [upsert = '', ...rest] = whole(steps);
    expect(upsert).toMatch(
      /^INSERT INTO `shop`.`t` \(`id`, `u`, `v`\) VALUES \(1, 1, 0\), \(2, 2, 1\) ON DUPLICATE KEY UPDATE `id` = IF\(/,
    );
    expect(rest).toEqual(['DELETE FROM `shop`.`t` WHERE `id` = 3']);
    const moves = [u({ id: 2, u: 1, v: 1 }, { id: 4, u: 1, v: 1 })];
    expect(whole(moves)).toEqual(build(moves));
    const prefixed = { source, target: { ...target, prefixKeys: ['p'] } };
    expect(whole(steps, prefixed)).toEqual(build(steps, prefixed));
  });

  test('a row deleted and inserted again, and the other way round, stays in order', () => {
    expect(build([d(1, 1), c(1, 2), d(1, 2), c(1, 3)])).toEqual([
      'DELETE FROM `shop`.`t` WHERE `id` IN (1)',
      count(1),
      'INSERT INTO `shop`.`t` (`id`, `u`, `v`) VALUES (1, 2, 0)',
      'DELETE FROM `shop`.`t` WHERE `id` IN (1)',
      count(1),
      'INSERT INTO `shop`.`t` (`id`, `u`, `v`) VALUES (1, 3, 0)',
    ]);
  });

  test('changes of two tables never share a statement', () => {
    const other = targetTable(target.columns, { name: 'o' });
    const builder = new StatementBuilder();
    builder.add({ ...c(1, 1), source, target });
    builder.add({ ...c(1, 1), source, target: other });
    builder.add({ ...c(2, 2), source, target });
    expect(builder.take().marks.map((mark) => 'table' in mark && mark.table.name)).toEqual(['t', 'o', 't']);
  });

  test('a composite key is an alternative of equalities', () => {
    const at = { source: sourceTable(source.columns, ['u', 'id']), target: targetTable(target.columns, { primaryKey: ['u', 'id'] }) };
    expect(build([d(1, 2), d(3, 4)], at)[0]).toBe('DELETE FROM `shop`.`t` WHERE (`u` = 2 AND `id` = 1) OR (`u` = 4 AND `id` = 3)');
    expect(build([u({ id: 1, u: 2, v: 3 }, { id: 1, u: 2, v: 4 })], at)[0]).toBe(
      'UPDATE `shop`.`t` SET `v` = 4 WHERE `u` = 2 AND `id` = 1',
    );
  });

  test('on a cycle of foreign keys rows are deleted one by one', () => {
    const key = {
      name: 'f',
      columns: ['u'],
      parent: target,
      parentColumns: ['id'],
      onDelete: 'CASCADE',
      onUpdate: 'RESTRICT',
      self: true,
    } as const;
    const at = { source, target: targetTable(target.columns, { foreignKeys: [key], referenced: true }) };
    expect(build([d(2, 1), d(1, null)], at)).toEqual([
      'DELETE FROM `shop`.`t` WHERE `id` = 2',
      count(1),
      'DELETE FROM `shop`.`t` WHERE `id` = 1',
      count(1),
    ]);
    const child = { source, target: targetTable(target.columns, { foreignKeys: [{ ...key, self: false }] }) };
    expect(build([d(2, 1), d(1, null)], child)).toHaveLength(2);
  });

  test('without key the row is its whole before image, exactly', () => {
    const columns: ColumnSchema[] = [
      int('n'),
      { name: 'c', type: 'varchar' },
      { name: 't', type: 'text' },
      { name: 'f', type: 'double' },
      { name: 'j', type: 'json' },
    ];
    const at = {
      source: sourceTable(columns, []),
      target: targetTable(
        columns.map(({ name, type }) => column(name, { type })),
        { primaryKey: [] },
      ),
    };
    expect(build([{ op: 'd', before: { n: null, c: 'a', t: 'b', f: -0, j: '{}' }, after: null }], at)).toEqual([
      'DELETE FROM `shop`.`t` WHERE `n` <=> NULL' +
        " AND `c` <=> 'a' AND CAST(CONVERT(`c` USING utf8mb4) AS BINARY) <=> CAST(CONVERT('a' USING utf8mb4) AS BINARY)" +
        " AND CAST(CONVERT(`t` USING utf8mb4) AS BINARY) <=> CAST(CONVERT('b' USING utf8mb4) AS BINARY)" +
        " AND `f` <=> -0e0 AND LEFT(`f`, 1) <=> '-'" +
        " AND (CAST(CONVERT(CAST(CAST('{}' AS JSON) AS CHAR) USING utf8mb4) AS BINARY) IN (" +
        'CAST(CONVERT(CAST(`j` AS CHAR) USING utf8mb4) AS BINARY), ' +
        'CAST(CONVERT(CAST(CAST(CAST(`j` AS CHAR) AS JSON) AS CHAR) USING utf8mb4) AS BINARY))' +
        " OR CAST(CONVERT(CAST(CAST(CAST(CAST('{}' AS JSON) AS CHAR) AS JSON) AS CHAR) USING utf8mb4) AS BINARY)" +
        ' <=> CAST(CONVERT(CAST(`j` AS CHAR) USING utf8mb4) AS BINARY))' +
        ` ORDER BY (${typesSql('`j`')} <=> CAST(_utf8mb4'[["OBJECT"],null]' AS JSON)) DESC` +
        ' LIMIT 1',
      count(1),
    ]);
  });

  test('ON UPDATE CURRENT_TIMESTAMP columns are always written, generated ones never, equal Buffers not', () => {
    const columns: ColumnSchema[] = [int('id'), int('v'), { name: 'at', type: 'timestamp' }, int('g'), { name: 'b', type: 'blob' }];
    const targets = [
      column('id', { nullable: false }),
      column('v'),
      column('AT', { type: 'timestamp', onUpdateTimestamp: true }),
      column('g', { generated: true }),
      column('b', { type: 'blob' }),
    ];
    const at = { source: sourceTable(columns), target: targetTable(targets) };
    const before = { id: 1, v: 1, at: '2024-01-01 00:00:00', g: 2, b: Buffer.from([1]) };
    expect(build([{ op: 'u', before, after: { ...before, v: 2, g: 3, b: Buffer.from([1]) } }], at)[0]).toBe(
      "UPDATE `shop`.`t` SET `v` = 2, `AT` = '2024-01-01 00:00:00' WHERE `id` = 1",
    );
    expect(build([{ op: 'c', before: null, after: before }], at)[0]).toBe(
      "INSERT INTO `shop`.`t` (`id`, `v`, `AT`, `b`) VALUES (1, 1, '2024-01-01 00:00:00', x'01')",
    );
  });

  test('the members of a SET are in the order of the target, which is how it compares them', () => {
    const columns: ColumnSchema[] = [{ name: 's', type: 'set', values: ['a', 'b'] }];
    const at = {
      source: sourceTable(columns, []),
      target: targetTable([column('s', { type: 'set', columnType: "set('x','b','a')" })], { primaryKey: [] }),
    };
    expect(build([{ op: 'd', before: { s: 'a,b' }, after: null }], at)[0]).toMatch(/^DELETE FROM `shop`.`t` WHERE `s` <=> 'b,a' AND /);
  });

  test('and so they are compared in a character set that is compared by its own bytes', () => {
    const columns: ColumnSchema[] = [{ name: 's', type: 'set', charset: 'gbk', values: ['中', 'b'] }];
    const at = {
      source: sourceTable(columns, []),
      target: targetTable([column('s', { type: 'set', charset: 'gbk', columnType: "set('b','中')" })], { primaryKey: [] }),
    };
    const deletion = build([{ op: 'd', before: { s: '中,b' }, after: null }], at)[0];
    expect(deletion).toBe("DELETE FROM `shop`.`t` WHERE `s` <=> _gbk x'622cd6d0' AND CAST(`s` AS BINARY) <=> x'622cd6d0' LIMIT 1");
  });

  test('rows are told apart by keys of several columns, whatever is in them', () => {
    const columns: ColumnSchema[] = ['a', 'b'].map((name) => ({ name, type: 'varbinary', length: 9 }));
    const target = targetTable([column('a', { type: 'varbinary' }), column('b', { type: 'varbinary' })], { primaryKey: ['a', 'b'] });
    const at = { source: sourceTable(columns, ['a', 'b']), target };
    const builder = new StatementBuilder({ exact: true });
    const [nothing, zero] = [Buffer.alloc(0), Buffer.alloc(1)];
    for (const before of [
      { a: nothing, b: zero },
      { a: zero, b: nothing },
    ])
      builder.add({ op: 'd', before, after: null, ...at });
    expect(builder.take().marks[0]).toMatchObject({ does: 'read rows', changes: 2 });
  });

  test('names are quoted', () => {
    const odd = {
      source: { ...sourceTable([int('i`d')], ['i`d']), name: 's' },
      target: targetTable([column('i`d')], { database: 'a`b', name: 't; x', primaryKey: ['i`d'] }),
    };
    expect(build([{ op: 'c', before: null, after: { 'i`d': 1 } }], odd)).toEqual(['INSERT INTO `a``b`.`t; x` (`i``d`) VALUES (1)']);
  });

  test('a large group is closed in time; a large row is a statement of its own', () => {
    const many = Array.from({ length: 2500 }, (_, i) => c(i, i));
    const builder = new StatementBuilder();
    for (const step of many) builder.add({ ...step, source, target });
    expect(builder.bytes).toBeGreaterThan(20_000);
    expect(builder.take().marks).toMatchObject([
      { change: 0, changes: 1000 },
      { change: 1000, changes: 1000 },
      { change: 2000, changes: 500 },
    ]);
    expect(builder.bytes).toBe(0);
    const texts = {
      source: sourceTable([int('id'), { name: 't', type: 'text' }]),
      target: targetTable([column('id'), column('t', { type: 'text' })]),
    };
    for (const size of [100, 400_000, 100, 600_000, 100, 100])
      builder.add({ op: 'c', before: null, after: { id: 1, t: 'x'.repeat(size) }, ...texts });
    expect(builder.take().marks).toMatchObject([
      { change: 2500, changes: 3 },
      { change: 2503, changes: 1 },
      { change: 2504, changes: 2 },
    ]);
    expect(builder.changes).toBe(2506);
  });

  test.each([
    ['NULL where the target allows none', { id: 1, u: null, v: 1 }, 'VALUE_UNSUPPORTED'],
    ['a column without a value', { id: 1, v: 1 }, 'VALUE_UNSUPPORTED'],
    ['a value of another type', { id: 1, u: 'secret', v: 1 }, 'VALUE_UNSUPPORTED'],
  ])('%s is refused without being shown', (_, after, code) => {
    const strict = targetTable([column('id', { nullable: false }), column('u', { nullable: false }), column('v')]);
    const adding = (): unknown => build([{ op: 'c', before: null, after }], { source, target: strict });
    expect(adding).toThrow(expect.objectContaining({ code, details: expect.objectContaining({ column: 'shop.t.u' }) }));
    expect(adding).not.toThrow(/secret/);
  });

  test('a row event without the image it needs is refused', () => {
    expect(() => build([{ op: 'u', before: null, after: { id: 1, u: 1, v: 1 } }])).toThrow(
      expect.objectContaining({ code: 'RECORD_INVALID' }),
    );
  });

  test('a column that the target lacks is refused', () => {
    expect(() => build([c(1, 1)], { source, target: targetTable([column('id')]) })).toThrow(
      expect.objectContaining({ code: 'COLUMN_MISSING' }),
    );
  });
});

describe('exact statements', () => {
  const exactly = (steps: readonly Step[], at = { source, target }): readonly string[] => build(steps, at, true);

  test("changes of session between them do not shift what each gave: the count of one is not taken for another's", async () => {
    const under = { session: null, flags: rowsFlags.noForeignKeyChecks };
    const builder = new StatementBuilder({ exact: true });
    builder.add({ ...u({ id: 1, u: 1, v: 1 }, { id: 1, u: 1, v: 2 }), source, target, under });
    builder.add({ ...d(2, 2), source, target });
    builder.add({ ...d(3, 3), source, target, under });
    const text = builder.take();
    const rows = [
      { c0: 1, c1: 1, c2: 1 },
      { c0: 2, c1: 2, c2: 0 },
      { c0: 3, c1: 3, c2: 0 },
    ];
    expect(text.marks.flatMap((mark) => ('table' in mark ? mark.does : []))).toEqual(['read rows', 'update', 'delete', 'delete']);
    const results = (matched: readonly number[]) => [{ rows, matched: 0 }, ...matched.map((each) => ({ rows: [], matched: each }))];
    expect(await differing(text, results([1, 1, 1]))).toEqual([]);
    expect(await differing(text, results([1, 0, 1]))).toEqual([1]);
  });
  const read = 'SELECT `id` AS c0, `u` AS c1, `v` AS c2 FROM `shop`.`t` FORCE INDEX (`PRIMARY`) WHERE';

  test('what the changes will find is read and locked first, and nobody but the reader counts', () => {
    expect(exactly([u({ id: 1, u: null, v: 1 }, { id: 2, u: null, v: 9 }), d(3, 1), d(4, null)])).toEqual([
      `${read} \`id\` IN (1, 3, 4) FOR UPDATE`,
      'UPDATE `shop`.`t` SET `id` = 2, `v` = 9 WHERE `id` = 1',
      'DELETE FROM `shop`.`t` WHERE `id` IN (3, 4)',
    ]);
  });

  test('what the changes themselves have made is not read', () => {
    const own = [c(1, 1), u({ id: 1, u: 1, v: 0 }, { id: 2, u: 1, v: 0 }), d(2, 1), c(1, 5), d(1, 5)];
    expect(exactly(own).filter((statement) => statement.startsWith('SELECT'))).toEqual([]);
    expect(exactly([d(1, 1), c(1, 2), d(1, 2)])[0]).toBe(`${read} \`id\` IN (1) FOR UPDATE`);
  });

  test('no more keys in a statement than the server looks up by the index', () => {
    const reads = (builder: StatementBuilder): readonly number[] =>
      builder.take().marks.flatMap((mark) => (mark.does === 'read rows' ? [mark.changes] : []));
    const one = new StatementBuilder({ exact: true });
    for (let i = 0; i < 1200; i++) one.add({ ...d(i, i), source, target });
    expect(reads(one)).toEqual([500, 500, 200]);
    const two = new StatementBuilder({ exact: true });
    const keyed = { source: sourceTable(source.columns, ['u', 'id']), target: targetTable(target.columns, { primaryKey: ['u', 'id'] }) };
    for (let i = 0; i < 450; i++) two.add({ ...d(i, i), ...keyed });
    expect(reads(two)).toEqual([200, 200, 50]);
  });

  test('inserts, safe mode and tables without a key are as they were', () => {
    const bareTable = { source: sourceTable(source.columns, []), target: targetTable(target.columns, { primaryKey: [] }) };
    const steps = [c(1, 1), u({ id: 1, u: 1, v: 1 }, { id: 1, u: 2, v: 1 }), d(1, 1)];
    expect(exactly(steps, bareTable)).toEqual(build(steps, bareTable).filter((statement) => statement !== count(1)));
    const safe = (builder: StatementBuilder): string => {
      for (const step of steps) builder.addSafe({ ...step, source, target });
      return builder.take().sql;
    };
    expect(safe(new StatementBuilder({ exact: true }))).toBe(safe(new StatementBuilder()));
  });
});

describe('texts', () => {
  const rows = (): ReturnType<StatementBuilder['take']> => {
    const builder = new StatementBuilder();
    builder.add({ ...c(1, 1), source, target });
    return builder.take();
  };

  test('a whole transaction is one text with a mark for each statement', () => {
    const { sql, marks } = transactionText('FENCE', rows());
    expect(sql.split(';\n')).toEqual(['BEGIN', 'FENCE', count(1), 'INSERT INTO `shop`.`t` (`id`, `u`, `v`) VALUES (1, 1, 0)', 'COMMIT']);
    expect(marks.map((mark) => mark.does)).toEqual(['begin', 'fence', 'count fence', 'insert', 'commit']);
  });

  test('without rows, and as opening and closing', () => {
    const nothing = new StatementBuilder().take();
    expect(transactionText('FENCE', nothing).sql).toBe(`BEGIN;\nFENCE;\n${count(1)};\nCOMMIT`);
    expect(openingText('FENCE').sql).toBe(`BEGIN;\nFENCE;\n${count(1)}`);
    expect(closingText(nothing, 'FENCE').sql).toBe(`FENCE;\n${count(1)};\nCOMMIT`);
    expect(openingText('FENCE', { repeatable: true })).toEqual({
      sql: `SET TRANSACTION ISOLATION LEVEL REPEATABLE READ;\nBEGIN;\nFENCE;\n${count(1)}`,
      marks: [{ does: 'begin' }, { does: 'begin' }, { does: 'fence' }, { does: 'count fence' }],
    });
    expect(uncommittedText('FENCE', nothing)).toEqual(openingText('FENCE'));
    expect(`${uncommittedText('FENCE', rows()).sql};\nCOMMIT`).toBe(transactionText('FENCE', rows()).sql);
    expect(closingText(rows(), 'FENCE').marks.map((mark) => mark.does)).toEqual(['insert', 'fence', 'count fence', 'commit']);
  });
});

/** Enough of a server for whole numbers: keys, unique values, and the counts. */
class Model {
  rows: Row[] = [];
  #matched = 0;
  readonly #keyed: boolean;

  constructor(keyed: boolean) {
    this.#keyed = keyed;
  }

  run(statement: string): void {
    const [, columns] = /^INSERT INTO .*? \((.*?)\) VALUES/.exec(statement) ?? [];
    if (columns !== undefined) return this.#insert(columns, statement);
    if (statement.startsWith('SET @lutra_check')) return this.#check(statement === count(this.#matched), 'a count is wrong');
    const [, set, condition = '', limit] = /^(?:UPDATE .*? SET (.*)|DELETE FROM .*?) WHERE (.*?)( LIMIT 1)?$/.exec(statement) ?? [];
    const found = this.rows.filter((row) => holds(condition, row)).slice(0, limit === undefined ? undefined : 1);
    this.#matched = found.length;
    this.rows = this.rows.filter((row) => !found.includes(row));
    for (const row of set === undefined ? [] : found)
      this.#put({
        ...row,
        ...Object.fromEntries([...(set ?? '').matchAll(/`(\w+)` = (\d+|NULL)/g)].map(([, name, value]) => [name, parse(value)])),
      });
  }

  #check(holds: boolean, otherwise: string): void {
    if (!holds) throw new Error(otherwise);
  }

  #insert(columns: string, statement: string): void {
    const names = columns.replaceAll('`', '').split(', ');
    for (const [, values = ''] of statement.slice(statement.indexOf('VALUES')).matchAll(/\((.*?)\)/g)) {
      this.#put(Object.fromEntries(values.split(', ').map((value, i) => [names[i], parse(value)])));
    }
  }

  #put(row: Row): void {
    const taken = this.rows.some((other) => this.#keyed && (other['id'] === row['id'] || (row['u'] !== null && other['u'] === row['u'])));
    this.#check(!taken, 'a key is taken');
    this.rows.push(row);
  }
}

const parse = (value = ''): Value => (value === 'NULL' ? null : Number(value));

function holds(condition: string, row: Row): boolean {
  const list = /^`(\w+)` IN \((.*)\)$/.exec(condition);
  if (list)
    return (list[2] ?? '')
      .split(', ')
      .map(parse)
      .includes(row[list[1] ?? ''] as Value);
  return condition.split(' OR ').some((alternative) =>
    alternative
      .replace(/^\((.*)\)$/, '$1')
      .split(' AND ')
      .every((part) => {
        const [, name = '', value] = /^`(\w+)` (?:=|<=>) (.*)$/.exec(part) ?? [];
        return row[name] === parse(value);
      }),
  );
}

test.each([
  [true, false],
  [true, true],
  [false, false],
])('any legal history gives the same rows, change by change (with a key: %s, exact: %s)', (keyed, exact) => {
  const columns: TargetColumn[] = [column('id'), column('u'), column('v')];
  const key = keyed ? ['id'] : [];
  const at = { source: sourceTable(source.columns, key), target: targetTable(columns, { primaryKey: key }) satisfies TargetTable };
  const order = (rows: readonly Row[]): readonly string[] => rows.map((row) => JSON.stringify([row['id'], row['u'], row['v']])).sort();
  fc.assert(
    fc.property(histories({ keyed }), ({ steps, rows }) => {
      const model = new Model(keyed);
      for (const statement of build(steps, at, exact).filter((text) => text !== '')) model.run(statement);
      expect(order(model.rows)).toEqual(order(rows));
    }),
    { numRuns: 300 },
  );
});
