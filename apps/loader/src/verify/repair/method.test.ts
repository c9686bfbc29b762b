import type { Route } from '@lutra/model';
import { expect, it } from 'vitest';
import type { VerifiedPipeline, VerifyWork } from '../assignments.js';
import type { ListedPair } from '../table-list.js';
import { methodOf } from './method.js';
import { parentsFirst } from './table-order.js';

const routes: readonly Route[] = [{ schema: 'shop', table: '*' }];
const pipeline = (from: string, to: string): VerifiedPipeline =>
  ({
    name: `${from}-${to}`,
    source: { name: from, region: `r${from}` },
    target: { name: to, region: `r${to}` },
    routes,
    backElsewhere: [],
  }) as unknown as VerifiedPipeline;
const [there, back] = [pipeline('a', 'b'), pipeline('b', 'a')];
const orders = { database: 'shop', name: 'orders' };
const pair = (more: Partial<ListedPair> = {}): ListedPair => ({
  pipeline: there,
  source: orders,
  target: orders,
  twoWay: true,
  missingAt: null,
  mayBeExtra: false,
  isFedByOthers: false,
  ...more,
});
const work = (home: string | null): VerifyWork => ({ channel: 'c', pipelines: [there, back], rules: [], home, roots: [] });

it.each([
  ['source', 'ra', 'at home', 'source', 'a-b'],
  ['source', 'rb', 'rows', 'source', 'a-b'],
  ['rb', 'ra', 'rows', 'target', 'b-a'],
  ['rb', 'rb', 'at home', 'target', 'b-a'],
])('both ways, winner %s and home %s: %s, the %s wins by %s', (winner, home, kind, side, by) => {
  const back = by === 'a-b' ? 'b-a' : 'a-b';
  expect(methodOf(pair(), work(home), { winner, isHole: false })).toMatchObject({
    kind,
    winner: side,
    by: { name: by },
    back: { name: back },
  });
});

it.each(['source', 'ra'])('after a hole its source wins (%s) though neither end is home; the other side does not', (winner) => {
  expect(methodOf(pair(), work('rc'), { winner, isHole: true })).toMatchObject({ kind: 'rows', winner: 'source', by: there });
  expect(methodOf(pair(), work('rc'), { winner: 'rb', isHole: true })).toContain('against home (rc)');
});

it('one way the source wins', () => {
  const sent = { kind: 'rows', winner: 'source', by: there, back: null };
  expect(methodOf(pair({ twoWay: false }), work(null), { winner: 'source', isHole: false })).toEqual(sent);
  expect(methodOf(pair({ twoWay: false }), work(null), { winner: 'ra', isHole: false })).toEqual(sent);
  expect(methodOf(pair({ twoWay: false }), work(null), { winner: 'rb', isHole: false })).toContain('the source wins');
});

it.each([
  ['no end of the pipeline', pair(), 'ra', 'rc', 'region rc is no end of pipeline a-b'],
  ['neither end is home', pair(), 'rc', 'source', 'against home (rc)'],
  ['no home', pair(), null, 'source', 'names no home region'],
  [
    'back by another channel',
    pair({ twoWay: false, pipeline: { ...there, backElsewhere: [routes] } }),
    null,
    'source',
    'flows back by another channel',
  ],
])('refused by name: %s', (_, of, home, winner, why) => {
  expect(methodOf(of, work(home), { winner, isHole: false })).toContain(why);
});

it('parents come before their children, and a circle does not end it', () => {
  const parents: Readonly<Record<string, readonly string[]>> = { a: ['b'], b: ['c'], c: [], d: ['e'], e: ['d'] };
  const named = (name: string) => ({ database: 'd', name });
  const ordered = parentsFirst(Object.keys(parents), (name) => ({ name: named(name), parents: (parents[name] ?? []).map(named) }));
  expect(ordered).toEqual(['c', 'b', 'a', 'e', 'd']);
});
