import { describe, expect, it } from 'vitest';
import type { ColumnSchema, Value } from '@lutra/model';
import type { TargetTable } from './target-definition.js';
import { askFor, foughtFor, keysOf, primaryConflictKey, conflictKeysOf, uniqueConflictKeys } from './conflict-keys.js';
import type { KeyCollations } from './conflict-keys.js';

/** Takes upper case for lower case. It must be asked about what is not ascii, and is counted. */
class Collations implements KeyCollations {
  readonly questions: (readonly string[])[] = [];

  of({ collation }: { readonly collation: string }): ReturnType<KeyCollations['of']> {
    const keyOf = (text: string): string => (collation.endsWith('_bin') ? text : text.toLowerCase());
    return {
      known: (text) => (/^[\0-\x7f]*$/.test(text) ? keyOf(text) : null),
      ask: async (texts) => {
        this.questions.push([...texts]);
        return new Map(Array.from(texts, (text) => [text, keyOf(text)]));
      },
    };
  }
}
const collations = new Collations();

const target = (
  primaryKey: readonly string[],
  unique: readonly (readonly string[])[] = [],
  collation = 'utf8mb4_0900_ai_ci',
  type = 'varchar',
): TargetTable =>
  ({
    columns: [...primaryKey, ...unique.flat()].map((name) => ({ name, charset: 'utf8mb4', collation, type })),
    database: 'shop',
    name: 'items',
    primaryKey,
    prefixKeys: [],
    uniqueKeys: unique.map((columns, i) => ({ name: `u${i}`, columns, nullable: true })),
  }) as unknown as TargetTable;
const conflictKeyOf = (column: Partial<ColumnSchema> & Pick<ColumnSchema, 'type'>, value: Value): string | null => {
  const rows = { database: 'other', name: 'name', columns: [{ name: 'k', ...column }], primaryKey: ['k'] };
  return primaryConflictKey(keysOf(rows, target(['k']), collations), { k: value });
};

describe('resources', () => {
  const alike: readonly [ColumnSchema['type'], Value, Value][] = [
    ['varchar', 'Nn', 'nN'],
    ['int', 5, 5n],
    ['decimal', '1.50', '1.5'],
    ['datetime', '2026-01-01 00:00:00.000', '2026-01-01 00:00:00'],
    ['binary', Buffer.from([1, 0, 0]), Buffer.from([1])],
    ['double', -0, 0],
    ['set', 'b,a', 'a,b'],
  ];
  it.each(alike)('%s: %s and %s are one', (type, a, b) => expect(conflictKeyOf({ type }, a)).toBe(conflictKeyOf({ type }, b)));

  const apart: readonly [ColumnSchema['type'], Value, Value][] = [
    ['varchar', 'a', 'b'],
    ['int', 1, 10],
    ['decimal', '10', '1'],
    ['decimal', '100', '1.00'],
    ['varbinary', Buffer.from([1]), Buffer.from([0, 1])],
    ['geometry', Buffer.from([0, 0, 0, 0, 1]), Buffer.from([0, 0, 0, 0, 2])],
  ];
  it.each(apart)('%s: %s and %s are two', (type, a, b) => expect(conflictKeyOf({ type }, a)).not.toBe(conflictKeyOf({ type }, b)));

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
    const keys = keysOf(rows, target(['ID'], [['mail']]), collations);
    const found = conflictKeysOf(keys, { before: { id: 1, Mail: 'a' }, after: { id: 1, Mail: 'b' } });
    expect(found.map(({ conflictKey }) => conflictKey.replaceAll('\0', '|'))).toEqual([
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
    expect(uniqueConflictKeys(keysOf(rows, target(['id'], [['mail']]), collations), { id: 1, mail: null })).toEqual([]);
  });

  it('of a row that moves each is known under both its keys, of any other under the one', () => {
    const rows = { database: 'd', name: 't', columns: [{ name: 'id', type: 'varbinary' }], primaryKey: ['id'] } as const;
    const keys = keysOf(rows, target(['id']), collations);
    const [a, b] = [Buffer.from('a'), Buffer.from('b')];
    const told = (...ids: readonly Buffer[]) =>
      foughtFor(
        keys,
        ids.map((id) => ({ id })),
      ).map(({ conflictKey, row }) => [conflictKey.at(-1), String(row[0])]);
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
    const keys = keysOf(rows, target([], [['']]), collations);
    expect([keys.primary, keys.unique]).toEqual([null, []]);
  });

  it('of a CHAR has no blanks at its end, whatever the collation says of them', () => {
    const rows = { database: 'd', name: 't', columns: [{ name: 'k', type: 'varchar' }], primaryKey: ['k'] } as const;
    const conflictKeys = (type: string) => {
      const keys = keysOf(rows, target(['k'], [], 'utf8mb4_0900_bin', type), collations);
      return new Set(['a', 'a  '].map((k) => primaryConflictKey(keys, { k }))).size;
    };
    expect([conflictKeys('char'), conflictKeys('varchar')]).toEqual([1, 2]);
  });

  it('the server is asked once about the texts of many rows, and whoever has not asked is stopped', async () => {
    const rows = {
      database: 'd',
      name: 't',
      columns: [
        { name: 'id', type: 'int' },
        { name: 'mail', type: 'varchar' },
      ],
      primaryKey: ['id'],
    } as const;
    const asked = new Collations();
    const keys = keysOf(rows, target(['id'], [['mail']]), asked);
    const images = ['é', 'É', 'e', null].map((mail, id) => ({ id, mail }));
    expect(() => uniqueConflictKeys(keys, { id: 9, mail: 'é' })).toThrow('nobody has asked');
    await askFor([...images.map((image) => [keys, image] as const), [keys, null]]);
    await askFor(images.map((image) => [keys, image] as const));
    expect(asked.questions.length).toBe(1);
    expect(images.flatMap((image) => uniqueConflictKeys(keys, image).map((text) => text.split('\0').at(-1)))).toEqual(['é', 'é', 'e']);
  });

  it('of bytes that are an ENUM no collation is asked', () => {
    const rows = { database: 'd', name: 't', columns: [{ name: 'k', type: 'enum' }], primaryKey: ['k'] } as const;
    const keys = keysOf(rows, { ...target(['k']), columns: [{ name: 'k', charset: null, collation: null }] } as never, collations);
    expect(primaryConflictKey(keys, { k: 'É' })).not.toBe(primaryConflictKey(keys, { k: 'é' }));
  });
});
