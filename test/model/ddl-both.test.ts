/** Both sides write while the table is altered: they end with the same columns and rows; and the rules for which they do not. */
import { afterAll, describe, expect, it } from 'vitest';
import { bothProtocol } from './ddl-both-words.js';
import type { BothCase, BothRules, Clause, Statement } from './ddl-both-words.js';
import { bothModel } from './ddl-both.js';
import { thirdModel } from './ddl-third.js';
import type { MadeOwn } from './ddl-third.js';
import { endsOf } from './paths.js';

const write = (key: string, values: Record<string, string> | null): Statement => ({ do: 'write', key, values });
const ddl = (...clauses: readonly Clause[]): Statement => ({ do: 'ddl', clauses });
const start = { p: { c: '0' } };
const of = (A: readonly Statement[], B: readonly Statement[], more: Partial<BothCase> = {}): BothCase => ({
  start,
  columns: ['c'],
  scripts: { A, B },
  ...more,
});
const tool: readonly Statement[] = [{ do: 'shadow', add: 'd' }, { do: 'copy' }, { do: 'swap' }];

const twoStep: readonly Statement[] = [{ do: 'shadow', add: 'd' }, { do: 'copy' }, { do: 'leave' }, { do: 'enter' }];
const begun = { columns: ['c', 'e'], begun: ['c'] };
const begunBefore = of(
  [{ do: 'copy' }, { do: 'swap' }, write('p', { c: 'a' })],
  [write('q', { c: 'b', e: 'b' }), ddl({ drop: 'e' })],
  begun,
);

const contract = of([ddl({ add: 'd' }), { do: 'backfill', from: 'c', to: 'd' }, ddl({ drop: 'c' })], [write('q', { c: 'v' })], {
  wanted: { q: { d: 'v' } },
});

const total = { good: 0 };
afterAll(() => console.log(`ddl both ways: ${total.good.toExponential(1)} interleavings`));

function holds(example: BothCase, rules: BothRules = bothProtocol): void {
  const { good, shortest } = endsOf(bothModel(example, rules));
  expect(shortest, JSON.stringify(example)).toBeNull();
  total.good += good;
}

const inFlight: Readonly<Record<string, BothCase>> = {
  'a column is added': of([ddl({ add: 'd' }), write('p', { d: 'a' })], [write('q', { c: 'b' }), write('r', { c: 'b', d: 'b' })]),
  'a column is dropped': of([ddl({ drop: 'c' }), ddl({ add: 'd' })], [write('q', { c: 'b' }), write('p', null)]),
  'a column is dropped and made anew': of([ddl({ drop: 'c' }), ddl({ add: 'c' })], [write('q', { c: 'b' }), write('r', { c: 'b' })]),
  'the table is dropped and made anew': of(
    [ddl({ table: 'drop' }), ddl({ table: 'create', columns: ['c'] })],
    [write('q', { c: 'b' }), write('r', { c: 'b' })],
  ),
  'the table is made anew, and a key used again': of(
    [ddl({ table: 'drop' }), ddl({ table: 'create', columns: ['c'] }), write('q', { c: 'a' }), write('q', null)],
    [write('q', { c: 'b' }), write('q', { c: 'c' })],
  ),
  'the other side drops a column': of(
    [write('p', { c: 'a', e: 'a' }), write('q', { e: 'a' })],
    [ddl({ drop: 'c' }), write('r', { e: 'b' })],
    {
      columns: ['c', 'e'],
    },
  ),
  'both sides add': of([ddl({ add: 'd' }), write('p', { d: 'a' })], [ddl({ add: 'e' }), write('q', { e: 'b' })]),
  'both sides add the same': of([ddl({ add: 'd' })], [ddl({ add: 'd' }), write('q', { d: 'b' })]),
  'the other side drops a column and makes it anew': of([], [ddl({ drop: 'c' }), ddl({ add: 'c' }), write('q', { c: 'b' })], {
    wanted: { q: { c: 'b' } },
  }),
  'home drops a column while the other side makes it anew': of(
    [ddl({ drop: 'c' })],
    [ddl({ drop: 'c' }), ddl({ add: 'c' }), write('q', { c: 'b' })],
  ),
  'home makes it anew while the other side drops it': of(
    [ddl({ drop: 'c' }), ddl({ add: 'c' }), write('p', { c: 'a' })],
    [ddl({ drop: 'c' }), write('q', { e: 'b' }), write('r', { c: 'r' })],
    { columns: ['c', 'e'] },
  ),
  'home makes it anew while the other side does the same': of(
    [ddl({ drop: 'c' }), ddl({ add: 'c' })],
    [ddl({ drop: 'c' }), ddl({ add: 'c' }), write('r', { c: 'r' })],
    { columns: ['c', 'e'] },
  ),
  'a column is widened': of([ddl({ limit: { column: 'c', is: 2 } }), write('p', { c: 'aa' })], [write('q', { c: 'b' })], {
    limits: [{ column: 'c', is: 1 }],
  }),
  'a table is made and dropped': of(
    [ddl({ table: 'create', columns: ['c'] }), write('p', { c: 'a' }), ddl({ table: 'drop' })],
    [write('p', { c: 'b' })],
    { columns: null, start: {} },
  ),
  'rows are deleted, not truncated': of([write('p', null)], [write('q', { c: 'b' })]),
};

describe('both sides end with the same columns and rows', () => {
  it.each(Object.entries(inFlight))('%s', (_, example) => holds(example));

  it.each(['gh-ost', 'pt-osc'] as const)('each side runs the tool: %s', (name) => {
    const rules = { ...bothProtocol, tool: name };
    holds(of([...tool, write('p', { d: 'a' })], [write('q', { c: 'b' }), ...tool, write('r', { d: 'b' })]), rules);
    holds(of([write('p', { c: 'a' }), ...tool], [ddl({ add: 'd' }), write('q', { c: 'b' })]), rules);
  });

  it('a cut-over in two steps', () => {
    holds(of([...twoStep, write('p', { d: 'a' })], [write('q', { c: 'b' }), ddl({ add: 'd' })]));
    holds(of([write('p', { c: 'a' }), ...twoStep], [write('q', { c: 'b' }), ...twoStep]));
  });

  it('a tool that began before the route', () => holds(begunBefore));
});

/** Of home, which the other side would apply by itself; in the right case nobody writes to the table by then. */
const refused: Readonly<Record<string, BothCase>> = {
  'a UNIQUE index': of([ddl({ limit: { column: 'c', is: 'unique' } })], [write('q', { c: '0' })]),
  'a column that is NOT NULL without a default': of(
    [ddl({ add: 'd' }, { limit: { column: 'd', is: 'required' } })],
    [write('q', { c: 'b' })],
  ),
  'a column that becomes narrower': of([ddl({ limit: { column: 'c', is: 1 } })], [write('q', { c: 'bb' })], {
    limits: [{ column: 'c', is: 2 }],
  }),
};

describe('what is not compatible ends badly while both sides write', () => {
  it.each(Object.entries(refused))('%s', (name, example) => {
    const quiet = { ...example, scripts: { ...example.scripts, B: [] } };
    holds(quiet);
    const { good, bad, shortest } = endsOf(bothModel(example, bothProtocol));
    console.log(`${name}: ${bad} of ${good + bad}: ${shortest?.join('; ') ?? ''}`);
    expect(bad).toBeGreaterThan(0);
  });
});

describe('what a person has run at home goes on to a third region, and does not run twice where it came from', () => {
  it('with its path', () => {
    expect(endsOf(thirdModel('with path'))).toMatchObject({ bad: 0, shortest: null });
  });

  it.each<[MadeOwn, RegExp]>([
    ['as new', /it ran 1, 2, 1 times/],
    ['as a copy', /it ran 1, 1, 0 times/],
  ])('not %s', (rule, wrong) => {
    const { good, bad, shortest } = endsOf(thirdModel(rule));
    console.log(`published ${rule}: ${bad} of ${good + bad}: ${shortest?.join('; ') ?? ''}`);
    expect([good, shortest?.at(-1)]).toEqual([0, expect.stringMatching(wrong)]);
  });
});

describe('they do not, or a pipeline stands', () => {
  it.each<[string, BothCase, Partial<BothRules>, BothCase?]>([
    ['a row that has not seen the drop stops the pipeline', inFlight['a column is dropped']!, { rows: 'stands' }],
    ['home alone says what a row has not seen', inFlight['the other side drops a column']!, { rows: 'seen of home' }],
    ['by name alone an old value gets into a new column', inFlight['a column is dropped and made anew']!, { rows: 'names' }],
    [
      'drops are known up to where the row came: an old value gets in',
      inFlight['a column is dropped and made anew']!,
      { known: 'when it came' },
    ],
    [
      'a change that the other side leaves out counts as concurrent with what comes from it',
      inFlight['the table is made anew, and a key used again']!,
      { gone: 'counts' },
    ],
    ['by name alone an old row gets into a new table', inFlight['the table is dropped and made anew']!, { rows: 'names' }],
    [
      'each side applies what the other alters',
      of([ddl({ add: 'c' }), write('p', { c: 'a' })], [ddl({ add: 'e' })]),
      { home: 'each applies' },
      of([ddl({ drop: 'c' })], [ddl({ drop: 'c' }), ddl({ add: 'c' }), write('q', { c: 'b' })]),
    ],
    ['TRUNCATE is applied', inFlight['rows are deleted, not truncated']!, {}, of([ddl({ table: 'truncate' })], [write('q', { c: 'b' })])],
    [
      'a name that is dropped and added is met by what was there',
      of([ddl({ drop: 'c' }, { add: 'c' }), write('q', { c: 'a' })], [write('r', { c: 'b' })]),
      { met: 'by definition' },
    ],
    [
      'shadow tables of gh-ost are carried',
      of(tool, [write('q', { c: 'b' }), ddl({ add: 'd' })]),
      { shadows: 'carried' },
      of(tool, [write('q', { c: 'b' })]),
    ],
    [
      'shadow tables of pt-osc are carried',
      of(tool, [write('q', { c: 'b' }), ddl({ add: 'd' })]),
      { shadows: 'carried', tool: 'pt-osc' },
      of(tool, [write('q', { c: 'b' })]),
    ],
    [
      'what was run at home comes back as new, and drops what was made anew',
      inFlight['the other side drops a column and makes it anew']!,
      { own: 'as new' },
    ],
    [
      'it comes back with its path although home has altered the table meanwhile',
      inFlight['home drops a column while the other side makes it anew']!,
      { own: 'with path' },
    ],
    [
      'what came from the other side counts for its later rows as what home dropped',
      inFlight['the other side drops a column and makes it anew']!,
      { drops: 'all' },
    ],
    [
      'the first of two steps is taken for the end of the table',
      of(twoStep, [write('q', { c: 'b' }), ddl({ add: 'd' })]),
      { leave: 'drops' },
    ],
    [
      'a shadow that nobody saw being made is taken for one like its table',
      begunBefore,
      { begun: 'nothing known' },
      of([{ do: 'copy' }, { do: 'swap' }], [write('q', { c: 'b', e: 'b' })], begun),
    ],
    ['contract while the old column is written', { ...contract, contractFrom: 1 }, {}, contract],
  ])('%s', (name, example, naive, wrongly) => {
    holds(example);
    const { good, bad, shortest } = endsOf(bothModel(wrongly ?? example, { ...bothProtocol, ...naive }));
    console.log(`${name}: ${bad} of ${good + bad}: ${shortest?.join('; ') ?? ''}`);
    expect(bad).toBeGreaterThan(0);
  });
});
