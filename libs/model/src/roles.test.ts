import { describe, expect, it } from 'vitest';
import { isAllowed } from './access.js';
import type { Person } from './access.js';
import { actions, isGranted, roles } from './roles.js';
import type { ActionName, Role } from './roles.js';

const on = (role: Role, channels = '*') => [{ role, channels }];

describe('a grant', () => {
  it('allows what its role and those below it may, and nothing above', () => {
    for (const [name, { role }] of Object.entries(actions) as [ActionName, (typeof actions)[ActionName]][]) {
      for (const own of roles) {
        const enough = roles.indexOf(own) >= roles.indexOf(role) || actions[name].scope === 'self';
        expect({ name, own, may: isGranted(on(own), name, 'orders') }).toEqual({ name, own, may: enough });
      }
      expect(isGranted([], name, null)).toBe(actions[name].scope === 'self');
    }
  });

  it('of some channels is none for others, nor for what belongs to no channel', () => {
    const grants = on('admin', 'shop-*');
    expect(isGranted(grants, 'channel.write', 'shop-eu')).toBe(true);
    expect(isGranted(grants, 'channel.write', 'shops')).toBe(false);
    expect(isGranted(grants, 'channel.write', null)).toBe(false);
    expect(isGranted(grants, 'endpoint.write', null)).toBe(false);
    expect(isGranted(grants, 'access.write', null)).toBe(false);
    expect(isGranted(grants, 'endpoint.read', null)).toBe(true);
    expect(isGranted(grants, 'history.read', 'other')).toBe(false);
    // Only the one that says so is for all channels, whatever else would match every name.
    expect(isGranted(on('admin', '**'), 'access.write', null)).toBe(false);
    expect(isGranted(on('admin', '?*'), 'access.write', null)).toBe(false);
  });

  it('of one role here and another there is each where it is', () => {
    const grants = [...on('viewer'), ...on('operator', 'a?')];
    expect(isGranted(grants, 'channel.run', 'ab')).toBe(true);
    expect(isGranted(grants, 'channel.run', 'abc')).toBe(false);
    expect(isGranted(grants, 'channel.read', 'abc')).toBe(true);
  });

  it('matches names as patterns say, and a hostile pattern costs nothing', () => {
    const cases: readonly (readonly [string, string, boolean])[] = [
      ['orders', 'orders', true],
      ['orders', 'orders-2', false],
      ['*', 'x', true],
      ['a*b*c', 'a-b-b-c', true],
      ['a*b*c', 'a-b-b', false],
      ['*a', 'aaa', true],
      ['?', 'ab', false],
      ['a(b', 'a(b', true],
      [`${'*a'.repeat(60)}*b`, 'a'.repeat(48), false],
    ];
    for (const [pattern, name, matches] of cases)
      expect({ pattern, name, matches: isGranted(on('viewer', pattern), 'channel.read', name) }).toEqual({ pattern, name, matches });
  });
});

it('a token may do what it and its user may, both', () => {
  const token: Person = { kind: 'token', name: 'ada', token: null, grants: on('admin', 'a*'), within: on('operator', '*b') };
  expect(isAllowed(token, 'channel.run', 'ab')).toBe(true);
  expect(isAllowed(token, 'channel.run', 'ac')).toBe(false);
  expect(isAllowed(token, 'channel.run', 'cb')).toBe(false);
  expect(isAllowed(token, 'channel.write', 'ab')).toBe(false);
});
