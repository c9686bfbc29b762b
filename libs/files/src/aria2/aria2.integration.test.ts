/** What Aria2 promises, with the real aria2. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { lstat, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import Client from 'aria2';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { aria2c } from '../../../../test/servers/index.js';
import { Aria2 } from './aria2.js';
import { authority } from './certificates.fixture.js';
import { file, sha256, Source, status } from './source.fixture.js';
import type { DownloadOrder } from './shared-download.js';

const MiB = 2 ** 20;
const bytes = randomBytes(4 * MiB);
const hash = sha256(bytes);
let program: string;
let aria2: Aria2;
let source: Source;
let dir: string;
let gids = 0;
const restarts: string[] = [];

beforeAll(async () => {
  program = await aria2c(() => undefined);
  aria2 = await Aria2.start({ program, onRestart: (why) => restarts.push(why) });
});
afterAll(() => aria2.close());
beforeEach(async () => {
  source = await Source.start();
  dir = await mkdtemp(join(tmpdir(), 'lutra-test-'));
  restarts.length = 0;
});
afterEach(async () => {
  await source.close();
  await rm(dir, { recursive: true, force: true });
});

function order(url: string, other: Partial<DownloadOrder> = {}): DownloadOrder {
  gids += 1;
  const gid = gids.toString(16).padStart(16, '0');
  return {
    gid,
    urls: [url],
    dir,
    out: 'part',
    sha256: hash,
    size: bytes.length,
    split: 1,
    limitBytesPerSecond: null,
    signal: new AbortController().signal,
    onProgress: () => undefined,
    ...other,
  };
}

/** The file as it must be. */
const good = (path: string): string =>
  source.at(
    path,
    file(() => bytes),
  );

/** Slow enough to be interrupted. */
const slowly = { limitBytesPerSecond: MiB } as const;

/** Resolves when the download is well under way. */
function underWay(): { readonly onProgress: DownloadOrder['onProgress']; readonly reached: Promise<void> } {
  let reach: () => void;
  const reached = new Promise<void>((resolve) => (reach = resolve));
  return { onProgress: (done) => done > 0 && reach(), reached };
}

const hashHere = async (): Promise<string> => sha256(await readFile(join(dir, 'part')));

test('a file arrives, by several connections, and aria2 keeps nothing', async () => {
  await aria2.download(order(good('/a'), { split: 4 }));
  expect(await hashHere()).toBe(hash);
  expect(await readdir(dir)).toEqual(['part']);
  expect(source.ranges('/a').length).toBeGreaterThan(1);
});

test('one connection is asked for, one is made', async () => {
  await aria2.download(order(good('/a')));
  expect(source.requests).toHaveLength(1);
});

describe('a failure says what is to be done', () => {
  test.each([
    [401, 'expired'],
    [403, 'expired'],
    [404, 'changed'],
    [410, 'changed'],
    [412, 'changed'],
    [416, 'changed'],
    [429, 'network'],
    [500, 'network'],
    [502, 'network'],
    [503, 'network'],
  ])('%i: %s', async (code, kind) => {
    await expect(aria2.download(order(source.at('/a', status(code))))).rejects.toMatchObject({ kind });
  });

  test('nobody listens: network', async () => {
    const url = source.url('/a');
    await source.close();
    await expect(aria2.download(order(url))).rejects.toMatchObject({ kind: 'network' });
  });

  test('it is longer than it was said to be: changed, and no part stays that no other try would take', async () => {
    const url = good('/a');
    await expect(aria2.download(order(url, { size: bytes.length - 1, sha256: null }))).rejects.toMatchObject({ kind: 'changed' });
    expect(await readdir(dir)).toEqual([]);
  });

  test('other bytes: checksum, and the next try begins with nothing', async () => {
    const others = randomBytes(bytes.length);
    const one = order(
      source.at(
        '/a',
        file(() => others),
      ),
    );
    await expect(aria2.download(one)).rejects.toMatchObject({ kind: 'checksum', code: 32 });
    good('/a');
    await aria2.download(one);
    expect(await hashHere()).toBe(hash);
  });

  test('a name that leads out of the folder on a disk that is full: disk-full', async () => {
    await symlink('/dev/full', join(dir, 'part'));
    await expect(aria2.download(order(good('/a')))).rejects.toMatchObject({ kind: 'disk-full', code: 9 });
  });
});

test('an expired URL: the same download with a new one goes on from where it was', async () => {
  let isExpired = false;
  const whole = file(() => bytes);
  const url = source.at('/a', (_, response) => {
    if (isExpired) return void response.writeHead(403).end();
    isExpired = true;
    response.writeHead(200, { 'accept-ranges': 'bytes', 'content-length': bytes.length });
    response.write(bytes.subarray(0, 3 * MiB), () => response.destroy());
  });
  const one = order(url);
  await expect(aria2.download(one)).rejects.toMatchObject({ kind: 'expired' });
  await aria2.download({ ...one, urls: [source.at('/b', whole)] });
  expect(await hashHere()).toBe(hash);
  expect(source.ranges('/b').at(-1)).toMatch(/^bytes=[1-9]/);
});

describe('aria2 dies', () => {
  test('killed in the middle: it is started again, and the download goes on', async () => {
    const { onProgress, reached } = underWay();
    const done = aria2.download(order(good('/a'), { ...slowly, onProgress, split: 4 }));
    await reached;
    process.kill((await aria2.pid()) ?? 0, 'SIGKILL');
    await done;
    expect(await hashHere()).toBe(hash);
    expect(restarts).toEqual([expect.stringContaining('SIGKILL')]);
  });

  test('it stands still: it is killed after a while, and the download goes on', async () => {
    const impatient = await Aria2.start({ program, silentMs: 5_000, onRestart: (why) => restarts.push(why) });
    try {
      const { onProgress, reached } = underWay();
      const slow = order(good('/a'), { limitBytesPerSecond: MiB / 2, onProgress });
      const done = impatient.download(slow);
      await Promise.race([reached, done]);
      const pid = await impatient.pid();
      if (pid === undefined) throw new Error('it does not run');
      process.kill(pid, 'SIGSTOP');
      impatient.setLimit(slow.gid, null); // of its next life
      await done;
      expect(await hashHere()).toBe(hash);
      expect(restarts).toEqual(['no answer for 5 s']);
    } finally {
      await impatient.close();
    }
  });

  test('it dies of the download each time: that one fails, others do not', async () => {
    const url = source.at('/a', (_, response) => {
      response.writeHead(200, { 'content-length': bytes.length }).flushHeaders();
      void aria2.pid().then((pid) => pid && process.kill(pid, 'SIGKILL'));
    });
    await expect(aria2.download(order(url))).rejects.toMatchObject({ kind: 'aria2' });
    await aria2.download(order(good('/b')));
    expect(await hashHere()).toBe(hash);
  });

  test('the connection is lost and made anew: nothing is started again, and nothing travels twice', async () => {
    const sockets: WebSocket[] = [];
    const options = Client.defaultOptions;
    const { WebSocket: Before } = options;
    options.WebSocket = class extends WebSocket {
      constructor(...[url]: ConstructorParameters<typeof WebSocket>) {
        super(url);
        sockets.push(this);
      }
    };
    const other = await Aria2.start({ program, onRestart: (why) => restarts.push(why) });
    try {
      const { onProgress, reached } = underWay();
      const done = other.download(order(good('/a'), { ...slowly, onProgress }));
      await reached;
      sockets[0]?.close();
      await done;
      expect(await hashHere()).toBe(hash);
      expect(source.requests).toHaveLength(1);
      expect(restarts).toEqual([]);
      expect(sockets.length).toBeGreaterThan(1);
    } finally {
      options.WebSocket = Before;
      await other.close();
    }
  });

  test('it does not take such a URL: the download fails', async () => {
    await expect(aria2.download(order('nowhere:1'))).rejects.toMatchObject({ kind: 'aria2', message: /does not take it/ });
    expect(restarts).toEqual([]);
  });

  test('a program that is no aria2 is told with what it said', async () => {
    await expect(Aria2.start({ program: '/no/aria2c' })).rejects.toMatchObject({ kind: 'aria2', message: /\/no\/aria2c/ });
    await expect(Aria2.start({ program: '/bin/ls' })).rejects.toMatchObject({ kind: 'aria2', message: /conf-path/ });
  });
});

describe('who waits', () => {
  test('one file that is ordered twice travels once', async () => {
    const one = order(good('/a'));
    await Promise.all([aria2.download(one), aria2.download({ ...one })]);
    expect(source.requests).toHaveLength(1);
  });

  test('another file of the same gid waits for its turn', async () => {
    const one = order(good('/a'));
    await Promise.all([aria2.download(one), aria2.download({ ...one, out: 'other' })]);
    expect((await readdir(dir)).sort()).toEqual(['other', 'part']);
  });

  test('aborted: it rejects when nothing writes any more, and goes on from there when it is ordered again', async () => {
    const { onProgress, reached } = underWay();
    const abort = new AbortController();
    const one = order(good('/a'), slowly);
    const first = aria2.download({ ...one, onProgress, signal: abort.signal });
    await reached;
    abort.abort();
    await expect(first).rejects.toMatchObject({ code: 'ABORTED' });
    expect((await readdir(dir)).sort()).toEqual(['part', 'part.aria2']);
    await aria2.download({ ...one, limitBytesPerSecond: null });
    expect(await hashHere()).toBe(hash);
  });

  test('one of two gives up: the other gets it', async () => {
    const { onProgress, reached } = underWay();
    const abort = new AbortController();
    const one = order(good('/a'), slowly);
    const first = aria2.download({ ...one, onProgress, signal: abort.signal });
    const second = aria2.download(one);
    await reached;
    abort.abort();
    await expect(first).rejects.toMatchObject({ code: 'ABORTED' });
    aria2.setLimit(one.gid, null);
    await second;
    expect(await hashHere()).toBe(hash);
  });

  test('more than there are slots wait, and one that waits can be given up', async () => {
    const narrow = await Aria2.start({ program, slots: 1 });
    try {
      const abort = new AbortController();
      const { onProgress, reached } = underWay();
      const url = good('/a');
      const one = order(url, { ...slowly, onProgress });
      const running = narrow.download(one);
      await reached;
      const waiting = narrow.download(order(url, { out: 'second', signal: abort.signal }));
      abort.abort();
      await expect(waiting).rejects.toMatchObject({ code: 'ABORTED' });
      narrow.setLimit(one.gid, null);
      await running;
      expect(source.requests).toHaveLength(1);
    } finally {
      await narrow.close();
    }
  });
});

test('the limit is changed while it runs', async () => {
  const { onProgress, reached } = underWay();
  const one = order(good('/a'), { limitBytesPerSecond: 20_000, onProgress });
  const done = aria2.download(one);
  await reached;
  aria2.setLimit(one.gid, null);
  await done; // minutes with the first one
  expect(await hashHere()).toBe(hash);
});

test('without a hash it begins with nothing: a part that nobody can check is not gone on with', async () => {
  await writeFile(join(dir, 'part'), Buffer.alloc(bytes.length));
  await aria2.download(order(good('/a'), { sha256: null }));
  expect(await hashHere()).toBe(hash);
});

test('closed: what runs rejects, and nothing is left but its part', async () => {
  const closing = await Aria2.start({ program });
  const pid = (await closing.pid()) ?? 0;
  const [, conf = ''] = /--conf-path=([^\0]+)/.exec(await readFile(`/proc/${pid}/cmdline`, 'utf8')) ?? [];
  expect((await lstat(conf)).mode & 0o777).toBe(0o600);
  const { onProgress, reached } = underWay();
  const one = order(good('/a'), slowly);
  const running = closing.download({ ...one, onProgress });
  running.catch(() => undefined); // looked at below: until then nobody listens
  await reached;
  await closing.close();
  await expect(running).rejects.toMatchObject({ kind: 'aria2' });
  await expect(closing.download(one)).rejects.toMatchObject({ kind: 'aria2' });
  expect([existsSync(`/proc/${pid}`), existsSync(dirname(conf))]).toEqual([false, false]);
});

describe('certificates', () => {
  test('one of our authorities with our address is accepted; of another authority, or for another name, none', async () => {
    const [ours, alsoOurs, others] = await Promise.all([authority(), authority(), authority()]);
    const right = await Source.start(await ours.issue('ip', '127.0.0.1'));
    const alsoRight = await Source.start(await alsoOurs.issue('ip', '127.0.0.1'));
    const stranger = await Source.start(await others.issue('ip', '127.0.0.1'));
    const misnamed = await Source.start(await ours.issue('dns', 'elsewhere.example'));
    const secured = await Aria2.start({ program, ca: `${ours.ca}\n${alsoOurs.ca}\n` });
    const from = (source: Source, out: string): Promise<void> =>
      secured.download(
        order(
          source.at(
            '/a',
            file(() => bytes),
          ),
          { out, split: 4 },
        ),
      );
    try {
      await from(right, 'part');
      await from(alsoRight, 'also');
      expect(await hashHere()).toBe(hash);
      for (const source of [stranger, misnamed]) {
        await expect(from(source, 'no')).rejects.toMatchObject({ kind: 'network' });
        expect(source.requests).toEqual([]);
      }
    } finally {
      await secured.close();
      await Promise.all([right, alsoRight, stranger, misnamed].map((source) => source.close()));
    }
  });
});
