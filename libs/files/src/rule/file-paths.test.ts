import { createHash } from 'node:crypto';
import { type FileRule, pathProblem, type Row, SyncError, type Value } from '@lutra/model';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { FilePaths } from './file-paths.js';
import { document, fileRule, hexHash, image, productTable } from './rule.fixture.js';

const table = productTable(
  image,
  document,
  hexHash,
  { name: 'shop_id', type: 'int' },
  { name: 'price', type: 'decimal', precision: 10, scale: 2 },
  { name: 'day', type: 'date' },
  { name: 'year', type: 'year' },
  { name: 'raw', type: 'binary', length: 32 },
  { name: 'seen', type: 'timestamp', scale: 0 },
);
const empty: Row = {
  id: 7n,
  image: null,
  doc: null,
  sha: null,
  shop_id: 3,
  price: '1.50',
  day: '0000-00-00',
  year: 0,
  raw: null,
  seen: null,
};

function named(rule: Partial<FileRule>, values: Readonly<Record<string, Value>>): readonly string[] {
  return new FilePaths(fileRule(rule), table).of({ ...empty, ...values }).map(({ path }) => path);
}

const sha = (text: string): string => createHash('sha256').update(text).digest('hex');

it.each<[string, Partial<FileRule>, Readonly<Record<string, Value>>, readonly string[]]>([
  ['a column', {}, { image: 'a b.jpg' }, ['a b.jpg']],
  ['a column with folders', {}, { image: 'x/y.jpg' }, ['x/y.jpg']],
  ['several columns', { path: '{shop_id}/{id}-{image}.jpg' }, { image: 'a' }, ['3/7-a.jpg']],
  ['names in any case', { path: '{SHOP_ID}/{Image}' }, { image: 'a' }, ['3/a']],
  ['a DECIMAL, a DATE, a YEAR', { path: '{price}/{day}/{year}/{image}' }, { image: 'a' }, ['1.50/0000-00-00/0000/a']],
  ['a text behind the last column', { path: '{image}/full.jpg' }, { image: 'a' }, ['a/full.jpg']],
  ['NULL', {}, {}, []],
  ["''", {}, { image: '' }, []],
  ['NULL in another column of the path', { path: '{shop_id}/{image}' }, { image: 'a', shop_id: null }, []],
  ['what is stripped', { strip: 'https://x/' }, { image: 'https://x/a.jpg' }, ['a.jpg']],
  ['no more than what is stripped', { strip: 'https://x/' }, { image: 'https://x/' }, []],
  ['what does not begin with it', { strip: 'https://x/' }, { image: 'https://y/a.jpg' }, []],
  ['what is stripped, of the last column only', { path: '{shop_id}/{image}', strip: 'x/' }, { image: 'x/a' }, ['3/a']],
  ['a list', { split: ',' }, { image: 'a,b c,,a,' }, ['a', 'b c']],
  ['a list beside a column', { path: '{shop_id}/{image}.png', split: ';' }, { image: 'a;b' }, ['3/a.png', '3/b.png']],
  ['a column twice, with a list', { path: '{image}/{image}', split: ';' }, { image: 'a;b' }, ['a/a', 'b/b']],
  ['a list of which some are stripped', { split: ' ', strip: '//h/' }, { image: '//h/a //g/b' }, ['a']],
  ['a text of JSON', { path: '{doc}', json: '$' }, { doc: '"a"' }, ['a']],
  [
    'texts of JSON',
    { path: '{doc}', json: '$.i[*].f' },
    { doc: '{"i": [{"f": "a"}, {"g": "b"}, {"f": null}, {"f": "c"}, 5]}' },
    ['a', 'c'],
  ],
  ['an element of JSON', { path: '{doc}', json: '$[1]' }, { doc: '["a", "b"]' }, ['b']],
  ['JSON in a text', { json: "$['x y']" }, { image: '{"x y": "a"}' }, ['a']],
  ['JSON that is not there', { path: '{doc}', json: '$.a' }, { doc: '[]' }, []],
  ['JSON null', { path: '{doc}', json: '$' }, { doc: 'null' }, []],
  ['JSON that inherits nothing', { path: '{doc}', json: '$.constructor.name' }, { doc: '{}' }, []],
  ['JSON with types of values', { path: '{doc}', json: '$.a' }, { doc: '{"n": \t  12.50, "a": "b"}' }, ['b']],
])('%s', (_, rule, values, expected) => {
  expect(named(rule, values)).toEqual(expected);
});

it.each<[string, Partial<FileRule>, Readonly<Record<string, Value>>]>([
  ['out of the root', {}, { image: '../a' }],
  ['an address', {}, { image: 'https://x//a' }],
  ['a control character', {}, { image: 'a\0' }],
  ['a column that makes an empty segment', { path: '{shop_id}/{image}' }, { image: '/a' }],
  ['columns that make .. together', { path: '{image}{shop_id}/x' }, { image: '/' }],
  ['an element of a list', { split: ',' }, { image: 'a,../b' }],
  ['no JSON', { json: '$' }, { image: 'a' }],
  ['a number in JSON', { path: '{doc}', json: '$.n' }, { doc: '{"n": 5}' }],
  ['an object in JSON', { path: '{doc}', json: '$[*]' }, { doc: '[{}]' }],
  ['no hash', { hash: 'sha' }, { image: 'a', sha: 'abc' }],
  ['a hash too many', { hash: 'sha', split: ',' }, { image: 'a', sha: `${sha('a')},${sha('b')}` }],
  ['a hash too few', { hash: 'sha', split: ',' }, { image: 'a,b', sha: sha('a') }],
  ['an empty hash in a list', { hash: 'sha', split: ',' }, { image: 'a,b', sha: `${sha('a')},` }],
  ['one path with two hashes', { hash: 'sha', split: ',' }, { image: 'a,a', sha: `${sha('a')},${sha('b')}` }],
  ['hashes that are no JSON', { path: '{doc}', json: '$', hash: 'sha' }, { doc: '"a"', sha: sha('a') }],
])('a row that the rule cannot be followed for: %s', (_, rule, values) => {
  const paths = new FilePaths(fileRule(rule), table);
  const row = { ...empty, ...values };
  const error = thrown(() => paths.of(row));
  expect(error).toMatchObject({ code: 'FILE_PATH_INVALID', details: { table: 'shop.products', key: 'id=7', root: 'pics' } });
  expect(error.message).toContain('shop.products, row id=7, column ');
  expect(paths.formerly(row)).toEqual([]);
});

function thrown(run: () => unknown): SyncError {
  try {
    run();
  } catch (error) {
    if (error instanceof SyncError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

it('a hash is that of its file', () => {
  const hashes = (rule: Partial<FileRule>, values: Readonly<Record<string, Value>>): readonly (string | null)[] =>
    new FilePaths(fileRule(rule), table).of({ ...empty, ...values }).map(({ hash }) => hash);
  expect(hashes({}, { image: 'a' })).toEqual([null]);
  expect(hashes({ hash: 'sha' }, { image: 'a', sha: sha('a').toUpperCase() })).toEqual([sha('a')]);
  expect(hashes({ hash: 'RAW' }, { image: 'a', raw: Buffer.from(sha('a'), 'hex') })).toEqual([sha('a')]);
  expect(hashes({ hash: 'sha', split: ',' }, { image: 'a,,b', sha: `${sha('a')},,${sha('b')}` })).toEqual([sha('a'), sha('b')]);
  const lists = { doc: '{"f": ["a", null, "b"]}', sha: JSON.stringify([sha('a'), null, sha('b')]) };
  expect(hashes({ path: '{doc}', json: '$.f[*]', hash: 'sha' }, lists)).toEqual([sha('a'), sha('b')]);
  expect(hashes({ path: '{doc}', json: '$.f', hash: 'sha' }, { doc: '{"f": "a"}', sha: `"${sha('a')}"` })).toEqual([sha('a')]);
});

it('without its hash a row names no file yet', () => {
  const rows: readonly Readonly<Record<string, Value>>[] = [{ sha: null }, { sha: '' }];
  for (const values of rows) expect(named({ hash: 'sha' }, { image: 'a', ...values })).toEqual([]);
  expect(named({ hash: 'raw' }, { image: 'a', raw: Buffer.alloc(32) })).toEqual([]);
  expect(named({ path: '{doc}', json: '$', hash: 'sha' }, { doc: '"a"', sha: 'null' })).toEqual([]);
});

it('why a row names no file', () => {
  const why = (rule: Partial<FileRule>, values: Readonly<Record<string, Value>>): string | null =>
    new FilePaths(fileRule(rule), table).noneBecause({ ...empty, ...values });
  expect(why({}, { image: 'a' })).toBeNull();
  expect(why({}, {})).toBe("column image has NULL, '', or an empty list");
  expect(why({ strip: 'x/' }, { image: 'y/a' })).toBe('what is in column image does not begin with x/');
  expect(why({ hash: 'sha' }, { image: 'a' })).toBe("column sha has NULL, '', or an empty list");
});

it.each<[string, Partial<FileRule>]>([
  ['a column that is not there', { path: '{nothing}' }],
  ['an instant', { path: '{seen}' }],
  ['bytes', { path: '{raw}' }],
  ['a document', { path: '{doc}' }],
  ['a document before the last column', { path: '{doc}/{image}', json: '$' }],
  ['a hash that is no text', { hash: 'shop_id' }],
  ['a list of hashes in bytes', { split: ',', hash: 'raw' }],
  ['a hash that is not there', { hash: 'nothing' }],
])('a rule that does not fit its table: %s', (_, rule) => {
  expect(() => new FilePaths(fileRule(rule), table)).toThrow(expect.objectContaining({ code: 'FILE_PATH_INVALID' }));
});

it('a table without primary key has no rules', () => {
  expect(() => new FilePaths(fileRule({}), { ...table, primaryKey: [] })).toThrow(/no primary key/);
});

it('whatever is in a row: only paths that a file may have, each once', () => {
  const text = fc.option(
    fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('..', '/', '', 'a,b', 'a/../b', '["a"]', '.lutra'), fc.json()),
  );
  const rules = [{}, { split: ',' }, { json: '$[*]' }, { strip: 'a' }, { path: '{id}/{image}/x' }].map(
    (rule) => new FilePaths(fileRule(rule), table),
  );
  fc.assert(
    fc.property(text, fc.constantFrom(...rules), (value, paths) => {
      const files = paths.formerly({ ...empty, image: value });
      expect(files.map(({ path }) => pathProblem(path)).filter(Boolean)).toEqual([]);
      expect(new Set(files.map(({ path }) => path)).size).toBe(files.length);
      // What is no file is told as a reason, or refused.
      if (files.length === 0) expect(reason(paths, { ...empty, image: value })).toBeTruthy();
    }),
    { numRuns: 3000 },
  );
});

function reason(paths: FilePaths, row: Row): string | null {
  try {
    return paths.noneBecause(row);
  } catch (error) {
    return (error as SyncError).code;
  }
}
