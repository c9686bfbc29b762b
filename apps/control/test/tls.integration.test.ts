/** Control that speaks TLS itself, and whose certificate is replaced while it runs. It needs no ZooKeeper. */
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { selfSigned } from '../../../test/network/certificate.js';
import { startControl } from './control-client.js';
import type { RunningControl } from './control-client.js';

const folder = mkdtempSync(join(tmpdir(), 'lutra-tls-'));
const [first, second] = [selfSigned(), selfSigned()];
const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
let control: RunningControl;

beforeAll(async () => {
  copyFileSync(first.certFile, certFile);
  copyFileSync(first.keyFile, keyFile);
  const variables = { ZOOKEEPER: '127.0.0.1:1', LUTRA_TLS_CERT: certFile, LUTRA_TLS_KEY: keyFile };
  control = await startControl(variables, undefined, { tlsLookMs: 20 });
});

afterAll(async () => {
  await control.app.close();
  rmSync(folder, { recursive: true });
});

interface Answer {
  readonly status: number | undefined;
  readonly hsts: string | undefined;
  readonly text: string;
}

function get(path: string, ca: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(`${control.url}${path}`, { ca, agent: false }, (response) => {
      let text = '';
      response.on('data', (bytes) => (text += String(bytes)));
      response.on('end', () => resolve({ status: response.statusCode, hsts: response.headers['strict-transport-security'], text }));
    });
    sent.on('error', reject).end();
  });
}

const isTrusted = (ca: string): Promise<boolean> =>
  get('/health/live', ca).then(
    () => true,
    () => false,
  );

it('answers over TLS alone, 1.2 or newer, and says that it stays so', async () => {
  expect(control.url).toMatch(/^https:/);
  expect(await get('/api/v1/version', first.cert)).toMatchObject({ status: 200, hsts: 'max-age=31536000' });
  await expect(fetch(control.url.replace('https:', 'http:'))).rejects.toThrow('fetch failed');
  const port = Number(new URL(control.url).port);
  const old = new Promise((resolve, reject) => {
    const ciphers = 'DEFAULT@SECLEVEL=0'; // with which OpenSSL would still speak it
    const socket = connect({ host: '127.0.0.1', port, ca: first.cert, minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers }, () =>
      resolve(null),
    );
    socket.on('error', reject);
  });
  await expect(old).rejects.toThrow(/version|protocol|alert/i);
});

it('takes a new certificate while it runs, and keeps the one before while the new one is not whole', async () => {
  copyFileSync(second.certFile, certFile);
  await expect.poll(async () => (await get('/health/ready', first.cert)).text).toContain('the certificate before is still in use');
  expect(await isTrusted(second.cert)).toBe(false);
  copyFileSync(second.keyFile, keyFile);
  await expect.poll(() => isTrusted(second.cert)).toBe(true);
  expect(await isTrusted(first.cert)).toBe(false);
  writeFileSync(certFile, 'no PEM');
  await expect.poll(async () => (await get('/health/ready', second.cert)).text).toContain('are no certificate with its private key');
  copyFileSync(second.certFile, certFile);
  await expect.poll(async () => (await get('/health/ready', second.cert)).text).not.toContain('tls:');
});

it('does not start with half a certificate, and says which file is at fault', async () => {
  const variables = { ZOOKEEPER: '127.0.0.1:1', LUTRA_TLS_CERT: first.certFile };
  await expect(startControl(variables)).rejects.toThrow('LUTRA_TLS_CERT and LUTRA_TLS_KEY belong together');
  const wrong = { ...variables, LUTRA_TLS_KEY: second.keyFile };
  await expect(startControl(wrong)).rejects.toThrow('are no certificate with its private key');
  await expect(startControl({ ...variables, LUTRA_TLS_KEY: '/nowhere' })).rejects.toThrow('LUTRA_TLS_KEY: /nowhere cannot be read');
});
