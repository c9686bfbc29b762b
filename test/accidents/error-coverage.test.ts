/** The table of what is tried of the errors is complete, and names tests that are there. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { errorCoverage } from './error-coverage.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

it('each code names a test that produces it, or says why there is none', () => {
  const lost = Object.entries(errorCoverage).flatMap(([code, entry]) => {
    if (entry.is === 'not produced') return [];
    const text = readFileSync(`${root}${entry.file}`, 'utf8');
    return text.includes(entry.title) ? [] : [`${code}: ${entry.file} has no test "${entry.title}"`];
  });
  expect(lost).toEqual([]);
});

it('what is not followed to its end has a reason', () => {
  const others = Object.values(errorCoverage).filter((entry) => entry.is !== 'followed');
  expect(others.filter(({ why }) => !/\w{3}/.test(why))).toEqual([]);
});
