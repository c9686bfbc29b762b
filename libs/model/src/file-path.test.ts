import fc from 'fast-check';
import { expect, it } from 'vitest';
import { jsonPathSteps, pathProblem, templateColumns, templateParts } from './file-path.js';

it('a template is text and names of columns', () => {
  expect(templateParts('{shop_id}/{image}')).toEqual([{ column: 'shop_id' }, { text: '/' }, { column: 'image' }]);
  expect(templateColumns('a/{b c}-{ü}.jpg')).toEqual(['b c', 'ü']);
  expect(templateParts('plain')).toEqual([{ text: 'plain' }]);
});

it.each(['{', '}', '{}', 'a{b', 'a}b', '{a{b}}', '{a}{'])('a template whose braces do not pair is none: %s', (template) => {
  expect(templateParts(template)).toBeNull();
});

it('a template is all there in its parts', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), fc.stringMatching(/^[^{}]{1,8}$/)), { minLength: 1 }), (parts) => {
      const template = parts.map(([isColumn, text]) => (isColumn ? `{${text}}` : text)).join('');
      expect(templateColumns(template)).toEqual(parts.flatMap(([isColumn, text]) => (isColumn ? [text] : [])));
    }),
  );
});

it.each([
  ['$', []],
  ['$.images[*].file', ['images', null, 'file']],
  [`$['a b']["c'd"][12].e`, ['a b', "c'd", 12, 'e']],
  ['$[*][*]', [null, null]],
])('steps of the JSON path %s', (path, steps) => {
  expect(jsonPathSteps(path)).toEqual(steps);
});

it.each(['', 'a', '$.', '$..a', '$.*', '$**.a', '$[last]', '$[1 to 2]', '$[-1]', '$.a b', "$['a", '$x', "$['a\\'b']", '$?(@.a)'])(
  'what is more than that is no JSON path: %s',
  (path) => {
    expect(jsonPathSteps(path)).toBeNull();
  },
);

it.each([
  'a.jpg',
  '1/2/ü.jpg',
  ' a/b c',
  '..a/b..',
  '...',
  '.lutraX/.lutr',
  `${'x'.repeat(255)}/y`,
  'a\\..\\b',
  'Å/Å',
  '写真.jpg',
  '👀',
  '-rf',
  `${'a/'.repeat(2047)}bb`,
])('a path that may be: %.20s', (path) => {
  expect(pathProblem(path)).toBeNull();
});

it.each([
  '',
  '/a',
  'a//b',
  'a/',
  '.',
  '..',
  '../a',
  'a/../b',
  'a/..',
  './a',
  'a/./b',
  '.lutra/stage/x',
  'a/.lutra',
  '.LUTRA/x',
  'a\0b',
  'a\nb',
  'a\u007fb',
  'a\u0085b',
  '\ud800',
  'a\u{10fffd}',
  'a\u{f0000}',
  'x'.repeat(256),
  'ü'.repeat(128),
  `${'a/'.repeat(2048)}b`,
])('a path that may not be: %.20s', (path) => {
  expect(pathProblem(path)).not.toBeNull();
});

it('a path that may be stays beneath its root', () => {
  const segment = fc.oneof(fc.constantFrom('.', '..', '', '.lutra', 'a', 'ü', '...', '\0'), fc.string({ maxLength: 5, unit: 'binary' }));
  fc.assert(
    fc.property(fc.array(segment, { maxLength: 6 }), (segments) => {
      const path = segments.join('/');
      if (pathProblem(path) !== null) return;
      const { pathname } = new URL(path.split('/').map(encodeURIComponent).join('/'), 'file:///root/');
      expect(decodeURIComponent(pathname)).toBe(`/root/${path}`);
      expect(Buffer.from(path).toString()).toBe(path);
    }),
    { numRuns: 2000 },
  );
});
