import { expect, it } from 'vitest';
import { loginOptions } from './server-login.js';

const plugins = { caching_sha2_password: () => 'sha2', sha256_password: () => 'sha' };
const at = (host: string, tls: { ca?: string; verify: boolean }) => loginOptions({ host, port: 1, tls }, plugins).ssl;

it('a certificate is held against the host, unless it is an address and the authority is named, or nothing is asked', () => {
  expect(at('db', { verify: true })).toEqual({ rejectUnauthorized: true, verifyIdentity: true });
  expect(at('db', { ca: 'PEM', verify: true })).toEqual({ ca: 'PEM', rejectUnauthorized: true, verifyIdentity: true });
  expect(at('10.0.0.1', { ca: 'PEM', verify: true })).toEqual({ ca: 'PEM', rejectUnauthorized: true, verifyIdentity: false });
  // every authority that the system trusts has signed for somebody
  expect(at('10.0.0.1', { verify: true })).toEqual({ rejectUnauthorized: true, verifyIdentity: true });
  expect(at('db', { verify: false })).toEqual({ rejectUnauthorized: false, verifyIdentity: false });
});

it('plugins are ours where there is no TLS and the server is elsewhere, or its key is known', () => {
  const ours = { caching_sha2_password: 'sha2', sha256_password: 'sha' };
  expect(loginOptions({ host: 'db', port: 1 }, plugins).authPlugins).toEqual(ours);
  expect(loginOptions({ host: 'localhost', port: 1 }, plugins).authPlugins).toBeUndefined();
  expect(loginOptions({ host: 'localhost', port: 1, publicKey: 'PEM' }, plugins).authPlugins).toEqual(ours);
  expect(loginOptions({ host: 'db', port: 1, tls: { verify: true } }, plugins).authPlugins).toBeUndefined();
});
