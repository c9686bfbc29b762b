/**
 * What the loaders write into the tables of schemas/lutra.sql from closed lists fits their columns: outside strict mode it would be cut.
 */
import { readFileSync } from 'node:fs';
import { conflictPolicies, conflictTypes, conflictWinners, errorTable } from '@lutra/model';
import { expect, it } from 'vitest';

const sql = readFileSync(new URL('../schemas/lutra.sql', import.meta.url), 'utf8');

function lengthOf(table: string, column: string): number {
  const definition = sql.split(`CREATE TABLE IF NOT EXISTS lutra.${table} (`)[1]?.split('ENGINE =')[0] ?? '';
  return Number(new RegExp(`^ +${column} +VARCHAR\\((\\d+)\\)`, 'm').exec(definition)?.[1]);
}

it.each([
  ['conflict', 'policy', conflictPolicies],
  ['conflict', 'type', conflictTypes],
  ['conflict', 'winner', conflictWinners],
  ['suspended', 'code', Object.keys(errorTable)],
  ['signal', 'kind', ['watermark', 'resolution']],
])('lutra.%s.%s takes each of its values', (table, column, values) => {
  const length = lengthOf(table, column);
  expect(length).toBeGreaterThan(0);
  expect(values.filter((value) => value.length > length)).toEqual([]);
});

it('the check before the start asks for columns of the lengths that lutra.sql makes', () => {
  const check = readFileSync(new URL('../libs/mysql/src/check-conflict-stores.ts', import.meta.url), 'utf8');
  const asked = check.split(/(?<!_)name: '/).slice(1);
  expect(asked.length).toBeGreaterThan(3);
  const differing = asked.flatMap((store) => {
    const table = store.slice(0, store.indexOf("'"));
    return [...store.matchAll(/(\w+): 'varchar\((\d+)\)/g)].filter(([, column = '', length]) => lengthOf(table, column) !== Number(length));
  });
  expect(differing).toEqual([]);
});

it('names the types of a conflict and its winners in the comments of their columns', () => {
  expect(sql).toContain(`COMMENT '${conflictTypes.join(', ')}'`);
  expect(sql).toContain(`COMMENT '${conflictWinners.join(', ')}'`);
});
