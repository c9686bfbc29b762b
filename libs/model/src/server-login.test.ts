import { expect, it } from 'vitest';
import { loginOptions, usedTls } from './server-login.js';

const named = (name: string, key: string) => () => `${name} ${key}`;
const plugins = {
  caching_sha2_password: ({ serverPublicKey }: { serverPublicKey: string }) => named('sha2', serverPublicKey),
  sha256_password: ({ serverPublicKey }: { serverPublicKey: string }) => named('sha', serverPublicKey),
};
const at = (host: string, tls: { ca?: string; verify: boolean }) => loginOptions({ host, port: 1, tls }, plugins).ssl;

it('a certificate is held against the host, unless it is an address and the authority is named, or nothing is asked', () => {
  expect(at('db', { verify: true })).toEqual({ rejectUnauthorized: true, verifyIdentity: true });
  expect(at('db', { ca: 'PEM', verify: true })).toEqual({ ca: 'PEM', rejectUnauthorized: true, verifyIdentity: true });
  expect(at('10.0.0.1', { ca: 'PEM', verify: true })).toEqual({ ca: 'PEM', rejectUnauthorized: true, verifyIdentity: false });
  // Every authority that the system trusts has signed for somebody. (The driver then fails: it does not know addresses.)
  expect(at('10.0.0.1', { verify: true })).toEqual({ rejectUnauthorized: true, verifyIdentity: true });
  expect(at('db', { verify: false })).toEqual({ rejectUnauthorized: false, verifyIdentity: false });
});

it('TLS is on and verified for every server elsewhere of which nothing is said, and for none on this machine', () => {
  const verified = { verify: true };
  for (const host of ['db', '10.0.0.1', '0.0.0.0', '::', '127.db', 'localhost.example']) {
    expect(usedTls({ host })).toEqual(verified);
    expect(usedTls({ host, tls: { mode: 'off' } })).toBeNull();
    expect(loginOptions({ host, port: 1, publicKey: 'PEM' }, plugins)).toMatchObject({
      ssl: { rejectUnauthorized: true, verifyIdentity: true },
    });
  }
  for (const host of ['localhost', '127.0.0.1', '127.1.2.3', '::1']) {
    expect(usedTls({ host })).toBeNull();
    expect(usedTls({ host, tls: verified })).toEqual(verified);
  }
});

it('plugins are ours where there is no TLS and the server is elsewhere, or its key is known', () => {
  const of = (host: string, publicKey?: string) => loginOptions({ host, port: 1, publicKey, tls: { mode: 'off' } }, plugins).authPlugins;
  for (const plugin of Object.values(of('db') ?? {})) expect(plugin).toThrow('db:1 wants');
  expect(of('localhost')).toBeUndefined();
  for (const host of ['localhost', 'db'])
    expect(Object.values(of(host, 'PEM') ?? {}).map((plugin) => plugin())).toEqual(['sha2 PEM', 'sha PEM']);
  expect(loginOptions({ host: 'db', port: 1, tls: { verify: true } }, plugins).authPlugins).toBeUndefined();
});
