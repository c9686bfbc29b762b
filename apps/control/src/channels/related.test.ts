import fc from 'fast-check';
import { expect, it } from 'vitest';
import { storedChannel } from '../../../../libs/model/src/pipeline-uid.fixture.js';
import { flowsOf } from './flow.js';
import { pathProblems } from './path.rules.js';
import { related } from './related.js';
import { twoWayProblems } from './two-way.rules.js';

const name = fc.constantFrom('a', 'b', 'c');
const schema = fc.constantFrom('s', 't', 'u', 'v', 'w');
const route = fc.oneof(
  fc.record({ schema, table: fc.constantFrom('*', 'x', 'y') }),
  fc.record({ schema, table: fc.constantFrom('*', 'x'), to: fc.record({ schema }) }),
  { weight: 1, arbitrary: fc.record({ schema: fc.constantFrom('*', 's?', 't*'), table: fc.constant('*') }) },
);
const pipeline = fc.record({ source: name, target: name, forwards: fc.boolean(), routes: fc.array(route, { minLength: 1, maxLength: 2 }) });
const channels = fc.array(fc.array(pipeline, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 5 });

it('no rule finds anything between two groups, and all within one', () => {
  fc.assert(
    fc.property(channels, (given) => {
      const flows = given.flatMap((pipelines, at) =>
        flowsOf(storedChannel({ name: `c${at}`, pipelines: pipelines.map((one, index) => ({ ...one, name: `p${index}` })) })),
      );
      const groups = related(flows);
      expect(groups.flat()).toHaveLength(flows.length);
      // Of two ways one example a source is told, in each group.
      const textOf = (what: string): string => (/ by two ways: /.exec(what) ? `two ways from ${/ of (\w) /.exec(what)?.[1]}` : what);
      const told = (problems: readonly { readonly what: string }[]): readonly string[] =>
        [...new Set(problems.map(({ what }) => textOf(what)))].toSorted();
      const apart = groups.flatMap((some) => [...pathProblems(some, flows), ...twoWayProblems(some)]);
      expect(told(apart)).toEqual(told([...pathProblems(flows), ...twoWayProblems(flows)]));
    }),
    { numRuns: 400 },
  );
});

it('channels of schemas of their own are groups of their own; a rename joins two, a pattern all', () => {
  const channel = (at: string, ...routes: readonly object[]) =>
    flowsOf(storedChannel({ name: at, pipelines: [{ name: 'p', source: 'a', target: 'b', routes }] }));
  const groups = (...flows: readonly ReturnType<typeof channel>[]) =>
    related(flows.flat()).map((some) => some.map((flow) => flow.channel).join('+'));
  const [s, t] = [channel('s', { schema: 's' }), channel('t', { schema: 't' })];
  expect(groups(s, t)).toEqual(['s', 't']);
  expect(groups(s, t, channel('u', { schema: 'u', to: { schema: 't' } }))).toEqual(['s', 't+u']);
  expect(groups(s, t, channel('any', { schema: 'x*' }))).toEqual(['s+t+any']);
});
