import { describe, expect, it } from 'vitest';
import type { ColumnSchema, Value } from '@lutra/model';
import type { TargetTable } from '@lutra/mysql';
import { foughtFor, keysOf, primaryResource, resourcesOf, uniqueResources } from './resources.js';

const target = (
  primaryKey: readonly string[],
  unique: readonly (readonly string[])[] = [],
  collation = 'utf8mb4_0900_ai_ci',
): TargetTable =>
  ({
    columns: primaryKey.map((name) => ({ name, collation })),
    database: 'shop',
    name: 'items',
    primaryKey,
    uniqueKeys: unique.map((columns, i) => ({ name: `u${i}`, columns, nullable: true })),
  }) as unknown as TargetTable;
const resourceOf = (column: Partial<ColumnSchema> & Pick<ColumnSchema, 'type'>, value: Value): string | null => {
  const rows = { database: 'other', name: 'name', columns: [{ name: 'k', ...column }], primaryKey: ['k'] };
  return primaryResource(keysOf(rows, target(['k'])), { k: value });
};

describe('resources', () => {
  const alike: readonly [ColumnSchema['type'], Value, Value][] = [
    ['varchar', 'Straße', 'STRASSE '],
    ['varchar', 'é', 'E'],
    ['varchar', 'Ａ１', 'a1'],
    ['char', 'a', 'a  '],
    ['int', 5, 5n],
    ['decimal', '1.50', '1.5'],
    ['datetime', '2026-01-01 00:00:00.000', '2026-01-01 00:00:00'],
    ['binary', Buffer.from([1, 0, 0]), Buffer.from([1])],
    ['double', -0, 0],
    ['set', 'b,a', 'a,b'],
  ];
  it.each(alike)('%s: %s and %s are one', (type, a, b) => expect(resourceOf({ type }, a)).toBe(resourceOf({ type }, b)));

  const apart: readonly [ColumnSchema['type'], Value, Value][] = [
    ['varchar', 'a', 'b'],
    ['varchar', '北京', '上海'],
    ['int', 1, 10],
    ['decimal', '10', '1'],
    ['decimal', '100', '1.00'],
    ['varbinary', Buffer.from([1]), Buffer.from([0, 1])],
    ['geometry', Buffer.from([0, 0, 0, 0, 1]), Buffer.from([0, 0, 0, 0, 2])],
  ];
  it.each(apart)('%s: %s and %s are two', (type, a, b) => expect(resourceOf({ type }, a)).not.toBe(resourceOf({ type }, b)));

  it('of a change are the keys of both images, in the names of the target', () => {
    const rows = {
      database: 'there',
      name: 'goods',
      columns: [
        { name: 'id', type: 'int' },
        { name: 'Mail', type: 'varchar' },
      ],
      primaryKey: ['id'],
    } as const;
    const keys = keysOf(rows, target(['ID'], [['mail']]));
    const found = resourcesOf(keys, { before: { id: 1, Mail: 'a' }, after: { id: 1, Mail: 'b' } });
    expect(found.map(({ resource }) => resource.replaceAll('\0', '|'))).toEqual([
      'shop.items||1',
      'shop.items|u0|a',
      'shop.items||1',
      'shop.items|u0|b',
    ]);
  });

  it('NULL fights with nothing', () => {
    const rows = {
      database: 'd',
      name: 't',
      columns: [
        { name: 'id', type: 'int' },
        { name: 'mail', type: 'varchar' },
      ],
      primaryKey: ['id'],
    } as const;
    expect(uniqueResources(keysOf(rows, target(['id'], [['mail']])), { id: 1, mail: null })).toEqual([]);
  });

  it('of a row that moves each is known under both its keys, of any other under the one', () => {
    const rows = { database: 'd', name: 't', columns: [{ name: 'id', type: 'varbinary' }], primaryKey: ['id'] } as const;
    const keys = keysOf(rows, target(['id']));
    const [a, b] = [Buffer.from('a'), Buffer.from('b')];
    const told = (...ids: readonly Buffer[]) =>
      foughtFor(
        keys,
        ids.map((id) => ({ id })),
      ).map(({ resource, row }) => [resource.at(-1), String(row[0])]);
    expect(told(a, b)).toEqual([
      ['a', 'a'],
      ['a', 'b'],
      ['b', 'a'],
      ['b', 'b'],
    ]);
    expect(told(a, Buffer.from('a'))).toEqual([
      ['a', 'a'],
      ['a', 'a'],
    ]);
    expect(told(a)).toEqual([['a', 'a']]);
  });

  it('a key that does not lie in the columns alone has none', () => {
    const rows = { database: 'd', name: 't', columns: [{ name: 'id', type: 'int' }], primaryKey: [] } as const;
    const keys = keysOf(rows, target([], [['']]));
    expect([keys.primary, keys.unique]).toEqual([null, []]);
  });

  it('of a language are told apart as it does', () => {
    const rows = { database: 'd', name: 't', columns: [{ name: 'k', type: 'varchar' }], primaryKey: ['k'] } as const;
    const one = (collation: string, a: string, b: string): boolean => {
      const keys = keysOf(rows, target(['k'], [], collation));
      return primaryResource(keys, { k: a }) === primaryResource(keys, { k: b });
    };
    expect(one('utf8mb4_danish_ci', 'Aabenraa', 'åbenrå')).toBe(true);
    expect(one('latin1_german2_ci', 'Müller', 'MUELLER')).toBe(true);
    expect(one('latin1_swedish_ci', 'Yx', 'üx')).toBe(true);
    expect(one('utf8mb4_lithuanian_ci', 'yra', 'ira')).toBe(true);
    expect(one('utf8mb4_hu_0900_ai_ci', 'meggy', 'megygy')).toBe(true);
    expect(one('utf8mb4_0900_ai_ci', 'Müller', 'MUELLER')).toBe(false);
    expect(one('latin1_swedish_ci', 'user-1', 'user-2')).toBe(false);
  });

  it('of a binary collation are told apart by case', () => {
    const rows = { database: 'd', name: 't', columns: [{ name: 'k', type: 'varchar' }], primaryKey: ['k'] } as const;
    const keys = keysOf(rows, target(['k'], [], 'utf8mb4_bin'));
    expect(primaryResource(keys, { k: 'N' })).not.toBe(primaryResource(keys, { k: 'n' }));
    expect(primaryResource(keys, { k: 'N ' })).toBe(primaryResource(keys, { k: 'N' }));
  });
});
