import { describe, expect, test } from 'vitest';
import { column, targetTable } from './changes.fixture.js';
import { refusedColumns } from './refused-columns.js';
import type { TargetColumn } from './target-definition.js';

describe('columns that capture refuses', () => {
  const mysql = (version: string, number: number): Parameters<typeof refusedColumns>[1] => ({ flavor: 'mysql', version, number });
  const names = (columns: readonly TargetColumn[], server = mysql('9.7.4', 90_704)): readonly string[] =>
    refusedColumns(targetTable(columns), server).map(({ name }) => name);
  const year = column('y', { type: 'year', columnType: 'year' });
  const signed = column('n');

  test('are those of other types and character sets', () => {
    const text = (name: string, charset: string): TargetColumn => column(name, { type: 'text', columnType: 'text', charset });
    const choice = column('e', { type: 'enum', columnType: "enum('a')", charset: null });
    const other = column('o', { type: 'other', columnType: 'inet6' });
    const point = column('p', { type: 'geometry', columnType: 'point', geometry: 'point' });
    expect(names([signed, point, text('u', 'utf8mb4'), text('x', 'unheard'), choice, other])).toEqual(['x', 'o']);
  });

  test('are numbers beside a YEAR, of servers that nobody has looked at', () => {
    expect(names([signed, year, signed], mysql('8.0.20', 80_020))).toEqual(['y']);
    expect(names([signed, year], mysql('8.0.20', 80_020))).toEqual([]);
    expect(names([signed, year, signed], mysql('8.0.36', 80_036))).toEqual([]);
    expect(names([signed, year, signed], mysql('8.0.15', 80_015))).toEqual([]);
  });
});
