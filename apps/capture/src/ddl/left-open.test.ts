import type { DdlTable } from '@lutra/model';
import { expect, it } from 'vitest';
import { leftOpen } from './left-open.js';

const reading = { ansiQuotes: false, noBackslashEscapes: false, singleByte: false, flavor: 'mysql' } as const;
const subject: DdlTable = { database: 'shop', name: 't', role: 'subject', offset: 13, length: 1 };
const t = { database: 'shop', name: 't' };

function open(text: string, { statement = 'CREATE TABLE', tables = [subject], noBackslashEscapes = false } = {}) {
  return leftOpen({ statement, tables, reading: { ...reading, noBackslashEscapes, text } });
}

it.each([
  '(a int)',
  "(a text charset latin1) COMMENT 'charset'",
  '(a int) /* CHARSET */ ENGINE=InnoDB',
  '(`charset` int)',
  '(a int) `charset`',
  '(a int) DEFAULT CHARSET=DEFAULT COLLATE DEFAULT',
  '(a int) CHARACTER SET = DEFAULT',
])('%s leaves the character set of its table to the database', (text) => expect(open(`CREATE TABLE t ${text}`)).toEqual(t));

it.each([
  '(a int) DEFAULT CHARSET=latin1',
  '(a int) character  set utf8mb4',
  "(a int) COMMENT='(' COLLATE utf8mb4_bin",
  '(a int) /*!40100 DEFAULT CHARSET latin1 */',
])('%s does not', (text) => expect(open(`CREATE TABLE t ${text}`)).toBeNull());

it('a text is read as its session read it', () => {
  const text = "CREATE TABLE t (a int) COMMENT '\\' CHARSET latin1 COMMENT ''";
  expect([open(text), open(text, { noBackslashEscapes: true })]).toEqual([t, null]);
});

it('a copy has the one of its original; what makes no table has none', () => {
  const like: DdlTable = { ...subject, name: 'u', role: 'like' };
  expect(open('CREATE TABLE t LIKE u', { tables: [subject, like] })).toBeNull();
  const altered = (sql: string) => open(`ALTER TABLE t ${sql}`, { statement: 'ALTER TABLE' });
  expect([altered('ADD a int'), altered('CONVERT TO CHARACTER SET latin1'), altered('ADD a VARCHAR(9) CHARSET latin1')]).toEqual([
    null,
    null,
    null,
  ]);
  expect([altered('CONVERT TO CHARACTER SET DEFAULT'), altered('ADD a int, DEFAULT COLLATE = DEFAULT')]).toEqual([t, t]);
  expect(open('CREATE OR REPLACE TABLE t (a int)', { statement: 'CREATE OR REPLACE TABLE' })).toEqual(t);
});
