import { describe, expect, it } from 'vitest';
import { conflictRuleSchema } from './config.js';
import { createRuleFinder, goesByVersion, stopRule } from './conflict-rule.js';

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
  expect(goesByVersion(rule('latest'))).toBe(true);
  expect(goesByVersion(rule('merge', { sameColumn: 'latest' }))).toBe(true);
  expect(goesByVersion(rule('merge'))).toBe(false);
  expect(goesByVersion(rule('home', { sameColumn: 'latest' }))).toBe(false);
});
