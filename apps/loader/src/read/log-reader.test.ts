import type { LogRecord, RecordHeader, RowEvent, TableSchema } from '@lutra/model';
import { SyncError } from '@lutra/model';
import { describe, expect, it } from 'vitest';
import { LogReader } from './log-reader.js';

const table: TableSchema = { database: 'shop', name: 't', columns: [], primaryKey: [] };
const unread = { logId: '', logEpoch: 0, seq: -1, nextOffset: 0 };

function row(offset: number, header: Partial<RecordHeader>, transaction: { totalOrder: number; last: boolean }): LogRecord {
  const event = { op: 'c', before: null, after: {}, transaction: { id: 'x', seen: {}, end: null, ...transaction } } as unknown as RowEvent;
  return { offset, header: { kind: 'row', log: 'L', seq: 0, epoch: 1, ...header }, body: { kind: 'row', table, event } };
}
const claim = (offset: number, epoch: number): LogRecord => ({
  offset,
  header: { kind: 'epoch', log: '', seq: -1, epoch },
  body: { kind: 'epoch', endpoint: 'a', leader: 'x', tsMs: 0 },
});

function kinds(reader: LogReader, records: readonly LogRecord[]): string[] {
  return records.map((record) => reader.accept(record).kind);
}
function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof SyncError) return error.code;
    throw error;
  }
  return 'none';
}

describe('reading the log', () => {
  it('discards a transaction whose leader was replaced before its last row', () => {
    const records = [
      claim(0, 1),
      row(1, { seq: 0 }, { totalOrder: 1, last: false }),
      claim(2, 2),
      row(3, { seq: 1, epoch: 2 }, { totalOrder: 1, last: true }),
    ];
    expect(kinds(new LogReader('t', unread), records)).toEqual(['nothing', 'row', 'discard', 'row']);
  });

  it('passes a record of a later level that is marked so, and never within a transaction', () => {
    const later = (offset: number, seq: number): LogRecord => ({
      offset,
      header: { kind: 'unknown', log: 'L', seq, epoch: 1 },
      body: { kind: 'unknown', name: 'later' },
    });
    const row1 = (offset: number, seq: number, last: boolean) => row(offset, { seq }, { totalOrder: 1, last });
    expect(kinds(new LogReader('t', unread), [claim(0, 1), later(1, 0), row1(2, 1, true)])).toEqual(['nothing', 'passed', 'row']);
    expect(codeOf(() => kinds(new LogReader('t', unread), [claim(0, 1), row1(1, 0, false), later(2, 1)]))).toBe('RECORD_INVALID');
  });

  it('refuses a transaction with a missing row', () => {
    const records = [claim(0, 1), row(1, { seq: 0 }, { totalOrder: 2, last: true })];
    expect(codeOf(() => kinds(new LogReader('t', unread), records))).toBe('RECORD_INVALID');
  });

  it('begins at its position where retention has removed the record before it, if what is there proves that it follows', () => {
    const checkpoint = { logId: 'L', logEpoch: 2, seq: 5, nextOffset: 8 };
    const reading = (...records: LogRecord[]) => kinds(new LogReader('t', checkpoint, 8), records);
    expect(new LogReader('t', checkpoint, 8).startOffset).toBe(8);
    expect(new LogReader('t', checkpoint, 7).startOffset).toBe(7);
    const next = row(9, { seq: 6, epoch: 2 }, { totalOrder: 1, last: true });
    expect(reading(row(8, { seq: 6, epoch: 1 }, { totalOrder: 1, last: true }), next)).toEqual(['nothing', 'row']);
    expect(reading(row(8, { seq: 5, epoch: 2 }, { totalOrder: 1, last: true }), next), 'written twice').toEqual(['nothing', 'row']);
    expect(reading(claim(8, 2), next)).toEqual(['nothing', 'row']);
    expect(codeOf(() => reading(row(8, { seq: 7, epoch: 2 }, { totalOrder: 1, last: true })))).toBe('LOG_GAP');
    expect(codeOf(() => reading(row(8, { seq: 6, epoch: 2, log: 'M' }, { totalOrder: 1, last: true })))).toBe('LOG_FOREIGN');
    // Others may have written 4 and 5 anew before this leader: nothing here would tell.
    expect(codeOf(() => reading(claim(8, 3)))).toBe('LOG_START_LOST');
    expect(codeOf(() => reading(row(8, { seq: 6, epoch: 3 }, { totalOrder: 1, last: true })))).toBe('LOG_START_LOST');
  });

  it('at the beginning of a topic holds it against the log id that a restart has named', () => {
    const checkpoint = { ...unread, logId: 'L' };
    const first = (log: string) => [claim(0, 1), row(1, { seq: 0, log }, { totalOrder: 1, last: true })];
    expect(kinds(new LogReader('t', checkpoint), first('L'))).toEqual(['nothing', 'row']);
    expect(codeOf(() => kinds(new LogReader('t', checkpoint), first('M')))).toBe('LOG_FOREIGN');
  });

  it('begins one record before its position, and that record must be the one it knows', () => {
    const checkpoint = { logId: 'L', logEpoch: 1, seq: 5, nextOffset: 8 };
    expect(new LogReader('t', checkpoint).startOffset).toBe(7);
    const good = [row(7, { seq: 5 }, { totalOrder: 1, last: true }), row(8, { seq: 6 }, { totalOrder: 1, last: true })];
    expect(kinds(new LogReader('t', checkpoint), good)).toEqual(['nothing', 'row']);
    expect(codeOf(() => kinds(new LogReader('t', checkpoint), [row(7, { seq: 5, log: 'M' }, { totalOrder: 1, last: true })]))).toBe(
      'LOG_FOREIGN',
    );
    expect(codeOf(() => kinds(new LogReader('t', checkpoint), [row(7, { seq: 4 }, { totalOrder: 1, last: true })]))).toBe('LOG_TRUNCATED');
    expect(codeOf(() => kinds(new LogReader('t', checkpoint), [row(7, { seq: 5, epoch: 2 }, { totalOrder: 1, last: true })]))).toBe(
      'LOG_TRUNCATED',
    );
  });
});
