/** A table that enters with a past, both ways (0034, rule 21). */
import { expect, it } from 'vitest';
import { asideModel, asideProtocol } from './aside.js';
import type { AsideCase, AsideRules } from './aside.js';
import { endsOf } from './paths.js';

const cases: readonly AsideCase[] = [
  { a: [], b: 1 },
  { a: ['insert'], b: 1 },
  { a: ['delete', 'insert'], b: 1 },
];

const ends = (of: AsideCase, rules: Partial<AsideRules> = {}) => endsOf(asideModel(of, { ...asideProtocol, ...rules }));

it.each(cases)('both sides end equal: %j', (of) => {
  const { good, bad, shortest } = ends(of);
  expect(good).toBeGreaterThan(0);
  expect([bad, shortest]).toEqual([0, null]);
});

it('a chunk that lacks what was on its way leaves it at the source alone', () => {
  const { bad, shortest } = ends({ a: [], b: 1 }, { chunk: 'any' });
  expect([bad, shortest?.at(-1)]).toEqual([27, 'A has past,old,b1, B has past,old']);
});
