import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readHttpEnvironment } from './http-environment.js';
import { guardMetrics, mayReadMetrics } from './metrics-access.js';

const token = 'a-token-that-nobody-guesses';
const local = { host: '127.0.0.1:8081' };
const remote = { host: 'capture.hz:8081' };

it.each([
  ['on loopback, from this machine', { host: '127.0.0.1' }, local, true],
  ['on loopback by IPv6', { host: '::1' }, { host: '[::1]:8081' }, true],
  ['on loopback, under the name of another site', { host: '127.0.0.1' }, { host: 'evil.example:8081' }, false],
  ['on loopback, without a Host', { host: '127.0.0.1' }, {}, false],
  ['on all addresses', { host: '0.0.0.0' }, remote, false],
  ['on all addresses, under the name of this machine', { host: '0.0.0.0' }, local, false],
  ['on all addresses, open', { host: '0.0.0.0', open: true }, remote, true],
  ['with the token', { host: '0.0.0.0', token }, { ...remote, authorization: `Bearer ${token}` }, true],
  ['with a wrong token', { host: '0.0.0.0', token }, { ...remote, authorization: `Bearer ${token}x` }, false],
  ['on loopback, without the token that is set', { host: '127.0.0.1', token }, local, false],
])('metrics %s', (_what, access, headers, allowed) => {
  expect(mayReadMetrics({ open: false, token: undefined, ...access }, { headers })).toBe(allowed);
});

it.each(['/metrics', '/METRICS', '/metrics/', '/metrics?a', '/nowhere'])('%s of a guarded app is not answered; its probes are', (url) => {
  const guard = guardMetrics({ open: false, token, host: '0.0.0.0' });
  const passed: string[] = [];
  const told: unknown[] = [];
  const response = { writeHead: (status: number) => told.push(status), end: (text: string) => told.push(JSON.parse(text)) };
  for (const path of [url, '/health/live', '/health/ready?x'])
    guard({ url: path, headers: remote } as never, response as never, () => passed.push(path));
  expect(passed).toEqual(['/health/live', '/health/ready?x']);
  expect(told).toMatchObject([401, { code: 'UNAUTHORIZED', help: expect.stringContaining('LUTRA_METRICS_TOKEN') }]);
});

it('the token comes from a variable or a file, and a weak one is refused without being told', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lutra-token-'));
  const file = join(folder, 'token');
  writeFileSync(file, `${token}\n`);
  expect(readHttpEnvironment({ LUTRA_METRICS_TOKEN: '', LUTRA_METRICS_TOKEN_FILE: file }).metricsToken).toBe(token);
  expect(() => readHttpEnvironment({ LUTRA_METRICS_TOKEN: token, LUTRA_METRICS_TOKEN_FILE: file })).toThrow('both set');
  expect(() => readHttpEnvironment({ LUTRA_METRICS_TOKEN: 'short' })).toThrow(/^((?!short).)*at least 16((?!short).)*$/);
  expect(() => readHttpEnvironment({ METRICS_OPEN: 'yes' })).toThrow('METRICS_OPEN: true or false');
  rmSync(folder, { recursive: true });
});
