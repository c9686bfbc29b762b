import type { ColumnType } from '@lutra/model';
import { templateParts } from '@lutra/model';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { pathPattern, pathTextOf } from './path-text.js';

const types: Readonly<Record<string, ColumnType>> = {
  id: 'bigint',
  n: 'int',
  t: 'varchar',
  u: 'text',
  d: 'date',
  p: 'decimal',
  sha: 'char',
};
const of = (template: string): RegExp | null =>
  pathPattern({ parts: templateParts(template) ?? [], typeOf: (name) => types[name] ?? 'json', isHash: (name) => name === 'sha' });

it.each([
  '{id}',
  '{t}',
  '{id}/{n}',
  '{id}/{t}',
  '{t}/{id}',
  'a/{id}_{n}/{t}.jpg',
  '{d}/{id}/{t}',
  '{sha}_{t}',
  '{t}.{sha}',
  '{id}x{t}y{n}',
])('one path of %s is made by one set of values', (template) => {
  expect(of(template)).not.toBeNull();
});

it.each(['{id}{n}', '{t}{id}', '{t}/{u}', '{id}-{n}', '{t}-{id}', '{d} {id}', '{id}1{n}', '{sha}a{t}', '{id}/{id}', '{t}.{p}', '{id}{t}'])(
  'one path of %s may be made by several',
  (template) => {
    expect(of(template)).toBeNull();
  },
);

it('a path tells the values that it was made of, whatever they are', () => {
  const column = fc.constantFrom('{id}', '{n}', '{t}', '{d}', '{p}');
  const literal = fc.constantFrom('/', '-', '_', '.', 'x', '1', ' ', '/x-', '');
  const templates = fc.array(fc.tuple(column, literal), { minLength: 1, maxLength: 4 });
  const values = fc.record({
    id: fc.bigInt({ min: -20n, max: 20n }).map(String),
    n: fc.integer({ min: -2, max: 120 }).map(String),
    t: fc.string({ minLength: 1, maxLength: 6, unit: fc.constantFrom('a', '/', '-', '1', '.', '_', 'x', '\n') }),
    d: fc.constantFrom('2024-02-29', '0000-00-00', '2024-12-01'),
    p: fc.constantFrom('1.5', '-1.50', '0', '10'),
  });
  let told = 0;
  fc.assert(
    fc.property(templates, values, (parts, row) => {
      const template = parts.flat().join('');
      const pattern = of(template);
      if (!pattern) return;
      told++;
      const names = Array.from(template.matchAll(/\{(\w)+\}/g), ([found]) => found.slice(1, -1));
      const path = template.replaceAll(/\{(\w+)\}/g, (_, name: keyof typeof row) => row[name]);
      expect(pattern.exec(path)?.slice(1), `${template} ${path}`).toEqual(names.map((name) => row[name as keyof typeof row]));
    }),
    { numRuns: 5000 },
  );
  expect(told).toBeGreaterThan(200);
});

it('a YEAR has four digits', () => {
  const text = pathTextOf({ type: 'year' });
  expect(typeof text === 'object' && [text.text(0), text.text(1999)]).toEqual(['0000', '1999']);
});
