import type { ComingFile } from '@lutra/files';
import { fileRuleSchema } from '@lutra/model';
import type { Row, TableSchema } from '@lutra/model';
import { describe, expect, test } from 'vitest';
import { DecidedFiles } from './decided-files.js';
import type { TableOfRows } from './decided-files.js';

const source: TableSchema = { database: 'd', name: 't', columns: [], primaryKey: ['id'] };
const table: TableOfRows = { source, keyOf: ({ id }) => String(id) };
const keeping = fileRuleSchema.parse({ root: 'keep', path: '{p}' });
const trashing = fileRuleSchema.parse({ root: 'r', path: '{p}', deletes: 'trash' });
/** `p` is what it names, by both rules. */
const row = (id: number, p: string | null, hash: string | null = null): Row => ({ id, p, hash });

function namedBy(_: TableSchema, { p, hash }: Row): readonly ComingFile[] {
  if (p === null || p === undefined) return [];
  return [keeping, trashing].map((rule) => ({ root: rule.root, path: String(p), hash: hash === null ? null : String(hash), rule }));
}

describe('the files of rows that one transaction writes', () => {
  const written = (...changes: readonly (readonly [existing: Row | null, row: Row | null, ...displaced: Row[]])[]) => {
    const files = new DecidedFiles({ namedBy });
    for (const [existing, now, ...displaced] of changes) files.written(table, { existing, row: now, displaced });
    return files;
  };
  const wanted = ({ wanted: all }: DecidedFiles) =>
    all.filter(({ file }) => file.root === 'r').map(({ file: { path, hash } }) => (hash === null ? path : `${path}=${hash}`));
  const leaves = ({ leaves: all }: DecidedFiles) => all.map(({ path, way }) => `${path} ${way}`);
  const both = (files: DecidedFiles) => [wanted(files), leaves(files)];

  test('an insert brings, an update brings and leaves, a delete leaves; what is kept leaves never', () => {
    expect(both(written([null, row(1, 'a')]))).toEqual([['a'], []]);
    expect(both(written([row(1, 'a'), row(1, 'b')]))).toEqual([['b'], ['a trash']]);
    expect(both(written([row(1, 'a'), null]))).toEqual([[], ['a trash']]);
    expect(written([null, row(1, 'a')]).wanted.map(({ file }) => file.root)).toEqual(['keep', 'r']);
  });

  test('a row that names what it named wants nothing, unless its hash is another', () => {
    expect(both(written([row(1, 'a'), row(1, 'a')]))).toEqual([[], []]);
    expect(both(written([row(1, 'a', 'x'), row(1, 'a', 'y')]))).toEqual([['a=y'], []]);
  });

  test('of several writes of a row the last one counts, against what was there before the first', () => {
    expect(both(written([row(1, 'a'), row(1, 'b')], [row(1, 'b'), row(1, 'c')]))).toEqual([['c'], ['a trash']]);
    expect(both(written([row(1, 'a'), row(1, 'b')], [row(1, 'b'), row(1, 'a')]))).toEqual([[], []]);
    expect(both(written([null, row(1, 'a')], [row(1, 'a'), null]))).toEqual([[], []]);
    expect(both(written([null, row(1, null)], [row(1, null), row(1, 'a')]))).toEqual([['a'], []]);
  });

  test('what one row leaves and another one comes to name stays, in either order', () => {
    const takes = [row(1, null), row(1, 'a')] as const;
    const gives = [row(2, 'a'), row(2, 'b')] as const;
    for (const changes of [
      [takes, gives],
      [gives, takes],
    ])
      expect(both(written(...changes)).map((each) => each.toSorted())).toEqual([['a', 'b'], []]);
  });

  test('a row that gave way leaves its files; one that moves keeps them', () => {
    expect(both(written([null, row(1, 'a'), row(2, 'b')]))).toEqual([['a'], ['b trash']]);
    expect(both(written([row(1, 'a'), row(2, 'a')]))).toEqual([['a'], []]);
  });

  test('what home tells is wanted though the row is equal; what it takes away leaves', () => {
    const files = new DecidedFiles({ namedBy });
    files.told(table, { existing: row(1, 'a'), row: row(1, 'a'), displaced: [] });
    expect(both(files)).toEqual([['a'], []]);
    files.told(table, { existing: row(1, 'a'), row: row(1, 'b'), displaced: [row(3, 'c')] });
    expect(both(files)).toEqual([['b'], ['a trash', 'c trash']]);
  });
});
