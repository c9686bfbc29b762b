/** `lutra` against a real control: what it shows on 80 columns, what a script reads, and each exit code. */
import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { ControlClient, startControl } from '../../control/test/control-client.js';
import type { RunningControl } from '../../control/test/control-client.js';
import { authority } from '../../../libs/files/src/aria2/certificates.fixture.js';
import { kept, running } from '../../../test/servers/index.js';
import { Lutra, plain } from './lutra.js';
import type { Environment } from './lutra.js';

const token = 'a-token-that-nobody-guesses';
const { zooKeeper } = kept;
let control: RunningControl;
let lutra: Lutra;
let at: Environment;

const region = (name: string) => ({ name, kafka: { brokers: ['127.0.0.1:1'] } });
const endpoint = (name: string, region: string) => ({
  name,
  region,
  host: '127.0.0.1',
  port: 1,
  user: 'lutra',
  password: 'a secret word',
  serverId: 4711,
});
const pipeline = (name: string, source: string, target: string) => ({ name, source, target, routes: [{ schema: 'shop' }] });

beforeAll(async () => {
  await running(zooKeeper);
  [control, lutra] = await Promise.all([
    startControl({ ZOOKEEPER: zooKeeper.connect, LUTRA_ROOT: '/cli', LUTRA_API_TOKEN: token }),
    Lutra.build(),
  ]);
  at = { url: control.url, token };
  const client = new ControlClient(control.url, { Authorization: `Bearer ${token}` });
  const created = [
    await client.post('/api/v1/regions', region('hangzhou')),
    await client.post('/api/v1/regions', { ...region('california'), description: '加利福尼亚 the other side of the sea' }),
    await client.post('/api/v1/endpoints?reason=first', endpoint('orders-hz', 'hangzhou')),
    await client.post('/api/v1/endpoints', { ...endpoint('orders-ca', 'california'), port: 2, serverId: 4712 }),
    await client.post('/api/v1/channels', {
      name: 'orders',
      description: 'orders of the shop',
      pipelines: [pipeline('to-ca', 'orders-hz', 'orders-ca')],
    }),
  ];
  expect(created.map(({ status }) => status)).toEqual([201, 201, 201, 201, 201]);
});

afterAll(async () => {
  lutra.remove();
  await control.app.close();
});

beforeEach(() => rmSync(lutra.home, { recursive: true, force: true }));

/** What changes from run to run has a fixed text. */
function steady(text: string): string {
  return plain(text)
    .replaceAll(control.url, 'http://control')
    .replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, '2026-01-31 12:00:00')
    .replaceAll(/\d\d:\d\d:\d\d UTC/g, '12:00:00 UTC')
    .replaceAll(/^ +$/gm, '');
}

async function listening(handler: RequestListener, tls?: { readonly key: string; readonly cert: string }): Promise<string> {
  const server = tls ? createTlsServer(tls, handler) : createServer(handler);
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `${tls ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('on a terminal of 80 columns', () => {
  const shows = async (...args: readonly string[]): Promise<string> => {
    const { stdout } = await lutra.typed(args, [], at);
    const text = steady(stdout);
    expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
    return text;
  };

  it('shows the status, what is configured, and what changed', async () => {
    expect(await shows('status')).toMatchInlineSnapshot(`
      "CHANNEL  PIPELINE  STATE    LAG  ROWS/S  ROWS  WHAT
      orders   to-ca     stopped  -    0       0     -
      "
    `);
    expect(await shows('get', 'regions')).toMatchInlineSnapshot(`
      "NAME        BROKERS      TLS  SASL  DESCRIPTION
      california  127.0.0.1:1  no   no    加利福尼亚 the other side of the sea
      hangzhou    127.0.0.1:1  no   no    -
      "
    `);
    expect(await shows('get', 'channels')).toMatchInlineSnapshot(`
      "NAME    STATE    PIPELINES            DESCRIPTION
      orders  stopped  orders-hz→orders-ca  orders of the shop
      "
    `);
    expect(await shows('history', 'endpoint', 'orders-hz')).toMatch(
      /^REVISION +AT \(UTC\) +WHAT +BY +REASON\n\d+ +2026-01-31 12:00:00 +created +\S+ +first\n$/,
    );
    expect(await shows('position', 'orders')).toMatchInlineSnapshot(`
      "✗ TARGET_UNAVAILABLE: target 127.0.0.1:2: connection lost: ECONNREFUSED: connect
        ECONNREFUSED 127.0.0.1:2
        Check that the server runs and can be reached from here; the loader reconnects
        by itself. If the message begins with TLS, correct what it names in tls of the
        endpoint or at the server.
      "
    `);
    expect(await shows('check')).toMatchInlineSnapshot(`
      "✗ orders-ca
        ✗ target 127.0.0.1:2: connection lost: ECONNREFUSED: connect ECONNREFUSED
          127.0.0.1:2
          see that the server runs, and check host, port and network
      ✗ orders-hz
        ✗ source 127.0.0.1:1: connection lost: ECONNREFUSED: connect ECONNREFUSED
          127.0.0.1:1
          see that the server runs, and check host, port and network
      "
    `);
  });

  it('shows help with examples', async () => {
    expect(await shows('skip', '--help')).toMatchInlineSnapshot(`
      "Usage: lutra skip [options] <channel> <pipeline>

      Leave out the transaction at which a pipeline stopped.

      Its rows are written to lutra.skipped at the target instead. Only that
      transaction can be skipped, and only as a whole.

      Arguments:
        channel              its name
        pipeline             its name in the channel

      Options:
        --seq <number>       of the transaction; on a terminal the one of the status
                             if left out
        --reason <text>      why, for who reads the log later
        --accept             do it without a question: its consequences are known
        -h, --help           display help for command

      Global Options:
        --version            print the version
        --context <name>     of the configuration, instead of the current one
        --json               print the API's own answer
        --wide               more columns, and nothing is cut
        --no-color           no colours; NO_COLOR does the same
        --quiet              the answer alone, no notes
        --timeout <seconds>  for an answer; 30 if not given

      Examples:
        lutra skip orders to-ca
            shows the transaction, asks for the reason, and asks
        lutra skip orders to-ca --seq 4711 --reason "row was removed by hand" --accept
            for scripts
      "
    `);
    expect((await shows('--help')).split('\n').length).toBeGreaterThan(40);
  });

  it('has colours only there, and not with NO_COLOR', async () => {
    const dim = '\u001B[2m';
    expect((await lutra.typed(['status'], [], at)).stdout).toContain(dim);
    expect((await lutra.typed(['status', '--no-color'], [], at)).stdout).not.toContain(dim);
    expect((await lutra.typed(['status'], [], { ...at, env: { NO_COLOR: '1' } })).stdout).not.toContain(dim);
    expect((await lutra.run(['status'], at)).stdout).not.toContain(dim);
  });

  it('asks before it loses anything: no, yes, and Ctrl-C', async () => {
    const question = /first key of the key file\?/;
    expect(await lutra.typed(['secrets', 'rotate'], [[question, 'n']], at)).toMatchObject({ code: 4 });
    expect(await lutra.typed(['secrets', 'rotate'], [[question, '\u0003']], at)).toMatchObject({ code: 130 });
    const done = await lutra.typed(['secrets', 'rotate'], [[question, 'y']], at);
    expect(plain(done.stdout)).toMatch(/sealed with \w+: 0 endpoints/);
    expect(done.code).toBe(0);
  });

  it('sends no login of an administrator over a network in clear', async () => {
    const { code, stderr } = await lutra.run(['init', '--undo', 'orders-hz'], { url: 'http://control.example:8080', token });
    expect([code, stderr]).toEqual([2, expect.stringContaining('is not HTTPS')]);
  });

  it('asks for a token without showing it, and keeps it where nobody else reads it', async () => {
    const set = await lutra.typed(['context', 'set', 'prod', '--url', control.url], [[/Token/, `${token}\r`]]);
    expect(set).toMatchObject({ code: 0 });
    expect(set.stdout).not.toContain(token);
    const file = join(lutra.home, '.config/lutra/config.json');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, 'utf8')).toContain(token);
    expect(await lutra.run(['get', 'channels', '-o', 'name'])).toMatchObject({ code: 0, stdout: 'orders\n' });
    expect((await lutra.run(['context', 'list', '--json'])).stdout).not.toContain(token);
  });

  it('watches until Ctrl-C', async () => {
    const watched = await lutra.typed(['status', 'orders', '--watch'], [[/Ctrl-C ends[^]*stopped/, '\u0003']], at);
    expect(watched.code).toBe(130);
    expect(steady(watched.stdout)).toContain('12:00:00 UTC, Ctrl-C ends');
  });
});

describe('from a script', () => {
  it("prints the API's own answer", async () => {
    const client = new ControlClient(control.url, { Authorization: `Bearer ${token}` });
    for (const [args, path] of [
      [['get', 'channels', '--json'], '/api/v1/channels'],
      [['get', 'endpoint', 'orders-hz', '--json'], '/api/v1/endpoints/orders-hz'],
      [['status', 'orders', '--json'], '/api/v1/channels/orders/status'],
      [['workers', '--json'], '/api/v1/workers'],
      [['upgrade', 'status', '--json'], '/api/v1/level'],
      [['secrets', 'list', '--json'], '/api/v1/secrets'],
      [['errors', '--json'], '/api/v1/errors'],
      [['files', 'roots', '--json'], '/api/v1/files'],
      [['history', 'channels', 'orders', '--json'], '/api/v1/channels/orders/history'],
    ] as const) {
      const { code, stdout, stderr } = await lutra.run(args, at);
      expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: '' });
      expect(JSON.parse(stdout)).toEqual((await client.get(path)).body);
    }
  });

  it('watches with one line an answer, and ends when the pipe does', async () => {
    const line = `'${process.execPath}' '${lutra.file}' status --watch 0.5 --json | head -n 2`;
    const env = { PATH: process.env['PATH'], HOME: lutra.home, LUTRA_URL: control.url, LUTRA_TOKEN: token };
    const stdout = await new Promise<string>((resolve) => execFile('sh', ['-c', line], { env }, (_, text) => resolve(text)));
    const lines = stdout.trim().split('\n');
    expect(lines).toHaveLength(2);
    expect(lines.map((one) => (JSON.parse(one) as { channels: { name: string }[] }).channels[0]?.name)).toEqual(['orders', 'orders']);
  });

  it('does nothing that loses data without --accept, and never waits for a person', async () => {
    expect(await lutra.run(['secrets', 'rotate'], at)).toMatchObject({
      code: 4,
      stdout: '',
      stderr: expect.stringContaining('--accept') as string,
    });
    expect(await lutra.run(['skip', 'orders', 'to-ca'], at)).toMatchObject({ code: 2, stdout: '' });
    expect(await lutra.run(['secrets', 'rotate', '--accept'], at)).toMatchObject({ code: 0 });
  });

  it('takes a token from a file, and refuses a configuration that others can read', async () => {
    const file = join(lutra.home, 'token');
    mkdirSync(lutra.home, { recursive: true });
    writeFileSync(file, `${token}\n`);
    expect(await lutra.run(['version'], { url: control.url, env: { LUTRA_TOKEN_FILE: file } })).toMatchObject({ code: 0 });
    const folder = join(lutra.home, '.config/lutra');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'config.json'), '{"contexts": {}}', { mode: 0o644 });
    expect(await lutra.run(['version'])).toMatchObject({ code: 2, stderr: expect.stringContaining('chmod 600') as string });
  });

  it('completes verbs, options, choices and names that control knows', async () => {
    const offered = async (...words: readonly string[]) =>
      (await lutra.run(['__complete', '--timeout', '60', ...words], at)).stdout.trim().split('\n');
    expect(await offered('sta')).toEqual(['start', 'status']);
    expect(await offered('start', '')).toEqual(['orders']);
    expect(await offered('position', 'orders', '')).toEqual(['to-ca']);
    expect(await offered('check', 'orders-hz', 'orders-')).toEqual(['orders-ca', 'orders-hz']);
    expect(await offered('conflicts', 're')).toEqual(['redecide']);
    expect(await offered('get', 'channels', '--out')).toEqual(['--output']);
    expect(await offered('get', 'channels', '--output', 'y')).toEqual(['yaml']);
    expect(await lutra.run(['__complete', 'start', ''], { url: 'http://127.0.0.1:1' })).toMatchObject({ code: 0, stdout: '', stderr: '' });
  });

  it('completes in bash', async () => {
    const { stdout: script } = await lutra.run(['completion', 'bash']);
    const line = `PATH="${lutra.home}/bin:$PATH"; ${script}\nCOMP_WORDS=(lutra --timeout 60 start or); COMP_CWORD=4; _lutra; echo "$COMPREPLY"`;
    mkdirSync(join(lutra.home, 'bin'), { recursive: true });
    writeFileSync(join(lutra.home, 'bin/lutra'), `#!/bin/sh\nexec '${process.execPath}' '${lutra.file}' "$@"\n`, { mode: 0o755 });
    const env = { PATH: process.env['PATH'], HOME: lutra.home, LUTRA_URL: control.url, LUTRA_TOKEN: token };
    expect(await new Promise((resolve) => execFile('bash', ['-c', line], { env }, (_, stdout) => resolve(stdout)))).toBe('orders\n');
  });
});

describe('an exit code says what happened', () => {
  const ended = async (args: readonly string[], where: Environment = at) => {
    const { code, stderr } = await lutra.run(args, where);
    return `${code} ${steady(stderr)}`;
  };

  it('1: control answered with an error', async () => {
    expect(await ended(['status', 'nowhere'])).toMatch(/^1 ✗ CONFIG_MISSING: there is no channel nowhere/);
  });

  it('2: the command line is wrong', async () => {
    expect(await ended(['statu'])).toMatch(/^2 error: unknown command 'statu'[^]*status/);
    expect(await ended(['start'])).toMatch(/^2 error: missing required argument/);
    expect(await ended(['get', 'tables'])).toMatch(/^2 ✗ tables: a kind is/);
    expect(await ended(['status', '--timeout', 'soon'])).toMatch(/^2 /);
    expect(await ended(['status'], { url: 'ftp://somewhere' })).toMatch(/^2 ✗ LUTRA_URL/);
    expect(await ended(['status', '--context', 'none'])).toMatch(/^2 ✗ there is no context none/);
  });

  it('3 and 4: a check found a problem; control refused', async () => {
    expect(await ended(['check', 'orders-hz'])).toMatch(/^3 /);
    expect(await ended(['start', 'orders'])).toMatch(/^4 ✗ CONFIG_CONFLICT[^]*ECONNREFUSED/);
  });

  it('5: the token is wrong, or missing', async () => {
    expect(await ended(['status'], { url: control.url, token: 'another-token-altogether' })).toMatch(
      /^5 ✗ wrong API token\n {2}Set LUTRA_TOKEN/,
    );
    expect(await ended(['status'], { url: control.url })).toMatch(/^5 ✗ no API token/);
    expect(JSON.parse((await ended(['status', '--json'], { url: control.url })).slice(2))).toMatchObject({
      exitCode: 5,
      status: 401,
      code: 'UNAUTHORIZED',
    });
  });

  it('6: nobody answers, or not control, or somebody with an unknown certificate', async () => {
    expect(await ended(['status'], { url: 'http://127.0.0.1:9999' })).toMatch(/^6 ✗ http:\/\/127.0.0.1:9999: connect ECONNREFUSED/);
    const page = await listening((_, response) => void response.setHeader('Content-Type', 'text/html').end('<h1>Welcome</h1>'));
    expect(await ended(['status'], { url: page })).toMatch(/^6 ✗ .*is a web page/);
    const { ca, issue } = await authority();
    const url = await listening(
      (_, response) => void response.setHeader('Content-Type', 'application/json').end('[]'),
      await issue('ip', '127.0.0.1'),
    );
    expect(await ended(['workers'], { url, token })).toMatch(/^6 ✗ [^]*LUTRA_CA/);
    mkdirSync(lutra.home, { recursive: true });
    writeFileSync(join(lutra.home, 'ca.pem'), ca);
    const trusted = { url, token, env: { LUTRA_CA: join(lutra.home, 'ca.pem') } };
    expect(await lutra.spawned(['workers'], trusted)).toMatchObject({ code: 0 }); // a process trusts for as long as it lives
  });

  it('7: no answer in time', async () => {
    const url = await listening(() => undefined);
    expect(await ended(['status', '--timeout', '1'], { url })).toMatch(/^7 ✗ .*did not answer within 1 s/);
  });

  it('a control that is older, and a redirect, which may not take the token elsewhere', async () => {
    const old = await listening((_, response) => {
      response.statusCode = 404;
      response
        .setHeader('Content-Type', 'application/json')
        .end('{"code": "NOT_FOUND", "message": "Cannot GET", "help": "", "details": {}}');
    });
    expect(await ended(['workers'], { url: old })).toMatch(/^1 ✗ Cannot GET\n.*older than this lutra/);
    let followed = false;
    const other = await listening((_, response) => {
      followed = true;
      response.end();
    });
    const redirects = await listening((_, response) => void response.writeHead(307, { Location: other }).end());
    expect(await ended(['workers'], { url: redirects, token })).toMatch(/^6 /);
    expect(followed).toBe(false);
  });
});

it('is packed as a package that needs nothing, and runs outside of the clone', async () => {
  const folder = join(lutra.home, 'elsewhere');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"private": true}');
  const npm = (...args: readonly string[]) =>
    spawnSync('npm', args, { cwd: folder, encoding: 'utf8', env: { ...process.env, npm_config_cache: join(folder, 'cache') } });
  const packed = npm('pack', lutra.package, '--silent').stdout.trim();
  expect(statSync(join(folder, packed)).size).toBeLessThan(2 * 1024 * 1024);
  expect(npm('install', '--offline', '--no-audit', '--no-fund', `./${packed}`)).toMatchObject({ status: 0 });
  const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as { readonly version: string };
  expect(npm('exec', '--offline', '--', 'lutra', '--version').stdout).toContain(version);
  // Control runs in this process: it answers only what is not waited for.
  const env = { ...process.env, LUTRA_URL: control.url, LUTRA_TOKEN: token, HOME: lutra.home };
  const status = await new Promise((resolve) =>
    execFile(join(folder, 'node_modules/.bin/lutra'), ['status'], { env }, (error, stdout) => resolve(error ?? stdout)),
  );
  expect(status).toMatch(/^CHANNEL +PIPELINE[^]*orders +to-ca +stopped/);
});

describe('people', () => {
  const secret = 'correct horse battery';
  const json = async (...args: readonly string[]): Promise<any> => JSON.parse((await lutra.run([...args, '--json'], at)).stdout); // eslint-disable-line typescript/no-explicit-any

  it('a user logs in at a terminal, keeps a token, works by it, and logs out', async () => {
    const made = await lutra.run(['user', 'create', 'ada', '--grant', 'operator:orders', '--password-stdin'], {
      ...at,
      stdin: `${secret}\n`,
    });
    expect(made).toMatchObject({ code: 0, stdout: 'user ada may: operator:orders\n' });
    const { code, stdout } = await lutra.typed(['login', 'ada', '--url', control.url], [[/Password of ada/, `${secret}\r`]]);
    expect({ code, shown: steady(stdout).split('\n').at(-2) }).toEqual({ code: 0, shown: 'ada at http://control may: operator:orders' });
    expect(stdout).not.toContain(secret);
    expect((await lutra.run(['me'])).stdout).toMatch(
      /^ada, by the API token "lutra login on .*"\nmay: operator:orders\nthis token: admin\n$/,
    );
    expect((await lutra.run(['get', 'channels', '--json'])).code).toBe(0);
    expect(await lutra.run(['user', 'list'])).toMatchObject({ code: 5, stderr: expect.stringContaining('NOT_ALLOWED') });
    expect(await lutra.run(['logout'])).toMatchObject({ code: 0, stderr: expect.stringMatching(/^token \w+ is revoked\n$/) });
    expect((await lutra.run(['me'])).code).toBe(5);
    expect(await lutra.run(['login', 'ada', '--url', control.url, '--password-stdin'], { stdin: 'wrong' })).toMatchObject({ code: 5 });
  });

  it('tokens are made, shown without their secret, and revoked; users are changed and removed', async () => {
    const { secret: own, id } = await json('token', 'create', 'ada', 'nightly job', '--grant', 'viewer', '--days', '3');
    expect((await lutra.run(['me'], { url: control.url, token: own })).stdout).toContain('nightly job');
    const listed = await lutra.run(['token', 'list', 'ada'], at);
    expect(listed.stdout).toContain('nightly job');
    expect(listed.stdout).not.toContain(own);
    expect((await lutra.run(['token', 'revoke', 'ada', id], at)).code).toBe(0);
    expect((await lutra.run(['me'], { url: control.url, token: own })).code).toBe(5);
    expect((await lutra.run(['user', 'grant', 'ada', '--grant', 'viewer'], at)).stdout).toBe('user ada may: viewer\n');
    expect((await lutra.run(['user', 'disable', 'ada'], at)).stdout).toBe('user ada is disabled\n');
    expect((await lutra.run(['user', 'list'], at)).stdout).toMatch(/^NAME +MAY +STATE +PASSWORD.*\nada +viewer +disabled +yes/);
    expect((await lutra.run(['user', 'remove', 'ada'], at)).code).toBe(4);
    expect((await lutra.run(['user', 'remove', 'ada', '--accept'], at)).code).toBe(0);
    expect((await lutra.run(['audit', '--subject', 'users/ada'], at)).stdout).toMatch(/break-glass +access.write +users\/ada/);
    expect((await lutra.run(['user', 'grant', 'ada', '--grant', 'boss'], at)).code).toBe(2);
  });

  it('the login by a provider is set from a file, shown as one that can be set again, and removed', async () => {
    expect((await lutra.run(['oidc', 'get'], at)).code).toBe(1);
    const folder = mkdtempSync(join(tmpdir(), 'lutra-oidc-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const file = join(folder, 'oidc.yaml');
    const groups = 'groups: [{group: dba, grants: [{role: operator, channels: shop-*}]}]';
    writeFileSync(file, `issuer: https://sso.example/realm\nclientId: lutra\n${groups}\n`);
    const set = await lutra.run(['oidc', 'set', '-f', file, '--secret-stdin'], { ...at, stdin: `${secret}\n` });
    expect(set).toMatchObject({ code: 0, stdout: 'login by https://sso.example/realm: 1 groups may log in\n' });
    const shown = await lutra.run(['oidc', 'get'], at);
    expect(shown.stdout).toContain('clientSecretSet: true');
    expect(shown.stdout).not.toContain(secret);
    expect((await lutra.run(['oidc', 'set', '-f', '-'], { ...at, stdin: shown.stdout.replace('dba', 'ops') })).code).toBe(0);
    expect(await json('oidc', 'get')).toMatchObject({ clientSecretSet: true, groups: [{ group: 'ops' }] });
    expect((await lutra.run(['oidc', 'set', '-f', '-', '--secret-stdin'], at)).code).toBe(2);
    expect(await lutra.run(['oidc', 'set', '-f', '-'], { ...at, stdin: `clientSecret: [${secret}` })).toMatchObject({
      code: 2,
      stderr: expect.not.stringContaining(secret),
    });
    expect((await lutra.run(['oidc', 'remove'], at)).code).toBe(4);
    expect((await lutra.run(['oidc', 'remove', '--accept'], at)).code).toBe(0);
    expect((await lutra.run(['oidc', 'get'], at)).code).toBe(1);
    expect((await lutra.run(['audit', '--action', 'access.write', '--json'], at)).stdout).toContain('PUT /api/v1/oidc');
  });
});

describe('a lutra.yaml', () => {
  const file = (): string => join(lutra.home, 'lutra.yaml');
  const write = (text: string): void => {
    mkdirSync(lutra.home, { recursive: true });
    writeFileSync(file(), text);
  };

  it('is exported, planned, applied at a terminal after a look at the plan, and taken back', async () => {
    mkdirSync(lutra.home, { recursive: true });
    expect(await lutra.run(['export', '-o', file()], at)).toMatchObject({ code: 0 });
    expect(await lutra.run(['plan', '-f', file()], at)).toMatchObject({ code: 0, stdout: 'Nothing would change.\n' });
    const text = readFileSync(file(), 'utf8');
    write(text.replace('orders of the shop', 'all orders'));
    const planned = await lutra.run(['plan', '-f', file()], at);
    expect(planned).toMatchObject({ code: 8, stdout: '~ channels/orders\n    description: orders of the shop → all orders\n' });
    expect(await lutra.run(['apply', '-f', file()], at)).toMatchObject({ code: 4, stderr: expect.stringContaining('--hash') });
    expect(await lutra.run(['apply', '-f', file(), '--hash', 'f00'], at)).toMatchObject({ code: 4 });
    const { code, stdout } = await lutra.typed(['apply', '-f', file(), '--reason', 'a better word'], [[/Apply this plan/, 'y']], at);
    expect({ code, shown: steady(stdout) }).toEqual({
      code: 0,
      shown: expect.stringMatching(/~ channels\/orders[^]*applied, revision \d+\n$/),
    });
    const [{ revision, reason }] = JSON.parse((await lutra.run(['history', 'channel', 'orders', '--json'], at)).stdout);
    expect(reason).toBe('a better word');
    const back = JSON.parse((await lutra.run(['rollback', 'channel', 'orders', String(revision), '--json'], at)).stderr);
    expect(back.message).toBe('nothing was done');
    const hash = /--hash (\S+)/.exec(back.help)?.[1] ?? '';
    expect(await lutra.run(['rollback', 'channel', 'orders', String(revision), '--hash', hash], at)).toMatchObject({ code: 0 });
    expect((await lutra.run(['export'], at)).stdout).toBe(text);
  });

  it('that is wrong is told by line and column, and nothing is sent that cannot be read', async () => {
    write('version: 1\nregions:\n  - {name: UPPER, kafka: {brokers: ["a:1"]}}\n');
    expect(await lutra.run(['plan', '-f', file()], at)).toMatchObject({ code: 3, stdout: expect.stringMatching(/✗ 3:\d+: /) });
    expect(await lutra.run(['plan', '-f', '/no/such/file'], at)).toMatchObject({ code: 2 });
  });

  it('a backup is written readable by its owner alone, and restores to what is there', async () => {
    mkdirSync(lutra.home, { recursive: true });
    expect(await lutra.run(['backup', '-o', file()], at)).toMatchObject({ code: 0 });
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    expect(await lutra.run(['restore', file(), '--accept'], at)).toMatchObject({ code: 0, stdout: expect.stringContaining('0 written') });
  });
});
