/** The history must find what was lost, and must not cry over what a conflict explains. Home is a. */
import { expect, test } from 'vitest';
import type { LoggedConflict } from './conflict-log.js';
import type { Committed } from './history.js';
import { shapes } from './shapes.js';
import { followChains } from './write-chains.js';

const [home, latest] = ['home', 'latest'].map((name) => shapes.filter((shape) => shape.name === name));

function write(basis: string | null, stamp: string | null, table = 'home', key = 1): Committed {
  const site = (stamp ?? 'a').charAt(0);
  return { site, table, key: [key], op: stamp === null ? 'd' : basis === null ? 'c' : 'u', basis, stamp };
}

function conflict(stamps: Partial<Pick<LoggedConflict, 'before' | 'after' | 'existing'>>, table = 'home'): LoggedConflict {
  const more = { key: '{"id":1}', type: 'update-differs', winner: 'existing', final: true, op: 'u', images: '' };
  return { transaction: 'l 1', pipeline: 'p', table, before: null, after: null, existing: null, ...more, ...stamps };
}

function follow(committed: readonly Committed[], logged: readonly LoggedConflict[], last: string | undefined, table = 'home') {
  const rows = new Map(last === undefined ? [] : [['1', { stamp: last }] as const]);
  const chosen = (table === 'home' ? home : latest) ?? [];
  return followChains({ committed, shapes: chosen, home: 'a', logged, stored: new Map([[table, rows]]) });
}

test('a chain without forks needs no conflict', () => {
  expect(follow([write('start', 'a.0.1.1'), write('a.0.1.1', 'b.0.1.1')], [], 'b.0.1.1')).toEqual({ forks: 0, silent: [] });
});

test('a fork needs the one from elsewhere in the conflicts of home', () => {
  const both = [write('start', 'a.0.1.1'), write('start', 'b.0.1.1')];
  expect(follow(both, [conflict({ before: 'start', after: 'b.0.1.1', existing: 'a.0.1.1' })], 'a.0.1.1')).toEqual({ forks: 1, silent: [] });
  expect(follow(both, [], 'a.0.1.1').silent).toEqual([
    expect.stringMatching(/^fork without a conflict at home: home\|1\|start/),
    expect.stringMatching(/^lost without a conflict at home: home 1 u start → b.0.1.1/),
  ]);
});

test('a decision that is not final explains nothing', () => {
  const logged = [{ ...conflict({ after: 'b.0.1.1', existing: 'a.0.1.1' }), final: false }];
  expect(follow([write('start', 'a.0.1.1'), write('start', 'b.0.1.1')], logged, 'a.0.1.1').silent).toHaveLength(2);
});

test('a write of home under policy home is lost by no conflict', () => {
  const both = [write('start', 'a.0.1.1'), write('start', 'b.0.1.1')];
  const logged = (table: string): LoggedConflict => conflict({ before: 'start', after: 'b.0.1.1', existing: 'a.0.1.1' }, table);
  expect(follow(both, [logged('home')], 'b.0.1.1').silent).toEqual([expect.stringMatching(/^lost at home: home 1 u start → a.0.1.1/)]);
  const others = both.map((change) => ({ ...change, table: 'latest' }));
  expect(follow(others, [logged('latest')], 'b.0.1.1', 'latest').silent).toEqual([]);
});

test('a write that is simply gone is found', () => {
  expect(follow([write('start', 'b.0.1.1')], [], 'start').silent).toEqual([expect.stringMatching(/^lost without a conflict/)]);
  expect(follow([write('start', 'b.0.1.1')], [], undefined).silent).toHaveLength(1);
});
