import { describe, expect, it } from 'vitest';
import type { ColumnType, Value } from '@lutra/model';
import { addDifference, compareValues } from './values.js';

describe('order', () => {
  const smaller: readonly [ColumnType, Value, Value][] = [
    ['int', 2, 10],
    ['bigint', -1n, 9223372036854775807n],
    ['bigint', 9007199254740992n, 9007199254740993n],
    ['decimal', '9.5', '10.25'],
    ['decimal', '-10.50', '-2'],
    ['double', -0.5, 0],
    ['varchar', 'a', 'b'],
    ['datetime', '2026-01-01 00:00:00', '2026-01-01 00:00:00.000001'],
    ['timestamp', '0000-00-00 00:00:00', '2026-01-01 00:00:00'],
    ['time', '-838:59:59', '-00:00:01'],
    ['time', '99:59:59', '100:00:00'],
    ['varbinary', Buffer.from([1]), Buffer.from([2])],
    ['int', null, -5],
  ];
  it.each(smaller)('of %s: %s before %s', (type, a, b) => {
    expect(compareValues(type, a, b)).toBeLessThan(0);
    expect(compareValues(type, b, a)).toBeGreaterThan(0);
  });

  const equal: readonly [ColumnType, Value, Value][] = [
    ['decimal', '1.50', '1.5'],
    ['datetime', '2026-01-01 00:00:00.000', '2026-01-01 00:00:00'],
    ['time', '12:00:00.50', '12:00:00.5'],
    ['int', 5, 5],
    ['int', null, null],
  ];
  it.each(equal)('of %s: %s is %s', (type, a, b) => expect(compareValues(type, a, b)).toBe(0));
});

describe('sums', () => {
  it('are exact for whole numbers of any size and decimals', () => {
    expect(addDifference({ name: 'n', type: 'int' }, [7, 5, 8])).toBe(10);
    expect(addDifference({ name: 'n', type: 'bigint' }, [9007199254740993n, 1n, 2n])).toBe(9007199254740994n);
    expect(addDifference({ name: 'n', type: 'decimal' }, ['0.10', '0.20', '0.5'])).toBe('0.40');
    expect(addDifference({ name: 'n', type: 'decimal' }, ['0.10', '0.50', '0.05'])).toBe('-0.35');
    expect(addDifference({ name: 'n', type: 'decimal' }, ['5', '2', '3'])).toBe('6');
  });

  it('are refused where they would not be', () => {
    expect(() => addDifference({ name: 'n', type: 'double' }, [1, 2, 3])).toThrow(/column n \(double\)/);
    expect(() => addDifference({ name: 'n', type: 'varchar' }, ['1', '2', '3'])).toThrow(/column n \(varchar\)/);
  });
});
