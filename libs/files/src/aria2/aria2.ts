/**
 * Downloads by aria2, which is started here and started again when it dies or hangs: a download outlives it. At most `slots` are in aria2
 * at once, all of them at work; others wait here, in order. Addresses, hashes and what is done about a failure are the caller's.
 */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { aborted } from '@lutra/runtime';
import { type ActiveDownload, Aria2Session, SessionEnded } from './aria2-session.js';
import { Aria2Refusal } from './aria2-rpc.js';
import { DownloadFailure, type DownloadResult, failureOf } from './download-failure.js';
import { OwnFolder } from './own-folder.js';
import { type DownloadOrder, SharedDownload } from './shared-download.js';
import { Slots } from '../slots.js';

export interface Aria2Options {
  /** aria2c in the PATH, or a path. */
  readonly program: string;
  /** PEM of the authorities that may have signed a source's certificate. */
  readonly ca?: string | undefined;
  readonly slots?: number;
  /** Without an answer it is killed. */
  readonly silentMs?: number;
  /** Why it was started again. */
  readonly onRestart?: (why: string) => void;
}

const defaultSlots = 64;
const defaultSilentMs = 30_000;
/** Before each try to start it again. */
const restartPausesMs = [0, 1_000, 4_000];
/** A download that aria2 did not outlive so often has its part in it. */
const maxLives = 5;

export class Aria2 {
  readonly #options: Aria2Options;
  readonly #folder: OwnFolder;
  readonly #downloads = new Map<string, SharedDownload>();
  readonly #slots: Slots;
  readonly #closing = new AbortController();
  #session: Promise<Aria2Session> | undefined;

  /** @throws DownloadFailure aria2: it cannot be started */
  static async start(options: Aria2Options): Promise<Aria2> {
    const aria2 = new Aria2(options, await OwnFolder.make());
    try {
      if (options.ca !== undefined) await writeFile(aria2.#caFile, options.ca);
      await aria2.#running([0]);
      return aria2;
    } catch (error) {
      await aria2.close();
      throw error;
    }
  }

  private constructor(options: Aria2Options, folder: OwnFolder) {
    this.#options = options;
    this.#folder = folder;
    this.#slots = new Slots(options.slots ?? defaultSlots);
  }

  /** Of aria2c, for tests and figures. */
  async pid(): Promise<number | undefined> {
    return (await this.#session)?.pid;
  }

  /**
   * Resolves when the file is whole; aria2 has fsynced it, its folder is not. Whoever orders the same file shares the download that runs;
   * another file of the same gid waits for its end.
   * @throws DownloadFailure, SyncError ABORTED: nothing writes to the file any more, unless somebody else still wants it
   */
  async download(order: DownloadOrder): Promise<void> {
    for (;;) {
      if (order.signal.aborted) throw aborted(order.signal);
      if (this.#closing.signal.aborted) throw closed();
      const running = this.#downloads.get(order.gid);
      if (!running) return this.#begin(order).join(order);
      if (running.admits(order)) return running.join(order);
      await running.over;
    }
  }

  /** Of a download that runs. Null: no limit. */
  setLimit(gid: string, bytesPerSecond: number | null): void {
    const download = this.#downloads.get(gid);
    if (!download || download.limit === bytesPerSecond) return;
    download.limit = bytesPerSecond;
    void this.#session?.then(
      (session) => session.setLimit(gid, bytesPerSecond ?? 0),
      () => undefined, // the next one begins with it
    );
  }

  /** What runs rejects; it goes on when it is ordered again, of another process too. */
  async close(): Promise<void> {
    this.#closing.abort();
    const session = await this.#session?.catch(() => undefined); // it did not start: nothing is to be stopped
    await session?.stop();
    await Promise.all([...this.#downloads.values()].map(({ over }) => over));
    await this.#folder.remove();
  }

  get #caFile(): string {
    return join(this.#folder.path, 'ca.pem');
  }

  #begin(order: DownloadOrder): SharedDownload {
    const download = new SharedDownload(order);
    this.#downloads.set(order.gid, download);
    download.begin(async () => {
      try {
        const release = await this.#slots.take(AbortSignal.any([download.abandoned, this.#closing.signal]));
        await this.#perform(download).finally(release);
      } finally {
        this.#downloads.delete(order.gid);
      }
    });
    return download;
  }

  async #perform(download: SharedDownload): Promise<void> {
    if (download.order.sha256 === null) await removePart(download.order);
    for (let life = 1; ; life++) {
      const session = await this.#running();
      try {
        return await attempt(download, session);
      } catch (error) {
        if (error instanceof Aria2Refusal) throw new DownloadFailure('aria2', `aria2 does not take it: ${error.message}`);
        if (!(error instanceof SessionEnded)) throw error;
        if (this.#closing.signal.aborted) throw closed();
        if (life === maxLives) throw new DownloadFailure('aria2', `aria2 ended ${life} times during this download: ${error.message}`);
      }
    }
  }

  /** @throws DownloadFailure aria2 */
  #running(pausesMs = restartPausesMs): Promise<Aria2Session> {
    this.#session ??= this.#start(pausesMs).catch((error: unknown) => {
      this.#session = undefined;
      throw error;
    });
    return this.#session;
  }

  async #start(pausesMs: readonly number[]): Promise<Aria2Session> {
    const { program, ca, slots = defaultSlots, silentMs = defaultSilentMs } = this.#options;
    const caFile = ca === undefined ? undefined : this.#caFile;
    const onActive = (active: readonly ActiveDownload[]): void => this.#onActive(active);
    let failure: unknown;
    for (const pauseMs of pausesMs) {
      await delay(pauseMs);
      if (this.#closing.signal.aborted) throw closed();
      try {
        const session = await Aria2Session.start({ program, folder: this.#folder.path, caFile, maxDownloads: slots, silentMs, onActive });
        void session.ended.then((how) => this.#onEnded(how));
        return session;
      } catch (error) {
        failure = error;
      }
    }
    const text = failure instanceof Error ? failure.message : String(failure);
    throw new DownloadFailure('aria2', `aria2 cannot be started: ${text}`);
  }

  #onEnded(how: string): void {
    this.#session = undefined;
    if (this.#closing.signal.aborted) return;
    this.#options.onRestart?.(how);
    void this.#running().catch(() => undefined); // the next download tries again
  }

  #onActive(active: readonly ActiveDownload[]): void {
    for (const { gid, completedLength, downloadSpeed } of active) {
      this.#downloads.get(gid)?.progress(Number(completedLength), Number(downloadSpeed));
    }
  }
}

/** @throws DownloadFailure, SessionEnded, SyncError ABORTED */
async function attempt(download: SharedDownload, session: Aria2Session): Promise<void> {
  const { order, abandoned } = download;
  abandoned.throwIfAborted();
  const result = await session.download({ gid: order.gid, urls: order.urls, options: optionsOf(download), signal: abandoned });
  abandoned.throwIfAborted();
  const failure = verdict(result, order.size);
  if (failure?.kind === 'changed' && failure.status === undefined) await removePart(order); // no other try would take it
  if (failure) throw failure;
}

function optionsOf({ order, limit }: SharedDownload): Readonly<Record<string, string>> {
  const { dir, out, split, sha256 } = order;
  return {
    dir,
    out,
    split: String(split),
    'max-connection-per-server': String(split),
    'max-download-limit': String(limit ?? 0),
    ...(sha256 === null ? {} : { checksum: `sha-256=${sha256}` }),
  };
}

function verdict(result: DownloadResult, size: number): DownloadFailure | undefined {
  if (result.status !== 'complete') return failureOf(result);
  if (Number(result.completedLength) === size) return undefined;
  return new DownloadFailure('changed', `${result.completedLength} bytes came, not ${size}`);
}

async function removePart({ dir, out }: DownloadOrder): Promise<void> {
  const part = join(dir, out);
  await Promise.all([part, `${part}.aria2`].map((file) => rm(file, { force: true })));
}

function closed(): DownloadFailure {
  return new DownloadFailure('aria2', 'closed');
}
