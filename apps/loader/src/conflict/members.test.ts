import { describe, expect, test } from 'vitest';
import { endOfGroup, membersOf } from './members.js';
import type { Member } from './members.js';

/** Source transactions of so many changes each. */
const members = (...sizes: readonly number[]): readonly Member[] =>
  sizes.map((size, i) => ({ changes: Array.from({ length: size }), place: { seq: i } }) as unknown as Member);

describe('whose changes these are', () => {
  const all = members(2, 0, 1, 3);
  const places = (changes: readonly number[]): readonly number[] => [...membersOf(all, changes)].map((member) => all.indexOf(member));

  test('the members that they lie in, in their order', () => {
    expect(places([])).toEqual([]);
    expect(places([1])).toEqual([0]);
    expect(places([5, 2, 3])).toEqual([2, 3]);
  });

  test('all, if one of them lies in none or has no number', () => {
    for (const nobodys of [[6], [-1], [0, 7], [Number.NaN]]) expect(places(nobodys)).toEqual([0, 1, 2, 3]);
  });
});

test('suspects are settled together up to 256 changes, and end with a suspect', () => {
  const all = members(80, 80, 80, 80, 1);
  const suspects = (...places: readonly number[]): ReadonlySet<Member> => new Set(all.filter((_, i) => places.includes(i)));
  expect(endOfGroup(all, 0, suspects(0))).toBe(1);
  expect(endOfGroup(all, 0, suspects(0, 2, 4))).toBe(3);
  expect(endOfGroup(all, 2, suspects(0, 2, 4))).toBe(5);
  expect(endOfGroup(members(500, 1), 0, new Set())).toBe(1);
});
