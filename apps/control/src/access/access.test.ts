/** The parts of access that need no server. */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Keyring } from '@lutra/registry';
import { describe, expect, it } from 'vitest';
import { isSecretOf, newToken, parseToken } from './api-tokens.js';
import { Clients, networkOf } from './client.js';
import { comesFromNoOtherSite, isOwnPage } from './csrf.js';
import { Failures } from './failures.js';
import { Passwords, passwordSchema, requireOtherThanName } from './passwords.js';
import { openValue, sealValue } from './sealing.js';

const request = (remoteAddress: string, headers: Readonly<Record<string, string>> = {}, method = 'POST'): IncomingMessage =>
  ({ socket: { remoteAddress }, headers, method }) as unknown as IncomingMessage;

describe('what a proxy says', () => {
  const clients = new Clients(['10.0.0.0/8', '2001:db8::1']);
  const from = (address: string, forwarded: string): string => clients.addressOf(request(address, { 'x-forwarded-for': forwarded }));

  it('counts where the proxy is known, and from the right: what a client wrote itself does not', () => {
    expect(from('203.0.113.5', '198.51.100.1')).toBe('203.0.113.5');
    expect(from('10.0.0.7', '198.51.100.1')).toBe('198.51.100.1');
    expect(from('::ffff:10.0.0.7', '198.51.100.9, 198.51.100.1, 10.9.9.9')).toBe('198.51.100.1');
    expect(from('2001:db8::1', '10.0.0.1')).toBe('10.0.0.1');
    expect(new Clients([]).addressOf(request('10.0.0.7', { 'x-forwarded-for': '1.2.3.4' }))).toBe('10.0.0.7');
    expect(clients.isSecure(request('10.0.0.7', { 'x-forwarded-proto': 'https' }))).toBe(true);
    expect(clients.isSecure(request('203.0.113.5', { 'x-forwarded-proto': 'https' }))).toBe(false);
  });

  it('an IPv6 address counts as its network', () => {
    expect(networkOf('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1:2::/64');
    expect(networkOf('2001:db8::9')).toBe('2001:db8:0:0::/64');
    expect(networkOf('::1')).toBe('0:0:0:0::/64');
    expect(networkOf('203.0.113.5')).toBe('203.0.113.5');
  });
});

describe('a page of another site', () => {
  it('cannot write with the cookie; what says nothing cannot either', () => {
    const own = { publicOrigin: 'https://lutra.example.com' };
    const write = (headers: Readonly<Record<string, string>>): boolean => isOwnPage(request('', { host: 'evil', ...headers }), own);
    expect(write({})).toBe(false);
    expect(write({ 'sec-fetch-site': 'same-origin' })).toBe(true);
    expect(write({ 'sec-fetch-site': 'same-site' })).toBe(false);
    expect(write({ origin: 'https://lutra.example.com' })).toBe(true);
    expect(write({ origin: 'http://evil' })).toBe(false);
    expect(write({ origin: 'null' })).toBe(false);
    expect(isOwnPage(request('', {}, 'GET'), own)).toBe(true);
    expect(comesFromNoOtherSite(request('', {}), own)).toBe(true);
    expect(comesFromNoOtherSite(request('', { host: 'a:1', origin: 'http://a:1' }), { publicOrigin: undefined })).toBe(true);
  });
});

describe('a sealed value', () => {
  it('opens with any key that is known, for its purpose, unchanged', () => {
    const [old, fresh] = [randomBytes(32), randomBytes(32)];
    const sealed = sealValue(Keyring.of(old), 'session', { name: 'ada' });
    expect(openValue(Keyring.of(fresh, old), 'session', sealed)).toEqual({ name: 'ada' });
    expect(openValue(Keyring.of(fresh), 'session', sealed)).toBeUndefined();
    expect(openValue(Keyring.of(old), 'oidc', sealed)).toBeUndefined();
    const last = sealed.endsWith('A') ? 'B' : 'A';
    for (const wrong of [sealed.slice(0, -4) + last.repeat(4), '', 'x.y', sealed.slice(0, 30), `${sealed}.`])
      expect(openValue(Keyring.of(old), 'session', wrong)).toBeUndefined();
  });
});

describe('passwords', () => {
  it('are kept as argon2id with a salt of their own, and verified', async () => {
    const passwords = new Passwords();
    const [one, other] = await Promise.all([passwords.hash('correct horse battery'), passwords.hash('correct horse battery')]);
    expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
    expect(one).not.toBe(other);
    expect(await passwords.verify('correct horse battery', one)).toBe(true);
    expect(await passwords.verify('correct horse batterx', one)).toBe(false);
    for (const none of [null, '', 'plain', '$argon2i$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAA'])
      expect(await passwords.verify('correct horse battery', none)).toBe(false);
  });

  it('two at once, sixteen wait, more are refused', async () => {
    const passwords = new Passwords();
    const all = await Promise.allSettled(Array.from({ length: 20 }, () => passwords.verify('x', null)));
    expect(all.filter(({ status }) => status === 'rejected')).toHaveLength(2);
    expect(await passwords.verify('x', null)).toBe(false);
  });

  it('have 12 characters, and are not the name', () => {
    expect(passwordSchema.safeParse('eleven char').success).toBe(false);
    expect(() => requireOtherThanName('Bob-The-Builder', 'bob-the-builder')).toThrow('it is the name');
  });
});

it('an API token is found by its id and known by its secret', () => {
  const { id, hash, text } = newToken();
  const parsed = parseToken(text);
  expect(parsed?.id).toBe(id);
  expect(isSecretOf(parsed?.secret ?? '', hash)).toBe(true);
  expect(isSecretOf('x', hash)).toBe(false);
  for (const wrong of ['', 'lutra_', `${text}x`, text.toUpperCase()]) expect(parseToken(wrong)).toBeUndefined();
});

it('failures cost a growing wait, which passes, is forgotten, and is taken back', () => {
  let now = 0;
  const failures = new Failures(5, () => now);
  for (let tries = 0; tries < 5; tries += 1) failures.add('a');
  expect(failures.waitLeft('a')).toBe(0);
  failures.add('a');
  failures.add('a');
  expect(failures.waitLeft('a')).toBe(2);
  expect(failures.waitLeft('b')).toBe(0);
  now += 1_500;
  expect(failures.waitLeft('a')).toBe(1);
  now += 500;
  expect(failures.waitLeft('a')).toBe(0);
  failures.takeBack('a');
  failures.add('a');
  expect(failures.waitLeft('a')).toBe(2);
  failures.forget('a');
  expect(failures.waitLeft('a')).toBe(0);
});
