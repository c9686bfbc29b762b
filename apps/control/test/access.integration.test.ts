/** People, sessions and tokens: who may do what on every route, and what ends a right. */
import { randomBytes } from 'node:crypto';
import { actions, isAllowed } from '@lutra/model';
import type { ActionName, Grant, Person } from '@lutra/model';
import { Keyring, Registry } from '@lutra/registry';
import { createLogger } from '@lutra/telemetry';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { kept, running } from '../../../test/servers/index.js';
import { makeFirstAdmin } from '../src/access/first-admin.js';
import { Passwords } from '../src/access/passwords.js';
import type { Route } from '../src/access/routes.js';
import { ControlClient, startControl } from './control-client.js';
import type { Answer, RunningControl } from './control-client.js';

const { zooKeeper } = kept;
const patience = { timeout: 60_000, interval: 50 };
const LUTRA_ROOT = '/access';
const breakGlassToken = 'a-token-for-emergencies-alone';
const password = 'a long enough password';
const secretKey = Keyring.of(randomBytes(32));
const printed: string[] = [];
let one: RunningControl;
let other: RunningControl;
let admin: ControlClient;

const start = (variables: Readonly<Record<string, string>> = {}): Promise<RunningControl> =>
  startControl({ ZOOKEEPER: zooKeeper.connect, LUTRA_ROOT, LUTRA_API_TOKEN: breakGlassToken, ...variables }, secretKey, {
    print: (line) => printed.push(line),
  });

const bearer = (control: RunningControl, token: string): ControlClient =>
  new ControlClient(control.url, { Authorization: `Bearer ${token}` });
const ready = (control: RunningControl): Promise<unknown> =>
  vi.waitUntil(async () => (await new ControlClient(control.url).get('/health/ready')).status === 200, patience);

const login = (control: RunningControl, name: string, secret = password, headers = {}): Promise<Answer> =>
  new ControlClient(control.url).post('/api/v1/auth/login', { name, password: secret }, headers);

function cookieOf(answer: Answer): string {
  return /^[^;]+/.exec(answer.headers.getSetCookie()[0] ?? '')?.[0] ?? '';
}

function withCookie(control: RunningControl, cookie: string, headers = {}): ControlClient {
  return new ControlClient(control.url, { Cookie: cookie, 'Sec-Fetch-Site': 'same-origin', ...headers });
}

async function session(control: RunningControl, name: string, secret?: string): Promise<ControlClient> {
  const answer = await login(control, name, secret);
  expect(answer).toMatchObject({ status: 200, body: { name, kind: 'user' } });
  return withCookie(control, cookieOf(answer));
}

async function createUser(name: string, grants: readonly Grant[]): Promise<void> {
  expect(await admin.post('/api/v1/users', { name, password, grants })).toMatchObject({ status: 201, body: { name, passwordSet: true } });
}

beforeAll(async () => {
  await running(zooKeeper);
  [one, other] = await Promise.all([start(), start()]);
  await vi.waitUntil(() => printed.length > 0, patience);
  await Promise.all([ready(one), ready(other)]);
  admin = bearer(one, breakGlassToken);
});

afterAll(async () => {
  await Promise.all([one.app.close(), other.app.close()]);
});

describe('the first admin', () => {
  it('gets a password that is printed once, whichever of two controls wins, and in no log', async () => {
    const secret = /password (\S+) /.exec(printed[0] ?? '')?.[1] ?? '';
    const first = await session(one, 'admin', secret);
    expect((await first.get('/api/v1/me')).body.actions['access.write']).toBe('everywhere');
    const third = await start();
    await ready(third);
    await session(third, 'admin', secret); // and it stays in force
    await third.app.close();
    expect(printed).toHaveLength(1);
  });

  it('gets another one where a control died before it printed, and never once it was used', async () => {
    const registry = new Registry({ connect: zooKeeper.connect, root: '/first-admin', logger: createLogger('test', 'silent') });
    await registry.start();
    const lines: string[] = [];
    const parts = { registry, passwords: new Passwords(), logger: createLogger('test', 'silent') };
    const make = (instance: string, startedAt: number, print = (line: string): void => void lines.push(line)): Promise<void> =>
      makeFirstAdmin({ ...parts, instance, startedAt, print });
    const died = (): never => {
      throw new Error('killed');
    };
    await make('a:1', Date.now(), died);
    await make('b:1', Date.now()); // just now: a:1 prints it, as far as b:1 knows
    expect(lines).toEqual([]);
    await make('a:1', Date.now() + 1); // the same process, started anew
    expect(lines).toHaveLength(1);
    const found = await registry.people.users.latest('admin');
    if (!found) throw new Error('no admin');
    const { unused: _, ...used } = found.document;
    await registry.people.commit([registry.people.users.replacing('admin', used, found.version)]);
    await make('a:1', Date.now() + 2);
    expect(lines).toHaveLength(1);
    await registry.stop();
  });
});

describe('every route', () => {
  const people: readonly (readonly [string, readonly Grant[]])[] = [
    ['none', []],
    ['viewer', [{ role: 'viewer', channels: '*' }]],
    ['operator', [{ role: 'operator', channels: '*' }]],
    ['boss', [{ role: 'admin', channels: '*' }]],
    ['shop-viewer', [{ role: 'viewer', channels: 'shop-*' }]],
    ['shop-admin', [{ role: 'admin', channels: 'shop-*' }]],
  ];
  const channelsOf = ({ channelAt }: Route): readonly string[] => (channelAt === null ? ['x'] : ['shop-a', 'other']);
  const pathOf = ({ path }: Route, channel: string): string =>
    path.replaceAll(/:(\w+)/g, (_, name: string) => (name === 'kind' ? 'channels' : ['channel', 'name'].includes(name) ? channel : 'x'));

  /** null: let through. */
  function refusal({ action, channelAt }: Route, person: Person, channel: string): number | null {
    if (action === 'open') return null;
    const of = channelAt === null ? null : channel;
    if (of !== null && channelAt !== 'body' && !isAllowed(person, 'channel.read', of)) return 404;
    return isAllowed(person, action, of) ? null : 403;
  }

  it('is known to the table of roles, and to Express', () => {
    const known = one.app.routes.map(({ method, path }) => `${method} ${path}`);
    const docs = one.app.served().filter((route) => route.includes('/api/docs'));
    expect(one.app.served().toSorted()).toEqual([...known, ...docs].toSorted());
    const used = new Set(one.app.routes.map(({ action }) => action));
    const later: readonly ActionName[] = ['audit.read'];
    expect((Object.keys(actions) as ActionName[]).filter((action) => !used.has(action) && !later.includes(action))).toEqual([]);
  });

  it('is refused below its role, and granted with it', async () => {
    for (const [name, grants] of people) {
      await createUser(name, grants);
      const { body } = await admin.post(`/api/v1/users/${name}/tokens`, { name: 'all', grants: [{ role: 'admin' }] });
      const client = bearer(one, body.secret);
      const person: Person = { kind: 'token', name, token: null, grants };
      for (const route of one.app.routes) {
        for (const channel of channelsOf(route)) {
          const path = pathOf(route, channel);
          const sent = route.channelAt === 'body' ? { name: channel } : undefined;
          const { status, text } = await client.send(route.method, path, { body: sent });
          const seen =
            status === 404 && /there is no (channel|history of channels\/)/.test(text)
              ? 404
              : status === 403 && text.includes('may not do this')
                ? 403
                : null;
          const wanted = refusal(route, person, channel);
          // A channel that is not there answers as one that may not be seen.
          const shown = wanted === null && seen === 404 ? null : seen;
          expect({ name, route: `${route.method} ${path}`, refused: shown }).toEqual({
            name,
            route: `${route.method} ${path}`,
            refused: wanted,
          });
          expect(status).not.toBe(401);
          // A backup has the hashes of passwords and tokens, and is for admins.
          if (route.action !== 'backup.use') expect(text).not.toMatch(/\$argon2|"hash"|"password":/);
        }
      }
    }
  });

  it('but the open ones asks who it is, before it reads a body', async () => {
    const stranger = new ControlClient(one.url);
    for (const route of one.app.routes.filter(({ action }) => action !== 'open'))
      expect({ route: route.path, status: (await stranger.send(route.method, pathOf(route, 'x'), {})).status }).toEqual({
        route: route.path,
        status: 401,
      });
    expect((await stranger.get('/api/docs-json')).status).toBe(401);
    // What is not authenticated is not parsed: else this were 400.
    expect((await stranger.post('/api/v1/restore', '['.repeat(8_000_000))).status).toBe(401);
    expect((await stranger.post('/api/v1/auth/login', { name: 'x'.repeat(10_000), password: 'x' })).status).toBe(413);
  });
});

describe('a session', () => {
  it('is opened by any control, and ended by whatever ends the user', async () => {
    await createUser('ada', [{ role: 'admin', channels: '*' }]);
    const answer = await login(one, 'ada');
    const [set = ''] = answer.headers.getSetCookie();
    expect(set).toMatch(/^lutra-session=[0-9a-f]{8}\.[\w-]+; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Strict$/);
    const ada = withCookie(other, cookieOf(answer));
    await vi.waitUntil(async () => (await ada.get('/api/v1/me')).status === 200, patience);
    expect((await withCookie(other, cookieOf(answer).slice(0, -2)).get('/api/v1/me')).status).toBe(401);
    expect((await ada.get('/api/v1/me')).body).toMatchObject({ name: 'ada', kind: 'user', until: expect.any(Number) });

    const here = withCookie(one, cookieOf(answer));
    expect((await here.put('/api/v1/me/password', { current: 'wrong', password: 'another long password' })).status).toBe(401);
    expect((await here.put('/api/v1/me/password', { current: password, password: 'short' })).status).toBe(400);
    const changed = await here.put('/api/v1/me/password', { current: password, password: 'another long password' });
    expect(changed.status).toBe(204);
    expect((await here.get('/api/v1/me')).status).toBe(401);
    await vi.waitUntil(async () => (await ada.get('/api/v1/me')).status === 401, patience);
    const again = withCookie(one, cookieOf(changed));
    expect((await again.get('/api/v1/me')).status).toBe(200);
    expect((await login(one, 'ada')).status).toBe(401);

    const { headers, body } = await admin.get('/api/v1/users/ada');
    const disabled = { name: 'ada', grants: body.grants, disabled: true };
    expect((await admin.put('/api/v1/users/ada', disabled)).status).toBe(428);
    expect((await admin.put('/api/v1/users/ada', disabled, '"0"')).status).toBe(412);
    expect((await admin.put('/api/v1/users/ada', disabled, headers.get('etag') ?? '')).status).toBe(200);
    expect((await again.get('/api/v1/me')).status).toBe(401);
    expect((await login(one, 'ada', 'another long password')).status).toBe(401);
  });

  it('is no way in for another site', async () => {
    await createUser('grace', [{ role: 'operator', channels: '*' }]);
    const cookie = cookieOf(await login(one, 'grace'));
    const write = (headers: Readonly<Record<string, string>>): Promise<Answer> =>
      new ControlClient(one.url, { Cookie: cookie, ...headers }).post('/api/v1/me/tokens', { name: 'ci' });
    expect((await write({})).status).toBe(403);
    expect((await write({ 'Sec-Fetch-Site': 'cross-site' })).status).toBe(403);
    expect((await write({ 'Sec-Fetch-Site': 'same-site' })).status).toBe(403);
    expect((await write({ Origin: 'https://evil.example.com' })).status).toBe(403);
    expect((await write({ 'Sec-Fetch-Site': 'same-origin', Origin: 'https://evil.example.com' })).status).toBe(403);
    expect((await write({ 'Sec-Fetch-Site': 'same-origin' })).status).toBe(200);
    expect((await write({ Origin: one.url })).status).toBe(200);
    expect((await login(one, 'grace', password, { Origin: 'https://evil.example.com' })).status).toBe(403);
  });

  it('goes to the public address alone, over TLS as the proxy says', async () => {
    const behind = await start({ LUTRA_PUBLIC_URL: 'https://lutra.example.com', LUTRA_TRUST_PROXY: '127.0.0.1' });
    await ready(behind);
    const answer = await login(behind, 'grace', password, { 'X-Forwarded-Proto': 'https', Origin: 'https://lutra.example.com' });
    expect(answer.headers.getSetCookie()[0]).toMatch(/^__Host-lutra-session=.*; Secure$/);
    const forwarded = { Cookie: cookieOf(answer), 'X-Forwarded-Proto': 'https' };
    const write = (origin: string): Promise<Answer> =>
      new ControlClient(behind.url, { ...forwarded, Origin: origin }).post('/api/v1/auth/logout');
    expect((await write(behind.url)).status).toBe(403);
    expect((await write('https://lutra.example.com')).status).toBe(204);
    await behind.app.close();
  });
});

describe('an API token', () => {
  it('may do what it and its user may, until it or he ends, and makes no other', async () => {
    await createUser('linus', [{ role: 'operator', channels: '*' }]);
    const linus = await session(one, 'linus');
    const { status, body } = await linus.post('/api/v1/me/tokens', {
      name: 'ci',
      grants: [{ role: 'admin', channels: 'shop-*' }],
      days: 1,
    });
    expect({ status, body }).toMatchObject({ status: 200, body: { state: 'valid', lastUsedAt: null } });
    const token = bearer(one, body.secret);
    const me = (await token.get('/api/v1/me')).body;
    expect(me).toMatchObject({ kind: 'token', name: 'linus', token: { id: body.id, name: 'ci' } });
    expect(me.actions).toMatchObject({ 'channel.run': 'some', 'channel.write': 'no', 'endpoint.recover': 'no', 'metrics.read': 'no' });
    expect(await token.post('/api/v1/channels/shop-a/stop')).toMatchObject({ status: 404 });
    expect(await token.post('/api/v1/channels', { name: 'shop-a' })).toMatchObject({ status: 403, body: { code: 'NOT_ALLOWED' } });
    expect(await token.post('/api/v1/me/tokens', { name: 'more' })).toMatchObject({ status: 403, body: { code: 'NOT_ALLOWED' } });
    const listed = await linus.get('/api/v1/me/tokens');
    expect(listed.body).toMatchObject([{ id: body.id, lastUsedAt: expect.any(Number) }]);
    expect(listed.text).not.toContain(body.secret);

    const elsewhere = bearer(other, body.secret);
    await vi.waitUntil(async () => (await elsewhere.get('/api/v1/me')).status === 200, patience);
    expect((await bearer(one, `${body.secret.slice(0, -1)}-`).get('/api/v1/me')).status).toBe(401);
    expect((await linus.remove(`/api/v1/me/tokens/${body.id}`)).status).toBe(204);
    expect((await token.get('/api/v1/me')).status).toBe(401);
    await vi.waitUntil(async () => (await elsewhere.get('/api/v1/me')).status === 401, patience);
  });

  it('does not come back with a new user of the same name', async () => {
    await createUser('brief', [{ role: 'admin', channels: '*' }]);
    const { body } = await admin.post('/api/v1/users/brief/tokens', { name: 'ci', days: null });
    const cookie = cookieOf(await login(one, 'brief'));
    expect((await admin.remove('/api/v1/users/brief', '*')).status).toBe(204);
    await createUser('brief', [{ role: 'admin', channels: '*' }]);
    expect((await bearer(one, body.secret).get('/api/v1/me')).status).toBe(401);
    expect((await withCookie(one, cookie).get('/api/v1/me')).status).toBe(401);
  });
});

describe('time', () => {
  const minutes = (count: number): number => count * 60_000;
  let begun = 0;

  beforeAll(async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    begun = Date.now();
    await createUser('sleepy', [{ role: 'viewer', channels: '*' }]);
  });
  afterAll(() => {
    vi.useRealTimers();
  });
  const at = (count: number): void => void vi.setSystemTime(begun + minutes(count));

  it('ends a session after an hour without a request; each request renews it, until twelve hours are over', async () => {
    at(0);
    const first = cookieOf(await login(one, 'sleepy'));
    const ask = (cookie: string): Promise<Answer> => withCookie(one, cookie).get('/api/v1/me');
    at(4);
    expect((await ask(first)).headers.getSetCookie()).toEqual([]);
    at(6);
    let last = cookieOf(await ask(first));
    expect(last).not.toBe('');
    at(61);
    expect((await ask(first)).status).toBe(401);
    for (let now = 61; now < 12 * 60; now += 55) {
      at(now);
      const answer = await ask(last);
      expect([now, answer.status]).toEqual([now, 200]);
      last = cookieOf(answer);
    }
    at(12 * 60 + 1);
    expect((await ask(last)).status).toBe(401);
  });

  it('ends an API token on its day, on every control', async () => {
    at(0);
    const { body } = await admin.post('/api/v1/users/sleepy/tokens', { name: 'short', days: 1 });
    const asked = (control: RunningControl): Promise<number> =>
      bearer(control, body.secret)
        .get('/api/v1/me')
        .then(({ status }) => status);
    await vi.waitUntil(async () => (await asked(other)) === 200, patience);
    at(24 * 60 - 1);
    expect([await asked(one), await asked(other)]).toEqual([200, 200]);
    at(24 * 60 + 1);
    expect([await asked(one), await asked(other)]).toEqual([401, 401]);
    expect((await admin.get('/api/v1/users/sleepy/tokens')).body).toMatchObject([{ name: 'short', state: 'expired' }]);
  });
});

it('the last admin stays, and two cannot remove each other', async () => {
  const root = { LUTRA_ROOT: '/last-admin', LUTRA_LOGIN: 'required', LUTRA_API_TOKEN: '' };
  const before = printed.length;
  const control = await start(root);
  await vi.waitUntil(() => printed.length > before, patience);
  const given = /password (\S+) /.exec(printed.at(-1) ?? '')?.[1];
  // The line is printed when ZooKeeper has the user, a moment before the watch tells.
  await vi.waitUntil(async () => (await login(control, 'admin', given)).status === 200, { ...patience, interval: 300 });
  const first = await session(control, 'admin', given);
  expect((await first.remove('/api/v1/users/admin', '*')).body).toMatchObject({ code: 'CONFIG_CONFLICT' });
  await first.post('/api/v1/users', { name: 'second', password, grants: [{ role: 'admin' }] });
  const second = await session(control, 'second');
  const ended = await Promise.all([first.remove('/api/v1/users/second', '*'), second.remove('/api/v1/users/admin', '*')]);
  expect(ended.filter(({ status }) => status === 204)).toHaveLength(1);
  await control.app.close();
});

it('a lock-out is for a user from one address, and the break-glass token is seen', async () => {
  await createUser('target', []);
  const behind = await start({ LUTRA_TRUST_PROXY: '127.0.0.0/8' });
  await ready(behind);
  const from = (address: string, secret: string): Promise<Answer> =>
    login(behind, 'target', secret, { 'X-Forwarded-For': `198.51.100.9, ${address}` });
  const statuses: number[] = [];
  for (let tries = 0; tries < 30 && statuses.at(-1) !== 429; tries += 1) statuses.push((await from('203.0.113.7', 'wrong')).status);
  expect(statuses.slice(0, 5)).toEqual([401, 401, 401, 401, 401]);
  expect(statuses.at(-1)).toBe(429);
  expect((await from('203.0.113.8', password)).status).toBe(200);
  const metrics = (await bearer(behind, breakGlassToken).get('/metrics')).text;
  expect(metrics).toMatch(/lutra_logins_total\{result="locked",app="control"\} [1-9]/);
  expect(metrics).toMatch(/lutra_break_glass_requests_total\{app="control"\} [1-9]/);
  await behind.app.close();
});
