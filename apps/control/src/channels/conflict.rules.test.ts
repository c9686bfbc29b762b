import { channelInputSchema, conflictPolicies, policyTraits } from '@lutra/model';
import type { ChannelInput, ConflictPolicy } from '@lutra/model';
import { describe, expect, it } from 'vitest';
import { conflictProblems } from './conflict.rules.js';
import type { EndpointAddress } from './pipeline.rules.js';

const addresses = (...names: readonly string[]): ReadonlyMap<string, EndpointAddress> =>
  new Map(
    names.map((text) => text.split('@')).map(([name = '', region = name]) => [name, { name, region, host: `${name}.example`, port: 3306 }]),
  );
const all = addresses('a@here', 'b@there', 'c@far');

type Rule = Readonly<Record<string, unknown>>;
type Ways = Readonly<Record<string, readonly object[]>>;

/** `ways`: `a>b` → its routes; `a>>b` where it forwards */
function channel(ways: Ways, conflicts: { readonly home?: string; readonly rules?: readonly Rule[] }): ChannelInput {
  const pipelines = Object.entries(ways).map(([way, routes]) => {
    const [source, target] = way.split(/>+/);
    return { name: way.replace(/>+/, '-'), source, target, routes, forwards: way.includes('>>') };
  });
  return channelInputSchema.parse({ name: 'x', pipelines, conflicts });
}

const shop = [{ schema: 'shop' }];
const oneWay: Ways = { 'a>b': shop };
const twoWay: Ways = { 'a>b': shop, 'b>a': shop };
const idsOf = (input: ChannelInput, at = all): readonly string[] => conflictProblems(input, at).map(({ id }) => id);
const rule = (policy: string, more: Rule = {}): Rule => ({ policy, ...more });
const latest = rule('latest', { version: 'updated_at' });
/** What each is for, said here once more: the traits are what is tested. */
const isFor: Record<ConflictPolicy, 'two ways' | 'one way' | 'either'> = {
  stop: 'either',
  home: 'two ways',
  latest: 'two ways',
  merge: 'two ways',
  overwrite: 'one way',
  ignore: 'one way',
};
const decided = conflictPolicies.filter((policy) => isFor[policy] === 'two ways').map(withNeeded);
const ofOneWay = conflictPolicies.filter((policy) => isFor[policy] === 'one way').map(withNeeded);

/** With what the policy cannot do without. */
function withNeeded(policy: keyof typeof policyTraits): Rule {
  const { uses } = policyTraits[policy];
  return rule(policy, uses.includes('version') && !uses.includes('sameColumn') ? { version: 'updated_at' } : {});
}

describe('home', () => {
  it('is not needed where nothing is decided', () => {
    expect(idsOf(channel(twoWay, {}))).toEqual([]);
    expect(idsOf(channel(twoWay, { rules: [rule('stop')] }))).toEqual([]);
    expect(idsOf(channel(oneWay, { rules: [rule('overwrite')] }))).toEqual([]);
  });

  it.each(decided)('is needed by %o for a table that flows both ways', (given) => {
    expect(idsOf(channel(twoWay, { rules: [given] }))).toEqual(['home-missing']);
    expect(idsOf(channel(twoWay, { home: 'here', rules: [given] }))).toEqual([]);
  });

  it('is a region of the channel', () => {
    const [problem] = conflictProblems(channel(twoWay, { home: 'far', rules: [latest] }), all);
    expect(problem).toMatchObject({
      id: 'home-unknown',
      severity: 'error',
      fix: 'Set home to one of: here, there.',
      flows: ['x.a-b', 'x.b-a'],
    });
    expect(idsOf(channel(twoWay, { home: 'far' }))).toEqual(['home-unknown']);
    expect(idsOf(channel(twoWay, { home: 'far' }), addresses('a@here'))).toEqual([]); // b is missing, which has a name of its own
  });

  it('has the last word over one endpoint in each region', () => {
    const mesh: Ways = { 'a>b': shop, 'b>a': shop, 'a>c': shop, 'c>a': shop, 'b>c': shop, 'c>b': shop };
    const twins = addresses('a@here', 'b@there', 'c@there');
    expect(idsOf(channel(mesh, { home: 'here', rules: [latest] }))).toEqual([]);
    expect(idsOf(channel(mesh, { home: 'here', rules: [latest] }), twins)).toEqual(['region-shared']);
    expect(idsOf(channel(mesh, { home: 'here', rules: [rule('stop')] }), twins)).toEqual([]);
  });
});

describe('a rule by itself', () => {
  it('names the version that it goes by', () => {
    const home = 'here';
    expect(idsOf(channel(twoWay, { home, rules: [rule('latest')] }))).toEqual(['version-missing']);
    expect(idsOf(channel(twoWay, { home, rules: [rule('merge', { sameColumn: 'latest' })] }))).toEqual(['version-missing']);
    expect(idsOf(channel(twoWay, { home, rules: [rule('merge', { sameColumn: 'latest', version: 'v' })] }))).toEqual([]);
  });

  it('has columns only to merge', () => {
    const columns = { stock: 'delta' };
    expect(idsOf(channel(twoWay, { home: 'here', rules: [rule('home', { columns })] }))).toEqual(['columns-without-merge']);
    expect(idsOf(channel(twoWay, { home: 'here', rules: [rule('merge', { columns })] }))).toEqual([]);
  });

  it('is told which of its fields have no effect', () => {
    const given = rule('home', { version: 'v', sameColumn: 'latest', deletes: 'win' });
    const [problem] = conflictProblems(channel(twoWay, { home: 'here', rules: [given] }), all);
    expect(problem).toMatchObject({ id: 'rule-field-unused', severity: 'warning' });
    expect(problem?.what).toContain('version, sameColumn, deletes have no effect with policy home');
    expect(idsOf(channel(twoWay, { home: 'here', rules: [rule('merge', { deletes: 'win' })] }))).toEqual([]);
  });
});

describe('a policy and the ways of its tables', () => {
  it.each(decided)('%o is for tables that flow both ways', (given) => {
    expect(idsOf(channel(oneWay, { home: 'here', rules: [given] }))).toEqual(['policy-needs-both-ways']);
  });

  it.each(ofOneWay)('%o is for tables that flow one way', (given) => {
    expect(idsOf(channel(oneWay, { rules: [given] }))).toEqual([]);
    expect(idsOf(channel(twoWay, { rules: [given] }))).toEqual(['policy-one-way-only', 'policy-one-way-only']);
  });

  it('go by the name at the target', () => {
    const renamed: Ways = { 'a>b': [{ schema: 'shop', to: { schema: 'copy' } }] };
    expect(idsOf(channel(renamed, { rules: [rule('overwrite', { schema: 'copy' })] }))).toEqual([]);
    expect(idsOf(channel(renamed, { rules: [rule('overwrite', { schema: 'shop' })] }))).toEqual(['rule-never-matches']);
    const [problem] = conflictProblems(channel(renamed, { rules: [latest] }), all);
    expect(problem?.what).toContain('decides about tables of route shop.*, which x.a-b brings');
  });

  it('only for tables that no earlier rule takes', () => {
    const mixed: Ways = { 'a>b': shop, 'b>a': shop, 'a>c': [{ schema: 'log' }] };
    const rules = [rule('overwrite', { schema: 'log' }), latest];
    expect(idsOf(channel(mixed, { home: 'here', rules }))).toEqual([]);
    expect(idsOf(channel(mixed, { home: 'here', rules: rules.toReversed() }))).toEqual(['policy-needs-both-ways', 'rule-never-matches']);
  });
});

describe('a policy and what is forwarded', () => {
  const hub: Ways = { 'b>a': shop, 'a>>b': shop, 'c>a': shop, 'a>>c': shop };
  const chain: Ways = { ...hub, 'b>>a': shop, 'd>c': shop, 'c>>d': shop, 'c>>a': shop };
  const four = addresses('a@here', 'b@there', 'c@far', 'd@farther');

  it.each(decided)('%o converges where the hub is home, and is refused where a neighbour is', (given) => {
    expect(idsOf(channel(hub, { home: 'here', rules: [given] }))).toEqual([]);
    const problems = conflictProblems(channel(hub, { home: 'there', rules: [given] }), all);
    expect(problems.map(({ id, flows }) => [id, ...flows])).toEqual([
      ['policy-not-forwarded', 'x.c-a'],
      ['policy-not-forwarded', 'x.a-c'],
    ]);
    expect(problems[0]?.what).toMatch(/x\.a-b forwards, but x\.c-a connects two regions of which neither is home \(there\)/);
  });

  it('is refused in a longer chain, wherever home is', () => {
    for (const home of ['here', 'there', 'far', 'farther'])
      expect(idsOf(channel(chain, { home, rules: [latest] }), four)).toContain('policy-not-forwarded');
    expect(idsOf(channel(chain, { rules: [rule('stop')] }), four)).toEqual([]);
  });

  it('is not asked of tables that another rule decides, nor of those that flow one way', () => {
    const rules = [rule('stop', { schema: 'shop' }), latest];
    const log = [{ schema: 'log' }];
    expect(idsOf(channel({ ...chain, 'a>b': log, 'b>a': log }, { home: 'here', rules }), four)).toEqual([]);
    expect(idsOf(channel({ 'a>b': shop, 'b>>c': shop }, { rules: [rule('overwrite')] }))).toEqual([]);
  });

  it('is fine where a neighbour forwards what a fourth region sends it one way', () => {
    expect(idsOf(channel({ ...hub, 'b>>a': shop }, { home: 'here', rules: [latest] }))).toEqual([]);
  });
});

describe('a rule that decides nothing', () => {
  it('is covered by earlier ones', () => {
    const rules = [rule('stop', { schema: 's*' }), rule('home', { schema: 'shop', table: 'orders' })];
    const problems = conflictProblems(channel(twoWay, { home: 'here', rules }), all);
    expect(problems).toMatchObject([{ id: 'rule-never-matches', severity: 'warning' }]);
    expect(problems[0]?.what).toContain('conflicts.rules[1] (shop.orders) decides nothing: earlier rules take');
    expect(idsOf(channel(twoWay, { home: 'here', rules: rules.toReversed() }))).toEqual([]);
  });

  it('or names no table that a pipeline brings', () => {
    expect(idsOf(channel(twoWay, { rules: [rule('home', { schema: 'crm' })] }))).toEqual(['rule-never-matches']);
  });
});
