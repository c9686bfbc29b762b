/** Names may have dots: `a.b`.`c` and `a`.`b.c` are two tables. */
import { describe, expect, it } from 'vitest';
import type { TableName } from '@lutra/model';
import type { TargetTable } from '@lutra/mysql';
import { parentsFirst } from './table-list.js';
import { Windows } from './windows.js';

const one: TableName = { database: 'a.b', name: 'c' };
const other: TableName = { database: 'a', name: 'b.c' };

describe('two tables whose names are one text', () => {
  it('are both listed', () => {
    const listed = [one, other].map((name) => ({
      table: { ...name, foreignKeys: [] } as unknown as TargetTable,
      rowsEstimated: 0,
      watch: { isStale: false },
    }));
    expect(parentsFirst(listed)).toHaveLength(2);
  });

  it('have windows and definitions of their own', () => {
    const windows = new Windows();
    const window = windows.open(one, ['id']);
    const watch = windows.watch(one);
    windows.statement([other]);
    windows.statement([{ database: 'a', name: '*' }]);
    expect([window.discarded, watch.isStale]).toEqual([null, false]);
    windows.statement([{ database: 'a.b', name: '*' }]);
    expect(window.discarded).not.toBeNull();
    expect(watch.isStale).toBe(true);
  });
});
