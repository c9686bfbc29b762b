import type { ChunkRecord, RowEvent, TableSchema } from '@lutra/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RecordPosition } from '../read/log-reader.js';
import { ChunkAssembly } from './chunk-assembly.js';

const table: TableSchema = { database: 'shop', name: 't', columns: [{ name: 'id', type: 'int' }], primaryKey: ['id'] };
const at = (seq: number, logEpoch = 1): RecordPosition => ({ log: 'L', logEpoch, seq, nextOffset: seq + 10 });
const record = (rows: number, id = 'chunk'): ChunkRecord => ({
  kind: 'chunk',
  endpoint: 'a',
  pipelines: ['p'],
  id,
  purpose: 'seed',
  request: 'r',
  database: 'shop',
  table: 't',
  part: null,
  keys: [],
  rows,
  seen: {},
  tsMs: 1,
});
const read = (totalOrder: number, last: boolean, { id = 'chunk', op = 'r', db = 'shop' } = {}): RowEvent =>
  ({
    op,
    before: null,
    after: { id: totalOrder },
    source: { db, table: 't' },
    transaction: { id, totalOrder, last },
  }) as unknown as RowEvent;

describe('a chunk', () => {
  it('is whole with its last row, and one without rows at once', () => {
    const chunks = new ChunkAssembly();
    expect(chunks.begin(record(2), at(4))).toBeNull();
    expect(chunks.row(table, read(1, false), at(5))).toBeNull();
    expect(chunks.open).toBe(true);
    const whole = chunks.row(table, read(2, true), at(6));
    expect(whole).toMatchObject({ begins: at(4), position: at(6) });
    expect([...(whole?.rows ?? [])]).toEqual([{ id: 1 }, { id: 2 }]);
    expect(chunks.open).toBe(false);
    expect(chunks.begin(record(0), at(7))).toMatchObject({ position: at(7), rows: { length: 0 }, table: null });
    expect(chunks.open).toBe(false);
  });

  it.each([
    ['rows of another leader', read(1, true), at(5, 2)],
    ['a record between', read(1, true), at(6)],
    ['rows of another chunk', read(1, true, { id: 'other' }), at(5)],
    ['rows of another table', read(1, true, { db: 'crm' }), at(5)],
    ['a change', read(1, true, { op: 'c' }), at(5)],
    ['the middle of something', read(2, true), at(5)],
  ])('is void if it is followed by %s', (_, event, position) => {
    const chunks = new ChunkAssembly();
    chunks.begin(record(1), at(4));
    expect([chunks.row(table, event, position), chunks.open]).toEqual([null, false]);
  });

  it('is void with less or more rows than it says', () => {
    const chunks = new ChunkAssembly();
    chunks.begin(record(2), at(4));
    expect(chunks.row(table, read(1, true), at(5))).toBeNull();
    chunks.begin(record(1), at(6));
    expect(chunks.row(table, read(1, false), at(7))).toBeNull();
    expect(chunks.row(table, read(2, true), at(8))).toBeNull();
    expect(chunks.open).toBe(false);
  });

  it('never has rows of two leaders, wherever one is replaced', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 0, max: 6 }), (rows, replacedAt) => {
        const chunks = new ChunkAssembly();
        chunks.begin(record(rows), at(0));
        const made = Array.from({ length: rows }, (_, i) =>
          chunks.row(table, read(i + 1, i === rows - 1), at(i + 1, i < replacedAt ? 1 : 2)),
        );
        expect(made.some((chunk) => chunk !== null)).toBe(replacedAt >= rows);
      }),
    );
  });
});
