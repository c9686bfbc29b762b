/** docs/04-conflicts.md says what each policy does, and what each field of a rule is. */
import { readFileSync } from 'node:fs';
import { conflictPolicies, conflictRuleSchema } from '@lutra/model';
import { expect, it } from 'vitest';

const page = readFileSync(new URL('../docs/04-conflicts.md', import.meta.url), 'utf8');
const policies = page.split('\n## The policies\n')[1]?.split('\n## ')[0] ?? '';

it.each(conflictPolicies)('policy %s', (policy) => expect(policies).toContain(`\`${policy}\``));
it.each(Object.keys(conflictRuleSchema.shape))('field %s of a rule', (field) => expect(page).toMatch(new RegExp(`[\`"]${field}[\`"]`)));
