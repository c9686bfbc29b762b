import { expect, it } from 'vitest';
import { RefusedError } from './problem.js';
import type { Problem } from './problem.js';

const said = (severity: Problem['severity'], what: string): Problem => ({ id: 'x', severity, what, fix: null });

it('a refusal names what is in the way, and lists what is only worth knowing as well', () => {
  const problems = [said('warning', 'slow'), said('error', 'wrong'), said('error', 'missing')];
  const refused = new RefusedError('CONFIG_CONFLICT', 'not yet', problems);
  expect(refused.message).toBe('not yet: wrong; missing');
  expect(refused.problems).toEqual(problems);
});

it('where an operator must agree to what is no error, the message has that', () => {
  expect(new RefusedError('CONFIG_CONFLICT', 'say yes', [said('warning', 'it is slow')]).message).toBe('say yes: it is slow');
});
