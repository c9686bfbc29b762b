import { expect, it } from 'vitest';
import { endpointProblems, transportWarnings } from './endpoint.rules.js';

const region = { name: 'a', description: '', kafka: { brokers: ['k:9092'] } };

it.each([
  ['db-a', undefined, []],
  ['db-a', { mode: 'off' }, ['tls-off']],
  ['db-a', { verify: false }, ['tls-unverified']],
  ['db-a', { verify: true }, []],
  ['127.0.0.1', undefined, []],
  ['localhost', { verify: false }, []],
  ['127.0.0.1', { mode: 'off' }, []],
  ['10.0.0.1', { verify: true, ca: 'PEM' }, []],
] as const)('tells who could read along: %s %o', (host, tls, warned) => {
  const problems = endpointProblems({ name: 'e', region: 'a', host, port: 3306, serverId: 1, tls }, { regions: [region], endpoints: [] });
  expect(problems.map(({ id, severity }) => [id, severity])).toEqual(warned.map((id) => [id, 'warning']));
});

it.each([
  ['db-a', undefined, ['public-key-unused']],
  ['db-a', { verify: false }, ['public-key-unused', 'tls-unverified']],
  ['db-a', { mode: 'off' }, ['tls-off']],
  ['127.0.0.1', undefined, []],
] as const)('tells that a public key is for a login without TLS: %s %o', (host, tls, warned) => {
  expect(transportWarnings({ host, tls, publicKey: 'PEM' }).map(({ id }) => id)).toEqual(warned);
});

it.each([{ verify: true }, undefined])('wants an authority where the host is an address: %o', (tls) => {
  const address = { name: 'e', region: 'a', host: '10.0.0.1', port: 3306, serverId: 1, tls };
  expect(endpointProblems(address, { regions: [region], endpoints: [] })).toMatchObject([
    { id: 'tls-authority-missing', severity: 'error' },
  ]);
});
