/** Login by a real provider in this process: its pages are walked by fetch, as a browser would. */
import { generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Provider } from 'oidc-provider';
import { createLogger } from '@lutra/telemetry';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { kept, running } from '../../../test/servers/index.js';
import { ControlClient, startControl } from './control-client.js';
import type { RunningControl } from './control-client.js';

const { zooKeeper } = kept;
const apiToken = 'a-token-of-the-test';
const secret = 'a-client-secret-that-nobody-guesses';
const origin = 'http://127.0.0.1:9999'; // where a proxy would be; the test goes to control itself
const groups = [
  { group: 'dba', grants: [{ role: 'admin', channels: '*' }] },
  { group: 'shop', grants: [{ role: 'operator', channels: 'shop-*' }] },
];
let [control, client]: [RunningControl | undefined, ControlClient | undefined] = [undefined, undefined];
let issuer = '';
let provider: Server | undefined;
/** What the token endpoint answers instead of the provider; null: nothing. */
let forged: ((request: IncomingMessage, response: ServerResponse) => void) | null = null;
let away = false;
const audited: object[] = [];
const { privateKey: key } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const { privateKey: otherKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

beforeAll(async () => {
  await running(zooKeeper);
  provider = await startProvider({ ...key.export({ format: 'jwk' }), kid: 'one', alg: 'RS256', use: 'sig' });
  const variables = { ZOOKEEPER: zooKeeper.connect, LUTRA_ROOT: '/oidc', LUTRA_PUBLIC_URL: origin, LUTRA_API_TOKEN: apiToken };
  const logger = createLogger('control', 'silent');
  const info = vi.spyOn(logger, 'info');
  info.mockImplementation((line: unknown) => {
    if (typeof line === 'object' && line !== null && 'audit' in line) audited.push(line);
  });
  control = await startControl(variables, undefined, { logger });
  client = new ControlClient(control.url, { Authorization: `Bearer ${apiToken}` });
  await vi.waitUntil(async () => (await client?.get('/health/ready'))?.status === 200, { timeout: 60_000, interval: 50 });
});

afterAll(async () => {
  await control?.app.close();
  provider?.closeAllConnections();
  provider?.close();
});

beforeEach(async () => {
  forged = null;
  away = false;
  const body = { issuer, clientId: 'lutra', clientSecret: secret, groups };
  const { headers } = await api().get('/api/v1/oidc');
  const etag = headers.get('etag');
  const answer = await api().send('PUT', '/api/v1/oidc', {
    body,
    headers: etag === null ? { 'If-None-Match': '*' } : { 'If-Match': etag },
  });
  expect(answer.status).toBe(200);
});

function api(): ControlClient {
  if (!client) throw new Error('control does not run');
  return client;
}

async function startProvider(jwk: object): Promise<Server> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const oidc = new Provider(issuer, {
    clients: [{ client_id: 'lutra', client_secret: secret, redirect_uris: [`${origin}/api/v1/auth/oidc/callback`] }],
    jwks: { keys: [jwk] },
    claims: { openid: ['sub'], profile: ['preferred_username', 'groups'] },
    cookies: { keys: ['a key of the test'] },
    findAccount: (_context: unknown, sub: string) => ({
      accountId: sub,
      claims: () => ({ sub, preferred_username: sub, groups: sub === 'ada' ? ['dba', 'others'] : ['others'] }),
    }),
  });
  const answer = oidc.callback();
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    if (away) return void response.writeHead(503).end();
    if (forged && request.url === '/token') return forged(request, response);
    void answer(request, response);
  });
  return server;
}

/** As a browser: cookies, redirects, and the forms of the provider's pages. */
class Browser {
  readonly cookies = new Map<string, string>();
  site = 'same-origin';

  async open(url: string, init: { readonly method?: string; readonly body?: URLSearchParams } = {}): Promise<Response> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    // What a browser says where another site has led it.
    const response = await fetch(url, { ...init, redirect: 'manual', headers: { cookie, 'sec-fetch-site': this.site } });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === '') this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return response;
  }

  /** From the provider's URL on, until it sends the browser back: resolves with the query of the callback. */
  async logIn(url: string, name: string): Promise<string> {
    for (let next = url; ;) {
      if (next.startsWith(origin)) return new URL(next).search;
      let response = await this.open(next);
      const page = response.headers.get('location') === null ? await response.text() : '';
      const prompt = /name="prompt" value="(\w+)"/.exec(page)?.[1];
      const action = /<form[^>]* action="([^"]+)"/.exec(page)?.[1] ?? next;
      if (prompt !== undefined)
        response = await this.open(new URL(action, next).href, {
          method: 'POST',
          body: new URLSearchParams({ prompt, login: name, password: 'any' }),
        });
      const location = response.headers.get('location');
      if (location === null) throw new Error(`the provider leads nowhere from ${next}: ${response.status}`);
      next = new URL(location, next).href;
    }
  }
}

/** Who the browser's session belongs to; null: it has none. */
async function loggedIn(browser: Browser): Promise<object | null> {
  const response = await browser.open(`${control?.url}/api/v1/me`);
  return response.status === 401 ? null : ((await response.json()) as object);
}

async function begin(browser: Browser, path = ''): Promise<string> {
  const response = await browser.open(`${control?.url}/api/v1/auth/oidc/start${path}`);
  expect(response.status).toBe(302);
  return response.headers.get('location') ?? '';
}

async function end(browser: Browser, query: string): Promise<Response> {
  browser.site = 'cross-site';
  const response = await browser.open(`${control?.url}/api/v1/auth/oidc/callback${query}`);
  browser.site = 'same-origin';
  return response;
}

const told = async (response: Response): Promise<object> => ({ status: response.status, ...((await response.json()) as object) });

it('a person of a group that is granted something is logged in, for eight hours', async () => {
  const browser = new Browser();
  const url = await begin(browser, '?returnTo=/channels');
  const asked = new URL(url).searchParams;
  expect(Object.fromEntries(asked)).toMatchObject({ redirect_uri: `${origin}/api/v1/auth/oidc/callback`, code_challenge_method: 'S256' });
  const response = await end(browser, await browser.logIn(url, 'ada'));
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toContain('text/html');
  expect(await response.text()).toContain('content="0; url=/channels"');
  expect(await loggedIn(browser)).toMatchObject({ kind: 'oidc', name: 'oidc:ada', grants: groups[0]?.grants });
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 8.1 * 3_600_000 });
  try {
    expect(await loggedIn(browser)).toBeNull();
  } finally {
    vi.useRealTimers();
  }
});

it.each(['//evil.example', '/\\evil.example', '/\t/evil.example', '/.//evil.example', '/a/..//evil.example', 'https://evil.example'])(
  'a login that asks to end at %j ends at control',
  async (path) => {
    const browser = new Browser();
    const response = await end(browser, await browser.logIn(await begin(browser, `?returnTo=${encodeURIComponent(path)}`), 'ada'));
    expect(await response.text()).toContain('content="0; url=/"');
  },
);

it('a login is in the audit and counted, and so is one of whom the provider knows and no group allows', async () => {
  audited.length = 0;
  for (const name of ['ada', 'mallory']) {
    const browser = new Browser();
    await end(browser, await browser.logIn(await begin(browser), name));
  }
  await end(new Browser(), '?code=a&state=b'); // a stranger fills no audit
  expect(audited).toMatchObject([
    { action: 'login', by: 'oidc:ada', as: 'oidc', subject: 'users/oidc:ada', status: 200, from: '127.0.0.1' },
    { action: 'login-failed', by: 'oidc:mallory', status: 403 },
  ]);
  expect((await api().get('/metrics')).text).toMatch(/lutra_logins\w*\{[^}]*result="ok"[^}]*\} [1-9]/);
});

it('who is in no such group is not', async () => {
  const browser = new Browser();
  const answer = await told(await end(browser, await browser.logIn(await begin(browser), 'mallory')));
  expect(answer).toMatchObject({
    status: 403,
    code: 'FORBIDDEN',
    message: expect.stringContaining('no group in the claim groups of oidc:mallory'),
  });
  expect(await loggedIn(browser)).toBeNull();
});

it('an answer of another browser, with another state, or given twice, logs nobody in', async () => {
  const browser = new Browser();
  const query = await browser.logIn(await begin(browser), 'ada');
  expect(await told(await end(new Browser(), query))).toMatchObject({
    status: 401,
    message: expect.stringContaining('not begun in this browser'),
  });
  const cookies = new Map(browser.cookies);
  const wrong = new URLSearchParams(query);
  wrong.set('state', 'another');
  expect(await told(await end(browser, `?${wrong.toString()}`))).toMatchObject({ status: 401, code: 'UNAUTHORIZED' });
  for (const [name, value] of cookies) browser.cookies.set(name, value);
  expect((await end(browser, query)).status).toBe(200);
  for (const [name, value] of cookies) browser.cookies.set(name, value);
  expect(await told(await end(browser, query))).toMatchObject({ status: 401, message: expect.stringContaining('invalid_grant') });
});

it('a login that was begun too long ago is begun again', async () => {
  const browser = new Browser();
  const query = await browser.logIn(await begin(browser), 'ada');
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 11 * 60_000 });
  try {
    expect(await told(await end(browser, query))).toMatchObject({
      status: 401,
      message: expect.stringContaining('more than 10 minutes ago'),
    });
  } finally {
    vi.useRealTimers();
  }
});

function token(claims: object, by: KeyObject, alg: 'RS256' | 'none' = 'RS256'): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${part({ alg, kid: 'one' })}.${part(claims)}`;
  return `${signed}.${alg === 'none' ? '' : sign('sha256', Buffer.from(signed), by).toString('base64url')}`;
}

it.each([
  ['that is right logs in', {}, key, 'RS256', 200],
  ['for another audience logs nobody in', { aud: 'another' }, key, 'RS256', 401],
  ['of another issuer logs nobody in', { iss: 'https://evil.example' }, key, 'RS256', 401],
  ['with another nonce logs nobody in', { nonce: 'another' }, key, 'RS256', 401],
  ['that has expired logs nobody in', { exp: 1 }, key, 'RS256', 401],
  ['that somebody else signed logs nobody in', {}, otherKey, 'RS256', 401],
  ['that nobody signed logs nobody in', {}, key, 'none', 401],
] as const)('a token %s', async (_what, claims, by, alg, status) => {
  const browser = new Browser();
  const url = await begin(browser);
  const nonce = new URL(url).searchParams.get('nonce');
  const query = await browser.logIn(url, 'ada');
  const now = Math.floor(Date.now() / 1000);
  const right = { iss: issuer, aud: 'lutra', sub: 'ada', nonce, iat: now, exp: now + 60, preferred_username: 'ada', groups: ['dba'] };
  forged = (_request, response) => {
    response.writeHead(200, { 'Content-Type': 'application/json' });
    response.end(
      JSON.stringify({ access_token: 'a', token_type: 'Bearer', expires_in: 60, id_token: token({ ...right, ...claims }, by, alg) }),
    );
  };
  const response = await end(browser, query);
  expect({ status: response.status, text: await response.text() }).toMatchObject({ status });
  expect((await loggedIn(browser)) !== null).toBe(status === 200);
});

it('a provider that is away is an answer, and no login', async () => {
  const browser = new Browser();
  const query = await browser.logIn(await begin(browser), 'ada');
  away = true;
  expect(await told(await end(browser, query))).toMatchObject({ status: 502 });
  expect(await loggedIn(browser)).toBeNull();
});

it('the client secret is never shown, stays for its issuer and client alone, and is found by a rotation', async () => {
  const shown = await api().get('/api/v1/oidc');
  expect(shown.body).toMatchObject({ issuer, clientId: 'lutra', clientSecretSet: true, scopes: ['openid', 'profile'] });
  const all = [shown.text, (await api().get('/api/v1/backup')).text, (await api().get('/api/v1/secrets')).text].join('\n');
  expect(all).toContain('access/oidc/login');
  expect(all).not.toContain(secret);
  const headers = { 'If-Match': shown.headers.get('etag') ?? '' };
  const moved = await api().send('PUT', '/api/v1/oidc', { body: { ...shown.body, issuer: 'https://evil.example' }, headers });
  expect(moved).toMatchObject({ status: 400, body: { message: expect.stringContaining('another issuer') } });
  const open = await api().send('PUT', '/api/v1/oidc', { body: { ...shown.body, issuer: 'http://sso.example' }, headers });
  expect(open).toMatchObject({ status: 400, body: { errors: [{ pointer: '#/issuer', detail: expect.stringContaining('https') }] } });
  expect((await api().put('/api/v1/oidc', shown.body, '"999"')).status).toBe(412);
  const stranger = await fetch(`${control?.url}/api/v1/auth/oidc`);
  const other = await api().put(
    '/api/v1/oidc',
    { ...shown.body, clientSecret: 'another-secret', groupsClaim: 'teams' },
    headers['If-Match'],
  );
  expect(other.status).toBe(200);
  expect((await api().remove('/api/v1/oidc', other.headers.get('etag') ?? '')).status).toBe(204);
  const { entries } = (await api().get('/api/v1/audit?q=/api/v1/oidc')).body;
  const diffs = await Promise.all(
    entries.slice(0, 2).map(async ({ id }: { id: string }) => (await api().get(`/api/v1/audit/${id}`)).body.change?.diff),
  );
  expect(diffs[0]).toMatchObject([{ pointer: '', before: { groupsClaim: 'teams' }, after: null }]);
  expect(diffs[1]).toContainEqual({ pointer: '/groupsClaim', before: 'groups', after: 'teams' });
  expect(diffs[1]).toContainEqual({ pointer: '/clientSecret', before: null, after: '(secret, given anew)' });
  expect(JSON.stringify(diffs)).not.toContain('another-secret');
  expect((await api().get('/api/v1/auth/oidc/start')).status).toBe(404);
  expect(await stranger.json()).toEqual({ configured: true });
  expect((await api().get('/api/v1/auth/oidc')).body).toEqual({ configured: false });
});
