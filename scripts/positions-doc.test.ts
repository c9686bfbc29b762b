/**
 * docs/08-stale-positions.md is what the table of old positions says, and each of its lines is shown by a test that expects what it says.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { stalePositions } from '../test/accidents/stale-positions.js';
import { positionsDocument, positionsFile } from './positions-doc.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const all = stalePositions.flatMap(({ positions }) => positions);

it('docs/08-stale-positions.md is up to date: npx tsx scripts/positions-doc.ts', () => {
  expect(readFileSync(positionsFile, 'utf8')).toBe(positionsDocument());
});

it.each(all.filter(({ stop }) => stop !== 'limit'))('$what × $beside: there is its test, and it expects the code', ({ stop, test }) => {
  expect(test).not.toBeNull();
  const [file = '', title = ''] = test ?? [];
  const text = readFileSync(`${root}/${file}`, 'utf8');
  const at = text.indexOf(title);
  expect(at, `${file}: ${title}`).toBeGreaterThan(0);
  const next = /\n {0,2}(?:it|test)[.(]/.exec(text.slice(at));
  const body = text.slice(at, next ? at + next.index : undefined);
  for (const code of Array.isArray(stop) ? stop : []) expect(body, file).toContain(`'${code}'`);
});

it('a limit says what an operator must do, and has no test', () => {
  const limits = all.filter(({ stop }) => stop === 'limit').map(({ test, says }) => ({ test, says }));
  expect(limits).toEqual(limits.map(() => ({ test: null, says: expect.stringMatching(/\. [A-Z].*$/s) })));
});
