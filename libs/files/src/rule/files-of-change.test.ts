import type { FileDeletes, FileRule, Row } from '@lutra/model';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { FilePaths } from './file-paths.js';
import { filesOfChange } from './files-of-change.js';
import { fileRule, hexHash, image, productTable } from './rule.fixture.js';

const table = productTable(image, { ...image, name: 'thumb' }, hexHash);
const [x, y] = ['0', '1'].map((digit) => digit.repeat(64)) as [string, string];

function change(rules: readonly Partial<FileRule>[], before: Partial<Row> | null, after: Partial<Row> | null) {
  const row = (values: Partial<Row> | null): Row | null => values && ({ id: 1n, image: null, thumb: null, sha: x, ...values } as Row);
  const compiled = rules.map((rule) => new FilePaths(fileRule(rule), table));
  const { comes, leaves } = filesOfChange(compiled, row(before), row(after));
  return {
    comes: comes.map(({ path, hash }) => (hash === null ? path : [path, hash])),
    leaves: leaves.map(({ path, way }) => [path, way]),
  };
}

const trash = { deletes: 'trash' as const };

it('an inserted row brings its files', () => {
  expect(change([{}], null, { image: 'a' })).toEqual({ comes: ['a'], leaves: [] });
});

it('of a deleted row they go, unless they are kept', () => {
  expect(change([trash], { image: 'a' }, null)).toEqual({ comes: [], leaves: [['a', 'trash']] });
  expect(change([{}], { image: 'a' }, null)).toEqual({ comes: [], leaves: [] });
});

it('a moved one comes under its new name and goes under the old one', () => {
  expect(change([{ deletes: 'remove' }], { image: 'a' }, { image: 'b' })).toEqual({ comes: ['b'], leaves: [['a', 'remove']] });
});

it('any change of a row may mean one of its file, where nothing else tells', () => {
  expect(change([{}], { image: 'a', thumb: 'x' }, { image: 'a', thumb: 'y' })).toEqual({ comes: ['a'], leaves: [] });
});

it('a file that is known to be the same does not come again', () => {
  expect(change([{ immutable: true }], { image: 'a' }, { image: 'a', thumb: 'y' })).toEqual({ comes: [], leaves: [] });
  expect(change([{ hash: 'sha' }], { image: 'a' }, { image: 'a', thumb: 'y' })).toEqual({ comes: [], leaves: [] });
  expect(change([{ hash: 'sha', ...trash }], { image: 'a' }, { image: 'a', sha: y })).toEqual({ comes: [['a', y]], leaves: [] });
});

it('what two rules name comes once, and stays while one of them names it', () => {
  const rules = [trash, { path: '{thumb}', ...trash }];
  expect(change(rules, null, { image: 'a', thumb: 'a' })).toEqual({ comes: ['a'], leaves: [] });
  expect(change(rules, { image: 'a', thumb: 'b' }, { image: 'b', thumb: 'c' })).toEqual({ comes: ['b', 'c'], leaves: [['a', 'trash']] });
  expect(change([{}, { hash: 'sha' }], null, { image: 'a' })).toEqual({ comes: [['a', x]], leaves: [] });
});

it('a row that could not be followed and is corrected brings its file', () => {
  expect(change([trash], { image: '../a' }, { image: 'a' })).toEqual({ comes: ['a'], leaves: [] });
});

/** Files at the target, as a replica keeps them that does what the changes say. */
it('after any changes of a row, exactly its files are there, each with its hash', () => {
  const values = fc.option(
    fc.record({ image: fc.constantFrom(null, 'a', 'b', 'c'), thumb: fc.constantFrom(null, 'a', 'b'), sha: fc.constantFrom(x, y) }),
  );
  const rule = fc.record({
    hash: fc.constantFrom(undefined, 'sha'),
    immutable: fc.boolean(),
    deletes: fc.constantFrom<FileDeletes>('trash', 'remove'),
  });
  fc.assert(
    fc.property(fc.array(values), rule, (states, { hash, ...given }) => {
      const all = { ...given, ...(hash !== undefined && { hash }) };
      const rules = [all, { ...all, path: '{thumb}' }];
      const files = new Map<string, string>();
      let before: Partial<Row> | null = null;
      for (const after of states) {
        const { comes, leaves } = change(rules, before, after);
        for (const [path] of leaves) files.delete(path as string);
        for (const file of comes) files.set(...((typeof file === 'string' ? [file, ''] : file) as [string, string]));
        const named = [after?.image, after?.thumb].filter((path) => typeof path === 'string');
        const expected = named.map((path) => [path, hash === undefined ? '' : after?.sha] as [string, string]);
        expect(Object.fromEntries(files)).toEqual(Object.fromEntries(expected));
        before = after;
      }
    }),
  );
});
