/** Home is a. */
import { expect, test } from 'vitest';
import type { Committed } from './history.js';
import type { WentBack } from './row-reader.js';
import { shapes } from './shapes.js';
import { wrongOrder } from './writer-order.js';

const written = (stamp: string, key = 1): Committed => ({ site: 'b', table: 'home', key: [key], op: 'u', basis: 'start', stamp });
const back = (site: string, why: WentBack['why'] = 'writer'): WentBack => ({
  site,
  table: 'home',
  identity: '1',
  from: 'b.0.9.1',
  to: 'b.0.5.1',
  why,
});
const refused = {
  transaction: 'l 1',
  pipeline: 'p',
  table: 'home',
  key: '{"id":1}',
  type: 'update-differs',
  winner: 'existing',
  final: true,
  op: 'u',
  before: null,
  after: 'b.0.9.1',
  existing: null,
  images: '',
};

function judge(seen: WentBack, logged: readonly (typeof refused)[] = [], key = 1): string[] {
  return wrongOrder({ wentBack: [seen], committed: [written('b.0.9.1'), written('b.0.5.1', key)], shapes, home: 'a', logged });
}

test('away from home a row may go back from a write that home decided against, and only from such', () => {
  expect(judge(back('b'), [refused])).toEqual([]);
  expect(judge(back('b'))).toEqual([expect.stringContaining('home 1 at b: from b.0.9.1 back to b.0.5.1')]);
});

test('at home it may not at all', () => {
  expect(judge(back('a'), [refused])).toHaveLength(1);
});

test('a stamp that was written under another key says nothing', () => {
  expect(judge(back('a'), [], 2)).toEqual([]);
});

test('nowhere may a row under policy home know less of home than before', () => {
  expect(judge(back('b', 'home'), [refused])).toEqual([expect.stringContaining('without a write of home')]);
});
