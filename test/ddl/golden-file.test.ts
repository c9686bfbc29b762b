/** The format of golden files; and each file is written as `LUTRA_BLESS=1` would write it. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { expectedLines, parseGolden, writeGolden } from './golden-file.js';

const folder = new URL('golden/', import.meta.url);
const files = readdirSync(folder).map((file) => file.replace(/\.sql$/, ''));

const text = `-- What it shows.
-- @on mysql80 mysql97
-- @route {"schema":"two_words"}
CREATE TABLE t (
  id INT PRIMARY KEY
);
-- @session b gbk
TRUNCATE t;
-- @expect mysql80
ddl CREATE TABLE two_words.t=subject

-- @expect mysql97
ddl CREATE TABLE two_words.t=subject
ddl TRUNCATE TABLE two_words.t=subject

DROP TABLE t;
-- @held done
DROP TABLE other;
-- @expect
hold unmapped two_words.t
`;

describe('a golden file', () => {
  it('is read in steps: statements with their sessions, what is done at a hold, and what each server expects', () => {
    const file = parseGolden('two-words', text);
    expect(file).toMatchObject({ database: 'two_words', on: ['mysql80', 'mysql97'] });
    const [first, second] = file.steps;
    expect(first?.statements).toEqual([
      { session: 'a', charset: '', sql: 'CREATE TABLE t (\n  id INT PRIMARY KEY\n)' },
      { session: 'b', charset: 'gbk', sql: 'TRUNCATE t' },
    ]);
    expect(first && expectedLines(first, 'mysql97')).toHaveLength(2);
    expect(second?.hold).toEqual({ answer: 'done', statements: [{ session: 'target', charset: '', sql: 'DROP TABLE other' }] });
    expect(second?.statements).toEqual([{ session: 'a', charset: '', sql: 'DROP TABLE t' }]);
  });

  it('is written as it was read, with other lines where a server said something else', () => {
    const file = parseGolden('two-words', text);
    expect(writeGolden(file)).toBe(text);
    const same = [['ddl x'], ['hold unmapped two_words.t']];
    const blessed = writeGolden(file, new Map([['mysql80', same] as const, ['mysql97', same] as const]));
    expect(blessed).toContain('TRUNCATE t;\n-- @expect\nddl x\n\nDROP TABLE t;');
    expect(writeGolden(file, new Map([['mysql97', [['ddl x'], []]] as const]))).toContain('-- @expect mysql97\nddl x\n');
    expect(parseGolden('two-words', blessed).steps).toHaveLength(2);
  });

  it.each([
    ['SELECT 1;\n-- @expect\n', /@on/],
    ['-- @on mysql80\nSELECT 1\n-- @expect\n', /no end/],
    ['-- @on mysql80\nSELECT 1;\n', /do nothing/],
    ['-- @on mysql56\n', /mysql56/],
    ['-- @on mysql80\n-- @wait\n', /@wait/],
    ['-- @on mysql80\n-- @held never\n', /never/],
  ])('that is wrong is refused by name: %j', (wrong, message) => {
    expect(() => parseGolden('wrong', wrong)).toThrow(message);
  });
});

it.each(files)('%s.sql is as it would be written', (name) => {
  const found = readFileSync(new URL(`${name}.sql`, folder), 'utf8');
  const file = parseGolden(name, found);
  expect(writeGolden(file)).toBe(found);
  expect(file.steps.length).toBeGreaterThan(0);
});
