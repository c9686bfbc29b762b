/** Whatever bytes a source may hold for a statement: a record that says what it knows, a doubt, or nothing; never an error, and in time. */
import { createRouter } from '@lutra/model';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { statementText } from '../../../../libs/binlog/src/statement-text.js';
import { concernOf } from './concern.js';
import type { Concern } from './concern.js';

const statements = [
  'ALTER TABLE shop.orders ADD c INT, RENAME TO /*!50000 old */',
  'CREATE TABLE orders (id INT PRIMARY KEY, p INT REFERENCES `p` (id)) PARTITION BY HASH (id)',
  'RENAME TABLE a TO b, orders TO `x``y`',
  'DROP TABLE IF EXISTS a, shop . orders /* x */',
  'ALTER TABLE p EXCHANGE PARTITION p0 WITH TABLE orders',
  'CREATE INDEX i ON orders (a) -- "',
];
const marks = [
  '/*!',
  '/*!50000',
  '*/',
  '/*',
  '--',
  '#',
  '\0',
  "'",
  '"',
  '`',
  '\\',
  '(',
  ')',
  ',',
  '.',
  ' TO ',
  ' ON ',
  'UNION=(',
  ' REFERENCES ',
  '\x81',
];

const drawn = fc
  .record({
    text: fc.oneof(
      fc.constantFrom(...statements),
      fc.string({ unit: 'binary' }).map((bytes) => bytes.replaceAll(/[^\0-\xff]/g, '?')),
    ),
    cuts: fc.array(fc.record({ at: fc.nat(120), length: fc.nat(12), put: fc.oneof(fc.constant(''), fc.constantFrom(...marks)) }), {
      maxLength: 5,
    }),
  })
  .map(({ text, cuts }) => cuts.reduce((now, { at, length, put }) => now.slice(0, at) + put + now.slice(at + length), text));

function concern(text: string, charset: number, flavor: 'mysql' | 'mariadb'): Concern | null {
  const status = { sqlMode: 0n, charset: { client: charset, connection: charset, server: charset }, unknown: null };
  const bytes = Buffer.from(text, 'latin1');
  const charsets = new Map([
    [8, 'latin1'],
    [28, 'gbk'],
    [45, 'utf8mb4'],
  ]);
  const found = statementText({ database: 'shop', bytes, status, timestamp: 0, isOfThread: false, errorCode: 0 }, { flavor, charsets });
  const item = 'finish' in found ? found.finish(null) : found;
  return concernOf({ database: 'shop', ...item }, { router: createRouter([{ schema: 'shop', table: 'orders' }]), foldsNames: false });
}

it('any text is read, and what has a place in it is there', () => {
  fc.assert(
    fc.property(drawn, fc.constantFrom(8, 28, 45), fc.constantFrom('mysql' as const, 'mariadb' as const), (text, charset, flavor) => {
      const found = concern(text, charset, flavor);
      if (!found) return;
      expect(found.statement).toMatch(/^[A-Za-z_ ]{1,64}$/);
      if (found.tables.length === 0) expect(found.doubt).not.toBeNull();
      for (const { role, offset, length } of found.tables) {
        if (role === 'mentioned') expect([offset, length, found.doubt === null]).toEqual([-1, 0, false]);
        else expect(offset >= 0 && length > 0 && offset + length <= found.sql.length).toBe(true);
      }
      const placed = found.tables.filter(({ role }) => role !== 'mentioned');
      for (const [i, { offset }] of placed.entries())
        expect(offset).toBeGreaterThanOrEqual(i === 0 ? 0 : placed[i - 1]!.offset + placed[i - 1]!.length);
    }),
    { numRuns: 3_000 },
  );
});

it('a text of many names, and one of many foreign keys, takes no longer than it is long', () => {
  const columns = Array.from({ length: 20_000 }, (_, i) => `c${i} INT REFERENCES p${i} (id)`).join();
  expect(concern(`CREATE TABLE orders (${columns})`, 45, 'mysql')?.tables).toHaveLength(20_001);
  const names = Array.from({ length: 50_000 }, (_, i) => `t${i}`).join();
  expect(concern(`DROP TABLE orders, ${names}`, 45, 'mysql')?.tables).toHaveLength(50_001);
  expect(concern(`ALTER TABLE orders ${'('.repeat(200_000)}`, 45, 'mysql')).not.toBeNull();
});
