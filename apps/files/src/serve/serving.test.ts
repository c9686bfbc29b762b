import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { appendFileSync, mkdirSync, renameSync, rmSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sealToken, signRequest } from '@lutra/files';
import type { ManifestEntry } from '@lutra/files';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { keysOf, Serving } from './serving.fixture.js';

let serving: Serving;
beforeAll(async () => {
  serving = await Serving.start({ settings: { maxBytes: 40_000_000 } });
});
afterAll(() => serving.close());

const sha256 = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex');

async function manifest(paths: readonly string[], hashes?: readonly (string | null)[]): Promise<readonly ManifestEntry[]> {
  return (await serving.remote().manifest('ca', { root: 'pics', paths, hashes })).entries;
}

async function fileAt(path: string): Promise<Extract<ManifestEntry, { kind: 'file' }>> {
  const [entry] = await manifest([path]);
  if (entry?.kind !== 'file') throw new Error(`${path}: ${JSON.stringify(entry)}`);
  return entry;
}

const old = (path: string): void => utimesSync(join(serving.folder, path), 1_000, 1_000);

describe('a manifest', () => {
  it('has what is at each path, with size and hash', async () => {
    serving.write('shop/1.jpg', 'one');
    serving.write('empty', '');
    expect(await manifest(['shop/1.jpg', 'none', 'empty', 'shop/1.jpg/deeper'])).toMatchObject([
      { kind: 'file', size: 3, sha256: sha256('one') },
      { kind: 'missing' },
      { kind: 'file', size: 0, sha256: sha256('') },
      { kind: 'missing' },
    ]);
  });

  it('names nothing outside of the root, by whatever way', async () => {
    writeFileSync(join(serving.folder, '../lutra-outside'), 'secret');
    serving.write('.lutra/stage/x', 'not placed yet');
    symlinkSync('/etc', join(serving.folder, 'etc'));
    symlinkSync('/etc/passwd', join(serving.folder, 'passwd'));
    symlinkSync('.lutra/stage', join(serving.folder, 'stage'));
    serving.write('real/file', 'within');
    symlinkSync('real', join(serving.folder, 'within'));
    execFileSync('mkfifo', [join(serving.folder, 'fifo')]);
    mkdirSync(join(serving.folder, 'folder'), { recursive: true });
    const paths = [
      '../lutra-outside',
      '/etc/passwd',
      'a/../b',
      '.lutra/stage/x',
      'etc/passwd',
      'passwd',
      'stage/x',
      'fifo',
      'folder',
      'a\0b',
    ];
    const refused = (await manifest(paths)).map((entry) => (entry.kind === 'refused' ? entry.code : entry.kind));
    expect(refused).toEqual(paths.map(() => 'FILE_PATH_INVALID'));
    expect(await manifest(['within/file'])).toMatchObject([{ kind: 'file', sha256: sha256('within') }]);
    rmSync(join(serving.folder, '../lutra-outside'));
  });

  it('refuses a file that is larger than the root allows', async () => {
    serving.write('large', '');
    truncateSync(join(serving.folder, 'large'), 40_000_001);
    expect(await manifest(['large'])).toMatchObject([{ kind: 'refused', code: 'FILE_TOO_BIG' }]);
  });

  it('names what a path had before where that is wanted and kept', async () => {
    serving.write('replaced', 'new');
    serving.write(`.lutra/trash/${sha256('old')}`, 'old');
    serving.write(`.lutra/trash/${sha256('a lie')}`, 'something else');
    const wanted = [sha256('old'), sha256('new'), sha256('a lie'), sha256('never was')];
    const entries = await manifest(['replaced', 'replaced', 'replaced', 'replaced'], wanted);
    expect(entries.map((entry) => (entry.kind === 'file' ? entry.sha256 : entry))).toEqual(
      ['old', 'new', 'new', 'new'].map((text) => sha256(text)),
    );
    const [kept] = entries;
    const { body } = await serving.raw((kept as { url: string }).url);
    expect(body.toString()).toBe('old');
  });

  it('remembers the hash of a version that has settled, and of no other', async () => {
    serving.write('cached', 'first');
    const before = await fileAt('cached');
    const open = async () => (await serving.root.open('cached'))!;
    const known = async (): Promise<string | null> => {
      const file = await open();
      await file.handle.close();
      return serving.hashes.known(file);
    };
    expect(before.sha256).toBe(sha256('first'));
    expect(await known()).toBeNull(); // written a moment ago
    // ctime cannot be set: the clock goes on instead.
    vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 10_000);
    await fileAt('cached');
    vi.restoreAllMocks();
    expect(await known()).toBe(sha256('first'));
    serving.write('cached', 'other');
    expect((await fileAt('cached')).sha256).toBe(sha256('other'));
  });

  it('answers for small files while large ones are read, and for these when they are', async () => {
    const large = randomBytes(33_000_000);
    serving.write('big', large);
    serving.write('small', 'x');
    let entries = await manifest(['big', 'small']);
    expect(entries[1]).toMatchObject({ kind: 'file' });
    await vi.waitFor(async () => expect((entries = await manifest(['big']))[0]).toMatchObject({ kind: 'file' }), { timeout: 30_000 });
    expect(entries[0]).toMatchObject({ sha256: sha256(large) });
  });
});

describe('content', () => {
  const bytes = randomBytes(3_000_000);

  it('is any range of a file, with the digest of all of it', async () => {
    serving.write('movie', bytes);
    const { url } = await fileAt('movie');
    const whole = await serving.raw(url);
    expect(whole.status).toBe(200);
    expect(whole.body.equals(bytes)).toBe(true);
    expect(whole.headers).toMatchObject({
      'accept-ranges': 'bytes',
      digest: `SHA-256=${Buffer.from(sha256(bytes), 'hex').toString('base64')}`,
    });
    const part = await serving.raw(url, { headers: { Range: 'bytes=1000000-2000000' } });
    expect(part.status).toBe(206);
    expect(part.headers).toMatchObject({ 'content-range': 'bytes 1000000-2000000/3000000', digest: whole.headers['digest'] });
    expect(part.body.equals(bytes.subarray(1_000_000, 2_000_001))).toBe(true);
    const head = await serving.raw(url, { method: 'HEAD' });
    expect([head.status, head.body.length, head.headers['content-length']]).toEqual([200, 0, '3000000']);
    expect((await serving.raw(url, { headers: { Range: 'bytes=3000000-' } })).status).toBe(416);
    expect((await serving.raw(url, { headers: { Range: 'bytes=-5' } })).body.equals(bytes.subarray(-5))).toBe(true);
  });

  it.each([
    ['overwritten', (file: string) => writeFileSync(file, randomBytes(bytes.length))],
    ['cut', (file: string) => truncateSync(file, 5)],
    ['appended to', (file: string) => appendFileSync(file, 'more')],
    ['removed', (file: string) => rmSync(file)],
    ['replaced', (file: string) => (writeFileSync(`${file}.new`, bytes), renameSync(`${file}.new`, file))],
  ])('is 412 of a file that was %s since', async (_, change) => {
    serving.write('moved', bytes);
    old('moved');
    const { url } = await fileAt('moved');
    change(join(serving.folder, 'moved'));
    expect((await serving.raw(url)).status).toBe(412);
  });

  it('is cut where a file is written to while it is read', async () => {
    serving.write('growing', randomBytes(30_000_000));
    await vi.waitFor(() => fileAt('growing'), { timeout: 30_000 });
    const { url } = await fileAt('growing');
    const onFirst = (): void => appendFileSync(join(serving.folder, 'growing'), 'x');
    await expect(serving.raw(url, { onFirst }).then(({ status }) => status)).rejects.toThrow(/aborted|ECONNRESET|hang up/);
  });

  it('is 403 after an hour, and nothing for a URL that is not ours', async () => {
    serving.write('secret', 'x');
    const { url } = await fileAt('secret');
    vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 3_600_001);
    expect((await serving.raw(url)).status).toBe(403);
    vi.restoreAllMocks();
    const token = url.split('/').at(-1)!;
    const forged = Buffer.from(token, 'base64url');
    forged[40] = (forged[40] ?? 0) ^ 1;
    expect((await serving.raw(`/v1/blob/${forged.toString('base64url')}`)).status).toBe(401);
    expect((await serving.raw(`/v1/pack/${token}`)).status).toBe(401);
    const other = sealToken(keysOf(8), { kind: 'pack', id: 'x' });
    expect((await serving.raw(`/v1/pack/${other}`)).status).toBe(401);
    expect((await serving.raw(`/v1/pack/${sealToken(serving.keys, { kind: 'pack', id: 'x' })}`)).status).toBe(404);
  });
});

describe('a pack', () => {
  const sizes = [1, 0, 70_000, 5, 600_000, 0, 123_456];
  const parts = sizes.map((size) => randomBytes(size));
  const all = Buffer.concat(parts);
  const paths = sizes.map((_, index) => `pack/${index}`);

  async function packed(): Promise<{ readonly url: string; readonly size: number }> {
    parts.forEach((part, index) => serving.write(`pack/${index}`, part));
    const remote = serving.remote();
    const { app, entries } = await remote.manifest('ca', { root: 'pics', paths });
    const tokens = entries.map((entry) => (entry.kind === 'file' ? entry.token : ''));
    return remote.pack(app, { root: 'pics', tokens });
  }

  it('is its files one behind the other, whatever the range', async () => {
    const { url, size } = await packed();
    expect(size).toBe(all.length);
    expect((await serving.raw(url)).body.equals(all)).toBe(true);
    await fc.assert(
      fc.asyncProperty(fc.nat(all.length - 1), fc.nat(all.length - 1), async (one, other) => {
        const [from, to] = [Math.min(one, other), Math.max(one, other)];
        const { status, body } = await serving.raw(url, { headers: { Range: `bytes=${from}-${to}` } });
        expect(status).toBe(206);
        expect(body.equals(all.subarray(from, to + 1))).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it('tells which of its files have moved', async () => {
    const remote = serving.remote();
    paths.forEach((path, index) => serving.write(path, parts[index]!));
    const { app, entries } = await remote.manifest('ca', { root: 'pics', paths });
    const tokens = entries.map((entry) => (entry.kind === 'file' ? entry.token : ''));
    const { url } = await remote.pack(app, { root: 'pics', tokens });
    serving.write('pack/0', 'other');
    rmSync(join(serving.folder, 'pack/4'));
    await expect(remote.pack(app, { root: 'pics', tokens })).rejects.toMatchObject({ code: 'FILE_UNSTABLE', details: { moved: '0,4' } });
    expect((await serving.raw(url)).status).toBe(412);
    const rest = serving.raw(url, { headers: { Range: 'bytes=1-' } });
    await expect(rest.then(({ status }) => status)).rejects.toThrow();
  });
});

describe('a request', () => {
  it('that is not signed is refused, whatever it is: 1,000 of them', async () => {
    serving.write('mine', 'x');
    const body = JSON.stringify({ root: 'pics', paths: ['mine'] });
    const signed = (keys = keysOf(8), path = '/v1/manifest') => signRequest(keys, { method: 'POST', path }, Buffer.from(body));
    const right = signed(serving.keys);
    const headers = fc.oneof(
      fc.constant({}),
      fc.string({ unit: 'grapheme-ascii' }).map((text) => ({ Authorization: `Lutra ${text.replaceAll(/[^\x21-\x7e]/g, '')}` })),
      fc.constant({ Authorization: signed() }),
      fc.constant({ Authorization: signed(serving.keys, '/v1/pack') }),
      fc.nat(right.length - 7).map((at) => ({ Authorization: `${right.slice(0, at + 6)}~${right.slice(at + 7)}` })),
    );
    const names = fc.constantFrom(
      'manifest',
      'pack',
      'named',
      'stage',
      'place',
      'delete',
      'fence',
      'blob/x',
      'pack/AAAA',
      '',
      '../etc/passwd',
      'x'.repeat(500),
    );
    const methods = fc.constantFrom('POST', 'POST', 'POST', 'GET', 'PUT', 'DELETE', 'HEAD', 'OPTIONS');
    await fc.assert(
      fc.asyncProperty(methods, names, headers, async (method, name, sent) => {
        const answer = await serving.raw(`/v1/${name}`, { method, headers: sent, ...(method === 'POST' && { body }) });
        expect(answer.status).toBe(401);
        if (method !== 'HEAD') expect(JSON.parse(answer.body.toString())).toMatchObject({ code: 'FILES_REFUSED' });
      }),
      { numRuns: 1_000 },
    );
    expect((await serving.raw('/v1/manifest', { method: 'POST', headers: { Authorization: right }, body })).status).toBe(200);
  });

  it('is refused with another body, another key, or after five minutes', async () => {
    const body = Buffer.from(JSON.stringify({ root: 'pics', paths: [] }));
    const headers = { Authorization: signRequest(serving.keys, { method: 'POST', path: '/v1/manifest' }, body) };
    expect((await serving.raw('/v1/manifest', { method: 'POST', headers, body: `${body} ` })).status).toBe(401);
    vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 5 * 60_000);
    const late = await serving.raw('/v1/manifest', { method: 'POST', headers, body });
    vi.restoreAllMocks();
    expect([late.status, late.body.toString()]).toEqual([401, expect.stringContaining('clocks')]);
    const tooEarly = { Authorization: headers.Authorization };
    vi.spyOn(Date, 'now').mockReturnValue(Date.now() - 2 * 60_000);
    expect((await serving.raw('/v1/manifest', { method: 'POST', headers: tooEarly, body })).status).toBe(401);
    vi.restoreAllMocks();
  });

  it('of another secret key is not even connected: another authority has signed the certificate', async () => {
    const stranger = serving.remote(keysOf(9));
    await expect(stranger.manifest('ca', { root: 'pics', paths: [] })).rejects.toMatchObject({ code: 'FILES_UNAVAILABLE' });
    // While keys are changed over, the one that signs may be the new one here and the old one there.
    const changing = serving.remote({ ...keysOf(7, 9) });
    expect(await changing.manifest('ca', { root: 'pics', paths: [] })).toMatchObject({ entries: [] });
  });

  it('for a root that is not there is told so', async () => {
    await expect(serving.remote().manifest('ca', { root: 'docs', paths: [] })).rejects.toMatchObject({ code: 'FILE_ROOT_UNKNOWN' });
    await expect(serving.remote().manifest('hz', { root: 'pics', paths: [] })).rejects.toMatchObject({ code: 'FILES_UNAVAILABLE' });
  });
});
