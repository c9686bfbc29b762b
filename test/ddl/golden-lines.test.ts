/** How records look in a golden file. */
import { describe, expect, it } from 'vitest';
import type { DdlRecord, RowEvent } from '@lutra/model';
import { GoldenLines, misplaced } from './golden-lines.js';

const record = {
  statement: 'ALTER TABLE',
  sql: 'ALTER TABLE shop . /* x */ `t`ADD c INT',
  tables: [{ database: 'shop', name: 't', role: 'subject', offset: 12, length: 18 }],
  clauses: [{ action: 'add', what: 'column', name: 'c' }],
  doubt: null,
} as unknown as DdlRecord;

const row = (after: object): RowEvent =>
  ({ op: 'c', before: null, after, source: { db: 'shop', table: 'my table' } }) as unknown as RowEvent;

describe('a line', () => {
  it('of a schema change has its kind, each table with what is done with it, and its clauses', () => {
    const lines = new GoldenLines();
    expect(lines.ddl(record)).toBe('ddl ALTER TABLE shop.t=subject | add column c');
    const doubt = { ...record, clauses: null, doubt: 'read in two ways', tables: [] };
    expect(lines.ddl(doubt)).toBe('ddl ALTER TABLE | doubt: read in two ways');
    const hold = { reason: 'unmapped' as const, tables: [{ database: 'shop', name: 'a.b' }] };
    expect(lines.hold(hold)).toBe('hold unmapped shop."a.b"');
  });

  it('has numbers for ids and for times of today, and other times as they are', () => {
    const lines = new GoldenLines(() => Date.parse('2030-05-06T07:08:09Z'));
    const [one, two] = [1, 2].map((n) => `0123abcd-0123-0123-0123-0123456789ab:${n}`);
    const first = row({ id: 5n, made: '2030-05-06 07:00:00.25', past: '2001-01-01 00:00:00', of: two });
    expect(lines.row(first)).toBe('row c shop."my table" {"id":["i","5"],"made":"t1","past":"2001-01-01 00:00:00","of":"g1"}');
    expect(lines.row(row({ made: '2030-05-06 07:00:01', of: one }))).toContain('{"made":"t2","of":"g2"}');
    expect(lines.row(row({ made: '2030-05-06 07:00:00.25', of: two }))).toContain('{"made":"t1","of":"g1"}');
  });
});

describe('the place of a name', () => {
  it('is where it stands, with its database, quotes and comments', () => {
    expect(misplaced(record)).toEqual([]);
    const [table] = record.tables;
    for (const wrong of [{ offset: 11 }, { length: 17 }, { name: 'u' }])
      expect(misplaced({ ...record, tables: [{ ...table!, ...wrong }] })).toHaveLength(1);
  });
});
