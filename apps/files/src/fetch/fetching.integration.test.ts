/** Fetching by the real aria2 from the real serving half, over TLS: whatever happens on the way, what is staged is what the source has. */
import { mkdtempSync, realpathSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Aria2, RemoteFiles } from '@lutra/files';
import type { StageAnswer, StageProgress } from '@lutra/files';
import { Metrics } from '@lutra/telemetry';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Proxy } from '../../../../test/network/index.js';
import { aria2c } from '../../../../test/servers/index.js';
import type { PlaceRoom } from '../handlers.js';
import { FileHashes } from '../serve/file-hashes.js';
import { Root } from '../serve/root.js';
import { Serving } from '../serve/serving.fixture.js';
import { requestOf, sha256 } from './fetch.fixture.js';
import type { Wanted } from './fetch.fixture.js';
import { Fetching } from './fetching.js';

const megabyte = 1024 * 1024;

let program: string;
beforeAll(async () => {
  program = await aria2c(() => undefined);
});

let serving: Serving;
let proxy: Proxy;
let target: Target;
beforeEach(async () => {
  serving = await Serving.start({ named: ({ rows }) => Promise.resolve({ named: rows.map(({ path }) => path !== 'superseded') }) });
  proxy = await Proxy.start(() => ({ host: '127.0.0.1', port: Number(new URL(serving.url).port) }));
  target = await Target.start();
});
afterEach(async () => {
  await target.end();
  await proxy.stop();
  await serving.close();
});

/** The files app of the region that fetches, without its HTTPS side. */
class Target {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), 'lutra-target-')));
  readonly metrics = new Metrics('files', { processMetrics: false });
  readonly restarts: string[] = [];
  aria2!: Aria2;
  /** Downloads. */
  running = 0;
  fetching!: Fetching;
  #remote!: RemoteFiles;

  static async start(): Promise<Target> {
    const made = new Target();
    await made.begin();
    return made;
  }

  async begin(): Promise<void> {
    const url = `https://127.0.0.1:${proxy.port}`;
    this.#remote = new RemoteFiles({ keys: serving.keys, instances: () => Promise.resolve([{ ...serving.instance, region: 'a', url }]) });
    this.aria2 = await Aria2.start({ program, ca: await this.#remote.trust(), onRestart: (why) => this.restarts.push(why) });
    const settings = { name: 'pics', path: this.folder, maxBytes: null, mode: null, serveOnly: false };
    this.fetching = new Fetching({
      region: 'b',
      roots: new Map([['pics', new Root(settings)]]),
      hashes: new FileHashes(),
      source: this.#remote,
      downloads: {
        setLimit: (...limit) => this.aria2.setLimit(...limit),
        download: async (order) => {
          this.running += 1;
          await this.aria2.download(order).finally(() => (this.running -= 1));
        },
      },
      metrics: this.metrics,
      isPlacing: () => true,
      stageKeptMs: 3_600_000,
      onError: (error) => {
        throw error;
      },
    });
  }

  async close(): Promise<void> {
    this.fetching.close();
    await this.aria2.close();
    this.#remote.close();
  }

  async end(): Promise<void> {
    await this.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** @param told is told each line */
  async answers(
    wanted: readonly Wanted[],
    told: (line: StageAnswer | StageProgress) => void = () => undefined,
  ): Promise<readonly StageAnswer[]> {
    const answers: StageAnswer[] = [];
    for await (const line of this.fetching.stage(requestOf(wanted), new AbortController().signal)) {
      told(line);
      if (line.kind !== 'progress') answers.push(line);
    }
    return answers.toSorted((one, other) => one.id - other.id);
  }

  async staged(hash: string): Promise<string> {
    return sha256(await readFile(join(this.folder, '.lutra/stage', hash)));
  }

  stageNames(): Promise<readonly string[]> {
    return readdir(join(this.folder, '.lutra/stage'));
  }
}

/** Bytes that do not repeat. */
function bytesOf(seed: number, size: number): Buffer {
  const bytes = Buffer.alloc(size);
  let state = seed * 2_654_435_761 + 1;
  for (let at = 0; at + 4 <= size; at += 4) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    bytes.writeInt32LE(state, at);
  }
  return bytes;
}

describe('two thousand files of any size and name', () => {
  const odd = [
    'a.torrent',
    'b.metalink',
    'c.meta4',
    'd.aria2',
    'name with spaces and "quotes"',
    '%2e%2e%2fpercent?#&',
    'ünïcödé/ü',
    'ünïcödé/ü'.normalize('NFD'),
    '字/画.jpg',
    'x'.repeat(255),
    '-o',
    '{1,2}[3-4]',
  ];
  const sizes = [0, 1, 4095, 4096, 75_000, 300_000];

  it('are staged, each with its bytes, and nothing else is left', async () => {
    const names = [...odd, ...Array.from({ length: 600 - odd.length }, (_, index) => `f/${index % 50}/${index}`)];
    const hashes = new Map<string, string>();
    for (const [index, name] of names.entries()) {
      const size = index % 200 === 17 ? (2 + (index / 200) * 8) * megabyte : (sizes[index % sizes.length] ?? 0);
      const bytes = bytesOf(index, Math.floor(size));
      hashes.set(name, sha256(bytes));
      serving.write(name, bytes);
    }
    const answers = await target.answers(names.map((path) => ({ path })));
    expect(answers.filter(({ kind }) => kind !== 'staged')).toEqual([]);
    for (const [index, answer] of answers.entries()) expect(answer).toMatchObject({ id: index, sha256: hashes.get(names[index] ?? '') });
    await expect.poll(async () => (await target.stageNames()).toSorted()).toEqual([...new Set(hashes.values())].toSorted());
    for (const hash of new Set(hashes.values())) expect(await target.staged(hash)).toBe(hash);
  });
});

/** Bytes a second at which 20 MB take some seconds. */
const slowly = { a: 8 * megabyte };

/** Wants one file that is on its way slowly, and does something when it has begun to arrive. */
async function whileItTravels(path: string, meanwhile: () => Promise<void> | void): Promise<StageAnswer | undefined> {
  target.fetching.limits.set(slowly);
  let done = false;
  const [answer] = await target.answers([{ path }], (line) => {
    if (done || line.kind !== 'progress' || line.done === 0) return;
    done = true;
    void (async () => {
      await meanwhile();
      target.fetching.limits.set({});
    })();
  });
  expect(done).toBe(true);
  return answer;
}

describe('a file that changes while it travels', () => {
  const before = bytesOf(1, 24 * megabyte);
  beforeEach(() => serving.write('film', before));

  /** Of these; whoever sent had perhaps read all of the one before by then. */
  async function expectWhole(answer: StageAnswer | undefined, ...versions: readonly Buffer[]): Promise<void> {
    if (answer?.kind !== 'staged') throw new Error(`it is ${answer?.kind}`);
    expect(versions.map((bytes) => sha256(bytes))).toContain(answer.sha256);
    expect(await target.staged(answer.sha256)).toBe(answer.sha256);
    await expect.poll(() => target.stageNames()).toEqual([answer.sha256]);
  }

  it('overwritten by another one: one of both is staged, and no mixture', async () => {
    const next = bytesOf(2, 24 * megabyte);
    await expectWhole(await whileItTravels('film', () => serving.write('film', next)), before, next);
  });

  it('cut: what was or what is left is staged', async () => {
    const answer = await whileItTravels('film', () => truncateSync(join(serving.folder, 'film'), 9 * megabyte));
    await expectWhole(answer, before, before.subarray(0, 9 * megabyte));
  });

  it('removed: it is missing, or all of it is there', async () => {
    const answer = await whileItTravels('film', () => rm(join(serving.folder, 'film')));
    if (answer?.kind !== 'missing') await expectWhole(answer, before);
    else await expect.poll(() => target.stageNames()).toEqual([]);
  });

  it('removed and made anew with the same bytes: it is staged', async () => {
    const answer = await whileItTravels('film', async () => {
      await rm(join(serving.folder, 'film'));
      serving.write('film', before);
    });
    await expectWhole(answer, before);
  });
});

describe('a transfer outlives', () => {
  const film = bytesOf(3, 24 * megabyte);
  const staged = { kind: 'staged', sha256: sha256(film) };
  beforeEach(() => serving.write('film', film));
  const small = Array.from({ length: 50 }, (_, index) => `small ${index}`);

  it('aria2, killed', async () => {
    const answer = await whileItTravels('film', async () => {
      const pid = await target.aria2.pid();
      if (pid) process.kill(pid, 'SIGKILL');
    });
    expect(answer).toMatchObject(staged);
    expect(target.restarts).toHaveLength(1);
    expect(await target.staged(staged.sha256)).toBe(staged.sha256);
  });

  it('the files app itself: it goes on from where it was', async () => {
    target.fetching.limits.set(slowly);
    const ended: Promise<void>[] = [];
    const answers = target.answers([{ path: 'film' }], (line) => {
      if (line.kind === 'progress' && line.done > 4 * megabyte) ended[0] ??= target.close();
    });
    await expect(answers).rejects.toMatchObject({ code: 'ABORTED' });
    await Promise.all(ended);
    const before = serving.sent;
    await target.begin();
    expect(await target.answers([{ path: 'film' }])).toMatchObject([staged]);
    expect(serving.sent - before).toBeLessThan(22 * megabyte);
  });

  it('a network that is cut, and one that is slow', async () => {
    for (const name of small) serving.write(name, name);
    const answer = await whileItTravels('film', async () => {
      const heal = proxy.disturb({ kind: 'cut', who: () => true });
      await new Promise((resolve) => setTimeout(resolve, 500));
      heal();
      proxy.disturb({ kind: 'slow', delayMs: 50, who: () => true });
    });
    expect(answer).toMatchObject(staged);
    expect(await target.answers(small.map((path) => ({ path })))).toMatchObject(small.map(() => ({ kind: 'staged' })));
  });

  it('nobody: a region that stays away is told', async () => {
    proxy.disturb({ kind: 'cut', who: () => true });
    expect(await target.answers([{ path: 'film' }])).toMatchObject([{ kind: 'refused', code: 'FILES_UNAVAILABLE' }]);
  });
});

describe('a loader', () => {
  let door: Serving;
  beforeEach(async () => {
    const { fetching } = target;
    const fetch = { stage: fetching.stage.bind(fetching), compare: fetching.compare.bind(fetching), close: () => Promise.resolve() };
    door = await Serving.start({ rooms: { fetch, place: {} as PlaceRoom } });
  });
  afterEach(() => door.close());

  it('that is gone ends what nobody else waits for', async () => {
    serving.write('film', bytesOf(1, 24 * megabyte));
    target.fetching.limits.set({ a: megabyte });
    const gone = new AbortController();
    const staging = (async () => {
      for await (const line of door.client().stage(requestOf([{ path: 'film' }]), gone.signal))
        if (line.kind === 'progress' && line.done > 0) gone.abort();
    })();
    await expect(staging).rejects.toMatchObject({ code: 'ABORTED' });
    await expect.poll(() => target.running, { timeout: 20_000 }).toBe(0);
  });

  it('is answered, and what is at both places is compared', async () => {
    serving.write('same', 'bytes');
    serving.write('other', 'more');
    writeFileSync(join(target.folder, 'same'), 'bytes');
    writeFileSync(join(target.folder, 'other'), 'BYTES');
    const kinds: string[] = [];
    for await (const line of door
      .client()
      .stage(requestOf([{ path: 'same' }, { path: 'other' }, { path: 'none' }]), new AbortController().signal))
      kinds.push(line.kind === 'staged' ? line.way : line.kind);
    expect(kinds.toSorted()).toEqual(['missing', 'same', 'sent']);
    const files = ['same', 'other', 'none'].map((path) => ({ path, hash: null }));
    expect(await door.client().compare({ sourceRegion: 'a', root: 'pics', files })).toEqual({ differs: [null, 'different', 'missing'] });
  });
});
