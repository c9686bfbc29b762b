import { describe, expect, it } from 'vitest';
import { conflictRuleSchema, unusedFields, usesField } from './conflict-policy.js';
import { createRuleFinder, stopRule } from './conflict-rule.js';

const rule = (policy: string, more: object = {}) => conflictRuleSchema.parse({ policy, ...more });

describe('the rule of a table', () => {
  const rules = [rule('merge', { schema: 'shop', table: 'stock_*' }), rule('latest', { schema: 'shop' }), rule('home', { schema: 's*' })];
  const policyOf = (database: string, name: string) => createRuleFinder(rules)({ database, name }).policy;

  it('is the first that matches its name at the target', () => {
    expect(policyOf('shop', 'stock_a')).toBe('merge');
    expect(policyOf('shop', 'orders')).toBe('latest');
    expect(policyOf('support', 'stock_a')).toBe('home');
  });

  it('is stop where none matches', () => {
    expect(createRuleFinder(rules)({ database: 'crm', name: 'orders' })).toBe(stopRule);
    expect(createRuleFinder([])({ database: 'shop', name: 'orders' }).policy).toBe('stop');
  });
});

it('a version decides for latest, and for merge that says so', () => {
  expect(usesField(rule('latest'), 'version')).toBe(true);
  expect(usesField(rule('merge', { sameColumn: 'latest' }), 'version')).toBe(true);
  expect(usesField(rule('merge'), 'version')).toBe(false);
  expect(usesField(rule('home', { sameColumn: 'latest' }), 'version')).toBe(false);
});

it('a field that is set is unused where the policy does not go by it, and a default is none', () => {
  const all = { version: 'v', columns: { n: 'delta' }, sameColumn: 'latest', deletes: 'win' };
  expect(unusedFields(rule('home', all))).toEqual(['version', 'columns', 'sameColumn', 'deletes']);
  expect(unusedFields(rule('latest', all))).toEqual(['columns', 'sameColumn']);
  expect(unusedFields(rule('merge', all))).toEqual([]);
  expect(unusedFields(rule('merge', { version: 'v' }))).toEqual(['version']);
  expect(unusedFields(rule('stop', { columns: {}, sameColumn: 'home', deletes: 'lose' }))).toEqual([]);
});
