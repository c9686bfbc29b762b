/** Downloads while aria2 is killed and stopped, connections are lost and the source fails at random: each ends, with its bytes. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { aria2c } from '../../../../test/servers/index.js';
import { Aria2 } from './aria2.js';
import { DownloadFailure } from './download-failure.js';
import { file, sha256, Source, status } from './source.fixture.js';

const forMs = 30_000;
const kinds = ['expired', 'network', 'aria2', 'checksum'];

test('whatever happens to aria2 and to the source, a download ends, and what is there is whole', { timeout: 300_000 }, async () => {
  const program = await aria2c(() => undefined);
  const restarts: string[] = [];
  const aria2 = await Aria2.start({ program, slots: 16, silentMs: 2_000, onRestart: (why) => restarts.push(why) });
  const source = await Source.start();
  const dir = await mkdtemp(join(tmpdir(), 'lutra-test-'));
  const stop = new AbortController();
  const seen = new Map<string, number>();
  let done = 0;

  /** Until it is there; what fails is ordered again. */
  async function one(n: number): Promise<void> {
    const bytes = randomBytes(1 + Math.floor(2 ** (Math.random() * 23)));
    const whole = file(() => bytes);
    const url = source.at(`/${n}`, (request, response) => {
      const chance = Math.random();
      if (chance < 0.05) return status(503)(request, response);
      if (chance < 0.1) return status(403)(request, response);
      if (chance < 0.15) return void response.socket?.destroy();
      whole(request, response);
    });
    const out = `f${n}`;
    const order = {
      gid: n.toString(16).padStart(16, '0'),
      urls: [url],
      dir,
      out,
      sha256: n % 3 === 0 ? null : sha256(bytes),
      size: bytes.length,
      split: 1 + (n % 4),
      limitBytesPerSecond: n % 5 === 0 ? 2 ** 20 : null,
      signal: new AbortController().signal,
      onProgress: () => undefined,
    };
    for (;;) {
      try {
        await aria2.download(order);
        break;
      } catch (error) {
        if (!(error instanceof DownloadFailure)) throw error;
        expect(kinds, error.message).toContain(error.kind);
        await delay(50);
        seen.set(error.kind, (seen.get(error.kind) ?? 0) + 1);
      }
    }
    expect(sha256(await readFile(join(dir, out)))).toBe(sha256(bytes));
    await rm(join(dir, out));
    done += 1;
  }

  async function worker(first: number): Promise<void> {
    for (let n = first; !stop.signal.aborted; n += 24) await one(n);
  }

  async function chaos(): Promise<void> {
    while (!stop.signal.aborted) {
      await delay(Math.random() * 3_000);
      const pid = await aria2.pid().catch(() => undefined); // it is just starting again
      if (pid !== undefined) process.kill(pid, Math.random() < 0.7 ? 'SIGKILL' : 'SIGSTOP');
    }
  }

  try {
    const trouble = chaos().catch(() => undefined); // aria2 may have gone before it was struck
    const workers = Promise.all(Array.from({ length: 24 }, (_, i) => worker(i + 1)));
    await Promise.race([delay(forMs), workers]);
    stop.abort();
    await trouble;
    await workers;
    console.log(`${done} files, ${restarts.length} restarts, failures ${JSON.stringify(Object.fromEntries(seen))}`);
    expect(restarts.length).toBeGreaterThan(5);
    expect(await readdir(dir)).toEqual([]);
  } finally {
    await aria2.close();
    await source.close();
    await rm(dir, { recursive: true, force: true });
  }
});
