import { describe, expect, it } from 'vitest';
import { ddlPolicy } from './ddl.js';
import { createHomeFinder, isMesh } from './schema-home.js';

it('a table is at home where the first rule says that matches its name, else where the channel is', () => {
  const homes = [
    { schema: 'shop', table: 'orders*', region: 'dublin' },
    { schema: 'shop', table: '*', region: 'california' },
  ];
  const of = createHomeFinder(homes, 'hangzhou');
  const names = ['shop.orders_2026', 'shop.items', 'crm.orders'].map((name) => name.split('.'));
  expect(names.map(([database, name]) => of({ database: database!, name: name! }))).toEqual(['dublin', 'california', 'hangzhou']);
  expect(createHomeFinder(homes, undefined)({ database: 'crm', name: 't' })).toBeNull();
});

describe('a mesh', () => {
  const ways = (text: string) => text.split(' ').map((way) => ({ source: way[0]!, target: way[1]! }));
  const found = (text: string): string =>
    ways(text)
      .filter((way) => isMesh(way, ways(text)))
      .map(({ source, target }) => source + target)
      .join(' ');

  it('is where a third endpoint writes to both ends, or where what comes back takes another way', () => {
    expect(found('ab ba ac ca bc cb')).toBe('ab ba ac ca bc cb');
    expect(found('ab ba ca cb')).toBe('ab ba');
    expect(found('ab bc ca')).toBe('ab bc ca');
  });

  it('is no pair, hub, cascade, nor what flows one way', () => {
    for (const text of ['ab ba', 'ab ba bc cb', 'ab bc', 'ab cb', 'ab ba cb', 'ab ba bc']) expect(found(text)).toBe('');
  });
});

it('a TRUNCATE is never applied both ways, whatever it follows from', () => {
  const of = (settings: Parameters<typeof ddlPolicy>[0], bothWays: boolean) =>
    ['ALTER TABLE', 'DROP TABLE', 'TRUNCATE TABLE'].map((statement) => ddlPolicy(settings, statement, bothWays));
  expect([of({ default: 'apply' }, true), of({ default: 'apply' }, false)]).toEqual([
    ['apply', 'apply', 'stop'],
    ['apply', 'apply', 'apply'],
  ]);
  expect([of({ truncate: 'apply' }, true), of({ default: 'apply', truncate: 'ignore' }, true)]).toEqual([
    ['stop', 'stop', 'stop'],
    ['apply', 'apply', 'ignore'],
  ]);
});
