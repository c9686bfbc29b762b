import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isLoopback, readEnvironment } from './environment.js';

const ZOOKEEPER = 'one:2181,two:2181';

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
      metricsOpen: false,
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
    ['LUTRA_API_TOKEN', { ZOOKEEPER, HOST: '0.0.0.0', LUTRA_API_TOKEN: '' }],
    ['LUTRA_API_TOKEN_FILE are both', { ZOOKEEPER, LUTRA_API_TOKEN: 'one', LUTRA_API_TOKEN_FILE: '/no/such/file' }],
    ['LUTRA_API_TOKEN', { ZOOKEEPER, LUTRA_API_TOKEN: 'two words' }],
    ['LUTRA_API_TOKEN_FILE', { ZOOKEEPER, LUTRA_API_TOKEN_FILE: '/no/such/file' }],
  ])('names %s when it is wrong', (name, variables) => {
    expect(() => readEnvironment(variables)).toThrow(name);
  });

  it('never says a value', () => {
    expect(() => readEnvironment({ ZOOKEEPER, ZOOKEEPER_DIGEST: 'hush' })).toThrow(/^((?!hush).)*$/);
  });

  it('listens on loopback only, unless there is a token', () => {
    expect(() => readEnvironment({ ZOOKEEPER, HOST: '0.0.0.0' })).toThrow('LUTRA_API_TOKEN');
    expect(readEnvironment({ ZOOKEEPER, HOST: '0.0.0.0', LUTRA_API_TOKEN: 'secret' }).host).toBe('0.0.0.0');
    expect(readEnvironment({ ZOOKEEPER, HOST: '127.0.0.2' }).host).toBe('127.0.0.2');
    expect(['localhost', '::1', '[::1]', '127.9.9.9'].every(isLoopback)).toBe(true);
    expect(['0.0.0.0', '::', '10.0.0.1', '127.example.com', '127.0.0.1.example.com'].some(isLoopback)).toBe(false);
  });

  it('reads the token from a file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'lutra-control-'));
    writeFileSync(join(folder, 'token'), 'from-a-file\n');
    expect(readEnvironment({ ZOOKEEPER, LUTRA_API_TOKEN_FILE: join(folder, 'token') }).token).toBe('from-a-file');
    writeFileSync(join(folder, 'token'), '\n');
    expect(() => readEnvironment({ ZOOKEEPER, LUTRA_API_TOKEN_FILE: join(folder, 'token') })).toThrow('LUTRA_API_TOKEN');
    rmSync(folder, { recursive: true });
  });
});
