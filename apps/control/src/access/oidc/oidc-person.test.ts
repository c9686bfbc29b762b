import fc from 'fast-check';
import { expect, it } from 'vitest';
import { nameSchema } from '@lutra/model';
import { pathAt } from './oidc.service.js';
import { ClaimError, personOf } from './oidc-person.js';

const groups = [
  { group: 'dba', grants: [{ role: 'admin' as const, channels: '*' }] },
  { group: 'shop', grants: [{ role: 'operator' as const, channels: 'shop-*' }] },
];
const config = { nameClaim: 'preferred_username', groupsClaim: 'groups', groups };

it.each([
  ['a list', ['shop', 'others'], ['operator']],
  ['several', ['shop', 'dba'], ['admin', 'operator']],
  ['one text', 'dba', ['admin']],
])('groups as %s give their grants', (_what, member, roles) => {
  const person = personOf(config, { preferred_username: 'ada', groups: member });
  expect(person).toMatchObject({ kind: 'oidc', name: 'oidc:ada' });
  expect(person.grants.map(({ role }) => role)).toEqual(roles);
});

it.each([
  ['no group', { preferred_username: 'ada' }, 'no group in the claim groups of oidc:ada'],
  ['other groups', { preferred_username: 'ada', groups: ['DBA', 1, null, { dba: true }] }, 'no group'],
  ['groups as an object', { preferred_username: 'ada', groups: { dba: true } }, 'no group'],
  ['no name', { groups: ['dba'] }, 'the claim preferred_username'],
  ['a name that is no text', { preferred_username: ['ada'], groups: ['dba'] }, 'the claim preferred_username'],
])('%s: refused', (_what, claims, message) => {
  expect(() => personOf(config, claims)).toThrow(ClaimError);
  expect(() => personOf(config, claims)).toThrow(message);
});

it('an e-mail address that the provider has not verified names nobody', () => {
  const byMail = { ...config, nameClaim: 'email' };
  const claims = { email: 'ada@example.com', groups: 'dba' };
  expect(personOf(byMail, { ...claims, email_verified: true }).name).toBe('oidc:ada@example.com');
  expect(() => personOf(byMail, { ...claims, email_verified: false })).toThrow('not verified');
});

it('no two people get one name, and none gets that of a local user or one that a log could misread', () => {
  const nameOf = (value: string): string => personOf(config, { preferred_username: value, groups: 'dba' }).name;
  const texts = fc.oneof(fc.string({ minLength: 1, unit: 'binary' }), fc.string({ minLength: 90, maxLength: 300 }), fc.constant('\ud800'));
  fc.assert(
    fc.property(texts, texts, (one, other) => {
      expect(nameOf(one) === nameOf(other)).toBe(one === other);
      expect(nameOf(one)).toMatch(/^oidc:[\x21-\x7e]{1,100}$/);
      expect(nameSchema.safeParse(nameOf(one)).success).toBe(false);
    }),
  );
  expect(nameOf('\ud800')).not.toBe(nameOf('\ufffd'));
  const long = 'x'.repeat(200);
  expect(nameOf(`${long}a`)).not.toBe(nameOf(`${long}b`));
});

it.each([
  ['/', '/'],
  ['/channels/a?b=c', '/channels/a?b=c'],
  ['//evil.example/', '/'],
  ['/\\evil.example', '/'],
  ['https://evil.example/', '/'],
  ['javascript:alert(1)', '/'],
  ['/\t/evil.example', '/'],
  ['/a/../../b', '/b'],
  ['', '/'],
])('a login that is to lead to %j leads to %j', (given, path) => {
  expect(pathAt('https://lutra.example', given)).toBe(path);
});
