/** Whatever roots the rules name, what is settled was committed and nothing stays open; and the rules for which that does not hold. */
import { expect, it } from 'vitest';
import { rootModel, rootProtocol } from './files-roots.js';
import type { RootCase, RootRules } from './files-roots.js';
import { endsOf } from './paths.js';

const comesBack: RootCase = { log: ['x', 'y', 'y', 'x'], edits: [['x', 'y'], ['y'], ['x', 'y']], kills: 2 };
const leaves: RootCase = { log: ['x', 'y'], edits: [['x', 'y'], ['y']], kills: 2 };
const all: RootCase = { log: ['x', 'x'], edits: [['x'], []], kills: 2 };

it.each(Object.entries({ comesBack, leaves, all }))('%s', (_, example) => {
  const { bad, shortest } = endsOf(rootModel(example, rootProtocol));
  expect(shortest).toBeNull();
  expect(bad).toBe(0);
});

it.each<[string, RootCase, Partial<RootRules>]>([
  ['one number for all roots', comesBack, { counted: 'by pipeline', taken: 'of the rules' }],
  ['only the roots of the rules are taken over', leaves, { taken: 'of the rules' }],
  ['a root is noted with the first commit there', leaves, { noted: 'with a commit' }],
])('%s', (name, example, naive) => {
  const { good, bad, shortest } = endsOf(rootModel(example, { ...rootProtocol, ...naive }));
  console.log(`${name}: ${bad} of ${good + bad}: ${shortest?.join('; ') ?? ''}`);
  expect(bad).toBeGreaterThan(0);
});
