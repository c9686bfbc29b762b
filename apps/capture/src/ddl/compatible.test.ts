import { createRouter } from '@lutra/model';
import type { StatementReading } from '@lutra/model';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compatible, incompatible, newer } from './compatible.fixture.js';
import { concernOf } from './concern.js';

const reading: StatementReading = { text: '', ansiQuotes: false, noBackslashEscapes: false, singleByte: false, flavor: 'mysql' };

function found(sql: string, ...modes: readonly Partial<StatementReading>[]) {
  const readings = (modes.length === 0 ? [{}] : modes).map((mode) => ({ ...reading, text: sql, ...mode }));
  const concern = concernOf(
    { database: 'shop', sql, readings, doubt: null },
    { router: createRouter([{ schema: 'shop', table: '*' }]), foldsNames: false },
  );
  if (!concern) throw new Error(`it concerns nobody: ${sql}`);
  return concern;
}

const shown = (sql: string): string =>
  found(sql)
    .modifies.map(({ column, type, nullable }) => `${column} ${type} ${nullable ? 'null' : 'not null'}`)
    .join(', ');

describe('a statement may run while both sides write', () => {
  it.each(compatible.map(([sql, modifies = '']) => [sql, modifies] as const))('%s', (sql, modifies) => {
    expect([found(sql).compatible, shown(sql), found(sql).doubt]).toEqual([true, modifies, null]);
  });

  it('whatever it makes of a column, which the target compares', () => {
    expect(shown('ALTER TABLE t MODIFY a CHAR NOT NULL, MODIFY b BIT, MODIFY c DATETIME(0), MODIFY d TIME(3), MODIFY e DECIMAL')).toBe(
      'a char(1) not null, b bit(1) null, c datetime null, d time(3) null, e decimal(10,0) null',
    );
    expect(shown('ALTER TABLE t MODIFY a TIMESTAMP(6) NULL, MODIFY b FLOAT UNSIGNED, MODIFY c YEAR(4), MODIFY d VARBINARY(5)')).toBe(
      'a timestamp(6) null, b float unsigned null, c year null, d varbinary(5) null',
    );
  });
});

describe('it is held', () => {
  it.each([
    ...incompatible,
    ...newer,
    'ALTER TABLE t ADD INDEX ((CAST(j AS UNSIGNED ARRAY)))',
    'ALTER TABLE t ADD c INT, FUTURE CLAUSE',
    'ALTER TABLE t MODIFY c TIMESTAMP',
    "ALTER TABLE t MODIFY c ENUM('a ')",
    'ALTER TABLE t MODIFY c ENUM(x)',
    'ALTER TABLE t MODIFY c FLOAT(7,4)',
    'ALTER TABLE t MODIFY c DECIMAL(1.5)',
    'ALTER TABLE t MODIFY c VARCHAR',
    'ALTER TABLE t ADD c INT DEFAULT NULL NOT NULL',
    'CREATE TABLE x AS SELECT 1',
    'CREATE TABLE x LIKE crm.t',
    'ALTER DATABASE shop CHARACTER SET latin1',
  ])('%s', (sql) => expect(found(sql)).toMatchObject({ compatible: false, modifies: [] }));

  it('where its readings differ in what it does, though not in the tables', () => {
    const sql = 'ALTER TABLE t ADD c INT DEFAULT "1"';
    expect([found(sql).compatible, found(sql, {}, { noBackslashEscapes: true }).compatible]).toEqual([true, true]);
    expect(found(sql, {}, { ansiQuotes: true })).toMatchObject({ doubt: null, compatible: false });
    const members = 'ALTER TABLE t MODIFY c ENUM("a", \'b\')';
    expect(found(members, {}, { ansiQuotes: true })).toMatchObject({ doubt: null, compatible: false, modifies: [] });
  });

  it('where its source is MariaDB', () => {
    expect(found('ALTER TABLE t ADD c INT', { flavor: 'mariadb' })).toMatchObject({ compatible: false, clauses: [{ name: 'c' }] });
  });
});

const clause = (sql: string): string => /^ALTER TABLE \w+ (.+)$/s.exec(sql)?.[1] ?? '';
/** Alone in their statements by the grammar, or empty. */
const lone = /PARTITION|^$|RENAME TO|^ENGINE=/;
const clausesOf = (all: readonly string[]): string[] => all.map(clause).filter((text) => !lone.test(text));

it('of several clauses each one must be of these', () => {
  const [good, bad] = [clausesOf(compatible.map(([sql]) => sql)), clausesOf(incompatible)].map((all) => fc.constantFrom(...all));
  const space = fc.constantFrom(' ', '\n', '/* ADD c SERIAL */', ' -- x\n');
  const joined = (all: readonly string[], gap: string): string => `ALTER TABLE${gap}t${gap}${all.join(`${gap},${gap}`)}`;
  fc.assert(
    fc.property(fc.array(good!, { minLength: 1, maxLength: 4 }), space, bad!, fc.nat(4), (some, gap, one, at) => {
      const mixed = some.toSpliced(at, 0, one);
      expect(found(joined(mixed, gap))).toMatchObject({ compatible: false, modifies: [] });
      const names = (verb: string): string[] =>
        found(joined(some, gap))
          .clauses?.filter(({ action }) => action === verb)
          .map(({ name }) => name) ?? [];
      if (names('add').every((name) => !names('drop').includes(name))) expect(found(joined(some, gap)).compatible).toBe(true);
    }),
    { numRuns: 500 },
  );
});

/** A column, or a collation; no server takes these words for a name that is not quoted, but nothing here looks for that. */
const named =
  /(?<=(?:\b(?:ADD|COLUMN|MODIFY|CHANGE \w+|CHANGE|DROP|AFTER|FULLTEXT|INDEX|KEY|ALTER|TO|CHARACTER SET|CHARSET|COLLATE)|[(,])\s*)\w+/gi;

it('no text of it has a value that is computed, or a key', () => {
  const words = "( ) , DEFAULT NOT NULL 1 'x' NOW() UNIQUE AS c INT ADD DROP MODIFY PARTITION KEY COLUMN".split(' ');
  const pieces = fc.constantFrom(...words);
  const cut = fc.record({ at: fc.nat(14), count: fc.nat(3), put: fc.array(pieces, { maxLength: 4 }) });
  let taken = 0;
  fc.assert(
    fc.property(fc.constantFrom(...compatible.map(([sql]) => sql), ...incompatible), fc.array(cut, { maxLength: 3 }), (sql, cuts) => {
      const text = cuts.reduce((all, { at, count, put }) => all.toSpliced(3 + at, count, ...put), sql.split(' ')).join(' ');
      if (!/^ALTER TABLE t /i.test(text)) return;
      const concern = found(text);
      if (!concern.compatible) return;
      taken += 1;
      const plain = concern.sql.replaceAll(/'(?:[^']|'')*'|"[^"]*"|`[^`]*`/g, 'q').replaceAll(named, '');
      expect(plain).not.toMatch(
        /\bDEFAULT\s*(?:\(|\w+\s*\()|NOW\(|\b(?:UNIQUE|PRIMARY|REFERENCES|CHECK|AS|SERIAL|AUTO_INCREMENT|ON UPDATE)\b/i,
      );
    }),
    { numRuns: 3_000 },
  );
  expect(taken).toBeGreaterThan(100);
});
