import { expect, it } from 'vitest';
import { documentDiff } from './document-diff.js';

it('says what differs, and where', () => {
  const before = { name: 'shop', description: 'old', pipelines: [{ name: 'there', routes: [1, 2] }, { name: 'back' }], 'a/b~': 1 };
  const after = { name: 'shop', pipelines: [{ name: 'back' }, { name: 'there', routes: [1, 3] }], 'a/b~': 2, tls: {} };
  expect(documentDiff(before, after)).toEqual([
    { pointer: '/description', before: 'old', after: null },
    { pointer: '/pipelines/there/routes/1', before: 2, after: 3 },
    { pointer: '/a~1b~0', before: 1, after: 2 },
    { pointer: '/tls', before: null, after: {} },
  ]);
});

it('of a document that is new, or gone, is all of it', () => {
  expect(documentDiff(null, { name: 'a' })).toEqual([{ pointer: '', before: null, after: { name: 'a' } }]);
  expect(documentDiff({ name: 'a' }, null)).toEqual([{ pointer: '', before: { name: 'a' }, after: null }]);
  expect(documentDiff({ list: [{ name: 'a' }, { name: 'a' }] }, { list: [{ name: 'a' }, { name: 'b' }] })).not.toEqual([]);
});
