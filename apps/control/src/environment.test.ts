import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isLoopback } from '@lutra/model';
import { readEnvironment } from './environment.js';

const ZOOKEEPER = '127.0.0.1:2181,localhost:2182';
const token = 'a-token-that-nobody-guesses';

describe('readEnvironment', () => {
  it('needs nothing but ZooKeeper', () => {
    expect(readEnvironment({ ZOOKEEPER, LUTRA_API_TOKEN: '', LUTRA_REGION: '', LUTRA_SESSION_MS: '' })).toEqual({
      zooKeeper: ZOOKEEPER,
      digest: undefined,
      root: '/lutra',
      sessionMs: 4000,
      region: undefined,
      port: 8080,
      host: '127.0.0.1',
      token: undefined,
      localAdmin: true,
      trustedProxies: [],
      http: { tls: null, metricsOpen: false, metricsToken: undefined },
      publicOrigin: undefined,
      logLevel: 'info',
    });
  });

  it.each([
    ['ZOOKEEPER', {}],
    ['ZOOKEEPER', { ZOOKEEPER: 'no-port' }],
    ['PORT', { ZOOKEEPER, PORT: 'eighty' }],
    ['PORT', { ZOOKEEPER, PORT: '70000' }],
    ['LUTRA_SESSION_MS: at least 1000', { ZOOKEEPER, LUTRA_SESSION_MS: '999' }],
    ['LUTRA_SESSION_MS', { ZOOKEEPER, LUTRA_SESSION_MS: '4s' }],
    ['LUTRA_ROOT', { ZOOKEEPER, LUTRA_ROOT: 'lutra/' }],
    ['METRICS_OPEN', { ZOOKEEPER, METRICS_OPEN: 'yes' }],
    ['LUTRA_LOGIN', { ZOOKEEPER, LUTRA_LOGIN: 'yes' }],
    ['LUTRA_PUBLIC_URL', { ZOOKEEPER, LUTRA_PUBLIC_URL: 'https://lutra.example.com/path' }],
    ['LUTRA_TRUST_PROXY', { ZOOKEEPER, LUTRA_TRUST_PROXY: '10.0.0.0/8, proxy' }],
    ['LUTRA_API_TOKEN_FILE are both', { ZOOKEEPER, LUTRA_API_TOKEN: token, LUTRA_API_TOKEN_FILE: '/no/such/file' }],
    ['LUTRA_API_TOKEN', { ZOOKEEPER, LUTRA_API_TOKEN: 'two words that are long' }],
    ['LUTRA_API_TOKEN: at least 16 characters; openssl rand', { ZOOKEEPER, LUTRA_API_TOKEN: 'x' }],
    ['ZOOKEEPER_DIGEST is not set', { ZOOKEEPER: 'one:2181' }],
    ['ZOOKEEPER_DIGEST is not set', { ZOOKEEPER: '127.0.0.1:2181,10.0.0.7:2181', ZOOKEEPER_DIGEST: '' }],
    ['ZOOKEEPER_DIGEST: user:password', { ZOOKEEPER, ZOOKEEPER_DIGEST: 'lutra:' }],
    ['LUTRA_ZOOKEEPER_OPEN', { ZOOKEEPER, LUTRA_ZOOKEEPER_OPEN: 'true' }],
    ['LUTRA_API_TOKEN_FILE', { ZOOKEEPER, LUTRA_API_TOKEN_FILE: '/no/such/file' }],
  ])('names %s when it is wrong', (name, variables) => {
    expect(() => readEnvironment(variables)).toThrow(name);
  });

  it('never says a value', () => {
    expect(() => readEnvironment({ ZOOKEEPER, ZOOKEEPER_DIGEST: 'hush' })).toThrow(/^((?!hush).)*$/);
  });

  it('wants ZooKeeper closed, unless it is on this machine or somebody says that it may be open', () => {
    expect(readEnvironment({ ZOOKEEPER: 'one:2181', ZOOKEEPER_DIGEST: 'lutra:hush' }).digest).toBe('lutra:hush');
    expect(readEnvironment({ ZOOKEEPER: 'localhost:2181' }).digest).toBeUndefined();
    expect(readEnvironment({ ZOOKEEPER: 'one:2181', LUTRA_ZOOKEEPER_OPEN: 'yes' }).digest).toBeUndefined();
  });

  it('asks for a login wherever others may come', () => {
    const without = (variables: Readonly<Record<string, string>>): boolean => readEnvironment({ ZOOKEEPER, ...variables }).localAdmin;
    expect(without({})).toBe(true);
    expect(without({ HOST: '127.0.0.2' })).toBe(true);
    expect(without({ HOST: '0.0.0.0' })).toBe(false);
    expect(without({ LUTRA_API_TOKEN: token })).toBe(false);
    expect(without({ LUTRA_LOGIN: 'required' })).toBe(false);
    expect(without({ LUTRA_PUBLIC_URL: 'https://lutra.example.com' })).toBe(false);
    expect(without({ LUTRA_TRUST_PROXY: '127.0.0.1' })).toBe(false);
    expect(readEnvironment({ ZOOKEEPER, HOST: '0.0.0.0', LUTRA_API_TOKEN: token }).host).toBe('0.0.0.0');
    expect(readEnvironment({ ZOOKEEPER, HOST: '127.0.0.2' }).host).toBe('127.0.0.2');
    expect(['localhost', '::1', '[::1]', '127.9.9.9'].every(isLoopback)).toBe(true);
    expect(['0.0.0.0', '::', '10.0.0.1', '127.example.com', '127.0.0.1.example.com'].some(isLoopback)).toBe(false);
  });

  it('reads the token from a file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'lutra-control-'));
    writeFileSync(join(folder, 'token'), `${token}\n`);
    expect(readEnvironment({ ZOOKEEPER, LUTRA_API_TOKEN_FILE: join(folder, 'token') }).token).toBe(token);
    writeFileSync(join(folder, 'token'), '\n');
    expect(() => readEnvironment({ ZOOKEEPER, LUTRA_API_TOKEN_FILE: join(folder, 'token') })).toThrow('LUTRA_API_TOKEN');
    rmSync(folder, { recursive: true });
  });
});
