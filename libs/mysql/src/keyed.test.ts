import { expect, it } from 'vitest';
import { keyed, ownKeyed, primaryIndex } from './keyed.js';
import type { TargetTable, UniqueKey } from './target-definition.js';

const unique = (name: string, columns: readonly string[], nullable = false): UniqueKey => ({ name, columns, nullable });
const table = (part: Partial<TargetTable>): TargetTable => ({ primaryKey: [], uniqueKeys: [], prefixKeys: [], ...part }) as TargetTable;

it('the first unique key over whole NOT NULL columns stands for a primary key', () => {
  const uniqueKeys = [unique('n', ['n'], true), unique('e', ['']), unique('p', ['p']), unique('ab', ['A', 'b']), unique('c', ['c'])];
  const own = ownKeyed(table({ uniqueKeys, prefixKeys: ['p'] }));
  expect([own.primaryKey, primaryIndex(own)]).toEqual([['A', 'b'], 'ab']);
  expect(own.uniqueKeys.map(({ name }) => name)).toEqual(['n', 'e', 'p', 'c']);
  const none = table({ uniqueKeys: uniqueKeys.slice(0, 3), prefixKeys: ['p'] });
  expect(ownKeyed(none)).toBe(none);
  const primary = table({ primaryKey: ['id'], uniqueKeys });
  expect([ownKeyed(primary), primaryIndex(primary)]).toEqual([primary, 'PRIMARY']);
});

it('a target has it only where the source names the same one', () => {
  const target = table({ uniqueKeys: [unique('u', ['u']), unique('w', ['w'])] });
  expect(keyed({ primaryKey: ['U'] }, target).primaryKey).toEqual(['u']);
  // Its own log names u: two changes of one row would have two keys.
  expect(keyed({ primaryKey: ['w'] }, target)).toBe(target);
  expect(keyed({ primaryKey: [] }, target)).toBe(target);
});
