/**
 * What aria2 1.36 does, as far as we lean on it or protect ourselves from it: docs/decisions/0036-aria2.md. Another version is ready to be
 * used when it passes.
 */
import { createHash, randomBytes } from 'node:crypto';
import { readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { aria2c } from '../../../../test/servers/index.js';
import { Aria2Session } from './aria2-session.js';
import { file, sha256, Source, status } from './source.fixture.js';
import { RawAria2 } from './raw-aria2.fixture.js';

const MiB = 2 ** 20;
const bytes = randomBytes(4 * MiB);
const hash = sha256(bytes);
const checksum = `sha-256=${hash}`;
const slowly = { 'max-download-limit': String(2 * MiB) };

let program: string;
let aria2: RawAria2;
let source: Source;
let gids = 0;
let gid: string;

beforeAll(async () => {
  program = await aria2c(() => undefined);
});
beforeEach(async () => {
  gids += 1;
  gid = gids.toString(16).padStart(16, '0');
  [aria2, source] = await Promise.all([RawAria2.start(program), Source.start()]);
});
afterEach(() => Promise.all([aria2.close(), source.close()]));

const good = (path: string): string =>
  source.at(
    path,
    file(() => bytes),
  );
const here = (name = 'part'): string => join(aria2.dir, name);
const hashHere = async (): Promise<string> => sha256(await readFile(here()));

describe('the source changes', () => {
  test('it asks for a digest, and for nothing that would tell a changed file', async () => {
    await aria2.fetch(
      gid,
      source.at(
        '/a',
        file(() => bytes, { etag: '"1"', 'last-modified': new Date().toUTCString() }),
      ),
    );
    const { headers } = source.requests[0] ?? {};
    expect(headers?.['want-digest']).toMatch(/SHA-256/);
    expect(Object.keys(headers ?? {}).filter((name) => name.startsWith('if-'))).toEqual([]);
  });

  /** The first connection is cut after 2 MiB. */
  function halves(others: Buffer): string {
    return source.at('/a', (request, response) => {
      if (request.headers.range !== undefined) return file(() => others)(request, response);
      response.writeHead(200, { 'accept-ranges': 'bytes', 'content-length': bytes.length });
      response.write(bytes.subarray(0, 2 * MiB), () => response.destroy());
    });
  }

  test('other bytes of the same length are mixed into the file; only the checksum finds it', async () => {
    const others = randomBytes(bytes.length);
    expect(await aria2.fetch(gid, halves(others), { checksum })).toMatchObject({ status: 'error', errorCode: '32' });
    const mixed = await readFile(here());
    expect(mixed.subarray(0, 1024).equals(bytes.subarray(0, 1024))).toBe(true);
    expect(mixed.subarray(-1024).equals(others.subarray(-1024))).toBe(true);
  });

  test('the same without a checksum is taken for good', async () => {
    expect(await aria2.fetch(gid, halves(randomBytes(bytes.length)))).toMatchObject({ status: 'complete' });
    expect(await hashHere()).not.toBe(hash);
  });

  test.each([200, 206])('a Digest that is another one ends it at once (%i)', async (code) => {
    const digest = `SHA-256=${createHash('sha256').update('other').digest('base64')}`;
    if (code === 206) await aria2.leavePart(gid, good('/first'));
    const url = source.at('/a', (request, response) => {
      const isThis = code === (request.headers.range === undefined ? 200 : 206);
      file(() => bytes, isThis ? { digest } : {})(request, response);
    });
    const ended = await aria2.fetch(gid, url, { checksum });
    expect(ended).toMatchObject({ status: 'error', errorCode: '1' });
    expect(ended.errorMessage).toMatch(code === 200 ? /Invalid hash found/ : 'No URI available.');
    expect(source.ranges('/a')).toEqual(code === 200 ? [undefined] : [undefined, expect.stringMatching(/^bytes=[1-9]/)]);
  });

  test('a Digest that is right goes through', async () => {
    const digest = `SHA-256=${Buffer.from(hash, 'hex').toString('base64')}`;
    const url = source.at(
      '/a',
      file(() => bytes, { digest }),
    );
    expect(await aria2.fetch(gid, url, { checksum, split: '4' })).toMatchObject({ status: 'complete' });
  });

  test('another length than its control file has: aborted', async () => {
    await aria2.leavePart(gid, good('/first'));
    const ended = await aria2.fetch(
      gid,
      source.at(
        '/a',
        file(() => bytes.subarray(1)),
      ),
    );
    expect(ended).toMatchObject({ status: 'error', errorCode: '1', errorMessage: 'Download aborted.' });
  });

  test('another range than was asked for does not end aria2 (it does with a disk cache)', async () => {
    await aria2.leavePart(gid, good('/first'));
    const url = source.at('/a', (_, response) => {
      const range = `bytes 0-${bytes.length - 1}/${bytes.length}`;
      response.writeHead(206, { 'content-length': bytes.length, 'content-range': range }).end(bytes);
    });
    expect(await aria2.fetch(gid, url, { checksum })).toMatchObject({ status: 'complete' });
    expect(await aria2.call('getVersion')).toMatchObject({ version: expect.stringMatching(/^1\./) });
  });
});

describe('statuses', () => {
  test.each([
    [401, '24'],
    [403, '22'],
    [404, '3'],
    [410, '22'],
    [412, '22'],
    [416, '22'],
    [429, '22'],
    [500, '22'],
  ])('%i: %s, asked once', async (code, errorCode) => {
    expect(await aria2.fetch(gid, source.at('/a', status(code)))).toMatchObject({ status: 'error', errorCode });
    expect(source.requests).toHaveLength(1);
  });

  test.each([502, 503])('%i: 29, after three tries', async (code) => {
    expect(await aria2.fetch(gid, source.at('/a', status(code)))).toMatchObject({ status: 'error', errorCode: '29' });
    expect(source.requests).toHaveLength(3);
  });

  test('a status has its number in the text only, and not once bytes have come', async () => {
    expect((await aria2.fetch(gid, source.at('/a', status(412)))).errorMessage).toContain('status=412');
    let requests = 0;
    const url = source.at('/b', (request, response) => {
      if (requests++ > 0) return status(412)(request, response);
      response.writeHead(200, { 'content-length': bytes.length });
      response.write(bytes.subarray(0, MiB), () => response.destroy());
    });
    expect(await aria2.fetch('f'.repeat(16), url)).toMatchObject({ errorCode: '22', errorMessage: 'No URI available.' });
  });

  test('changeUri is refused for a download that ended: it is ordered anew instead', async () => {
    await aria2.fetch(gid, source.at('/a', status(403)));
    await expect(aria2.call('changeUri', gid, 1, [source.url('/a')], [source.url('/b')])).rejects.toMatchObject({ name: 'Aria2Refusal' });
  });
});

describe('what is on the disk', () => {
  test('after a wrong checksum it begins with nothing', async () => {
    const others = randomBytes(bytes.length);
    expect(
      await aria2.fetch(
        gid,
        source.at(
          '/a',
          file(() => others),
        ),
        { checksum },
      ),
    ).toMatchObject({ errorCode: '32' });
    good('/a');
    await aria2.call('removeDownloadResult', gid);
    expect(await aria2.fetch(gid, source.url('/a'), { checksum })).toMatchObject({ status: 'complete' });
    expect(source.ranges('/a')).toEqual([undefined, undefined]);
    expect(await readdir(aria2.dir)).not.toContain('part.aria2');
  });

  test('killed: it goes on behind what the control file has', async () => {
    const url = good('/a');
    await aria2.leavePart(gid, url);
    await aria2.process.kill();
    const next = await RawAria2.start(program);
    try {
      expect(await next.fetch(gid, url, { dir: aria2.dir, checksum })).toMatchObject({ status: 'complete' });
    } finally {
      await next.close();
    }
    expect(await hashHere()).toBe(hash);
    expect(source.ranges('/a').at(-1)).toMatch(/^bytes=[1-9]\d{5,}-/);
  });

  test('a file of full length without a control file is taken for the whole, whatever is in it', async () => {
    await writeFile(here(), Buffer.alloc(bytes.length));
    const url = good('/a');
    expect(await aria2.fetch(gid, url)).toMatchObject({ status: 'complete' });
    expect(await hashHere()).not.toBe(hash);
    expect(await aria2.fetch('e'.repeat(16), url, { checksum })).toMatchObject({ status: 'complete' });
    expect(await hashHere()).toBe(hash);
  });

  test('`out` leads out of the folder, and a symbolic link is followed: names are ours, the folder too', async () => {
    const url = good('/a');
    const folder = here('inner');
    await aria2.fetch(gid, url, { dir: folder, out: '../outer' });
    expect((await stat(here('outer'))).size).toBe(bytes.length);
    await symlink(here('target'), here());
    await aria2.fetch('f'.repeat(16), url);
    expect((await stat(here('target'))).size).toBe(bytes.length);
  });

  test('disk full: 9, at once', async () => {
    await symlink('/dev/full', here());
    expect(await aria2.fetch(gid, good('/a'))).toMatchObject({ status: 'error', errorCode: '9' });
  });

  test('an empty file arrives', async () => {
    const url = source.at(
      '/a',
      file(() => Buffer.alloc(0)),
    );
    expect(await aria2.fetch(gid, url, { checksum: `sha-256=${sha256(Buffer.alloc(0))}` })).toMatchObject({ status: 'complete' });
    expect((await stat(here())).size).toBe(0);
  });

  test.each([
    [
      'a.torrent',
      'application/x-bittorrent',
      'd8:announce18:http://127.0.0.1/4:infod6:lengthi1e4:name1:a12:piece lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaaee',
    ],
    [
      'a.meta4',
      'application/metalink4+xml',
      '<?xml version="1.0"?><metalink xmlns="urn:ietf:params:xml:ns:metalink"><file name="x"><url>http://127.0.0.1:9/x</url></file></metalink>',
    ],
    [
      'a.metalink',
      'application/metalink+xml',
      '<metalink version="3.0" xmlns="http://www.metalinker.org/"><files><file name="x"/></files></metalink>',
    ],
  ])('%s is a file as any other', async (out, type, text) => {
    const url = source.at(
      `/${out}`,
      file(() => Buffer.from(text), { 'content-type': type }),
    );
    expect(await aria2.fetch(gid, url, { out, checksum: `sha-256=${sha256(Buffer.from(text))}` })).toMatchObject({ status: 'complete' });
    expect(await readFile(here(out), 'utf8')).toBe(text);
    expect(await aria2.call('tellActive', ['gid'])).toEqual([]);
    expect(await aria2.call('tellWaiting', 0, 10, ['gid'])).toEqual([]);
  });
});

describe('RPC', () => {
  test('a gid that it knows is refused, also of a download that ended, until its result is removed', async () => {
    const url = good('/a');
    await aria2.fetch(gid, url);
    await expect(aria2.add(gid, url)).rejects.toMatchObject({ name: 'Aria2Refusal' });
    await aria2.call('removeDownloadResult', gid);
    await aria2.add(gid, url, { out: 'again' });
    expect(await aria2.ended(gid)).toMatchObject({ status: 'complete' });
  });

  test('results beyond max-download-result are forgotten', async () => {
    await aria2.call('changeGlobalOption', { 'max-download-result': '2' });
    const url = source.at(
      '/a',
      file(() => bytes.subarray(0, 100)),
    );
    for (const n of [1, 2, 3, 4]) await aria2.fetch(`${n}`.padStart(16, 'a'), url, { out: `f${n}` });
    await expect(aria2.status('1'.padStart(16, 'a'), 'status')).rejects.toMatchObject({ name: 'Aria2Refusal' });
    expect(await aria2.status('4'.padStart(16, 'a'), 'status')).toEqual({ status: 'complete' });
  });

  test('what it forgets again and again ends as refused', async () => {
    const onActive = (): void => undefined;
    const session = await Aria2Session.start({
      program,
      folder: aria2.dir,
      caFile: undefined,
      maxDownloads: 8,
      silentMs: 10_000,
      onActive,
    });
    try {
      await session.call('changeGlobalOption', { 'max-download-result': '0' });
      const options = { dir: aria2.dir, out: 'part' };
      const ended = session.download({ gid, urls: [good('/a')], options, signal: new AbortController().signal });
      await expect(ended).rejects.toMatchObject({ name: 'Aria2Refusal' });
    } finally {
      await session.stop();
    }
  });

  test('what happens while nobody listens is not told later', async () => {
    await aria2.add(gid, good('/a'), slowly);
    aria2.rpc.close();
    await aria2.rpc.closed;
    await aria2.http('changeOption', gid, { 'max-download-limit': '0' });
    const ended = (): Promise<unknown> => aria2.http('tellStatus', gid, ['status']);
    await vi.waitFor(async () => expect(await ended()).toMatchObject({ result: { status: 'complete' } }), 10_000);
    await aria2.connect();
    expect(await aria2.ended(gid)).toMatchObject({ status: 'complete' });
    expect(aria2.heard).toEqual([]);
  });

  test('a wrong secret: refused', async () => {
    aria2.rpc.close();
    await aria2.connect('no');
    await expect(aria2.call('getVersion')).rejects.toMatchObject({ name: 'Aria2Refusal', message: 'Unauthorized' });
  });

  test('a call that is not answered ends with the connection', async () => {
    process.kill(aria2.process.pid ?? 0, 'SIGSTOP');
    const call = aria2.call('getVersion');
    call.catch(() => undefined); // looked at below: until then nobody listens
    await aria2.process.kill();
    await expect(call).rejects.toMatchObject({ name: 'Aria2Closed' });
    await expect(aria2.call('getVersion')).rejects.toMatchObject({ name: 'Aria2Closed' });
  });

  test('the secret is in no command line, and nobody else listens', async () => {
    const { pid, port, secret } = aria2.process;
    expect(await readFile(`/proc/${pid}/cmdline`, 'utf8')).not.toContain(secret);
    const sockets = await readFile(`/proc/${pid}/net/tcp`, 'utf8');
    const local = sockets
      .split('\n')
      .filter((line) => line.includes(`:${port.toString(16).toUpperCase().padStart(4, '0')} 00000000:0000 0A`));
    expect(local.map((line) => line.trim().split(/\s+/)[1]?.split(':')[0])).toEqual(['0100007F']);
  });

  test('it ends with the process that started it', async () => {
    const owner = spawn('sleep', ['60']);
    const child = spawn(program, [
      '--no-conf',
      '--enable-rpc',
      `--rpc-listen-port=${aria2.process.port + 1}`,
      `--stop-with-process=${owner.pid}`,
    ]);
    const ended = once(child, 'exit');
    owner.kill('SIGKILL');
    await ended;
    expect(child.exitCode).toBe(0);
  });
});
