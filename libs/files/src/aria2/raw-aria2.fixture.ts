/** aria2 as it is, without what Aria2 adds to it: a process and a connection. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Aria2Process } from './aria2-process.js';
import { Aria2Rpc } from './aria2-rpc.js';

const waitMs = 20_000;

export interface Ended {
  readonly status: string;
  readonly errorCode: string;
  readonly errorMessage: string;
}

export class RawAria2 {
  readonly process: Aria2Process;
  readonly dir: string;
  rpc!: Aria2Rpc;
  /** gids of notifications. */
  readonly heard: string[] = [];

  static async start(program: string, secret?: string): Promise<RawAria2> {
    const dir = await mkdtemp(join(tmpdir(), 'lutra-test-'));
    const raw = new RawAria2(await Aria2Process.spawn({ program, folder: dir, caFile: undefined, maxDownloads: 8 }), dir);
    await raw.connect(secret);
    return raw;
  }

  private constructor(process: Aria2Process, dir: string) {
    this.process = process;
    this.dir = dir;
  }

  async connect(secret = this.process.secret): Promise<void> {
    const { port } = this.process;
    for (const deadline = Date.now() + waitMs; ; await delay(50)) {
      try {
        this.rpc = await Aria2Rpc.open({ port, secret, silentMs: 10_000, onEnd: (gid) => this.heard.push(gid) });
        return;
      } catch (error) {
        if (Date.now() > deadline) throw error;
      }
    }
  }

  call(method: string, ...params: unknown[]): Promise<unknown> {
    return this.rpc.call(method, ...params);
  }

  async add(gid: string, url: string, options: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.call('addUri', [url], { dir: this.dir, out: 'part', gid, 'max-connection-per-server': '16', split: '1', ...options });
  }

  async status(gid: string, ...keys: string[]): Promise<Readonly<Record<string, string>>> {
    return (await this.call('tellStatus', gid, keys)) as Readonly<Record<string, string>>;
  }

  async ended(gid: string): Promise<Ended> {
    for (const deadline = Date.now() + waitMs; ; await delay(20)) {
      const now = (await this.call('tellStatus', gid, ['status', 'errorCode', 'errorMessage'])) as Ended;
      if (now.status !== 'active' && now.status !== 'waiting') return now;
      if (Date.now() > deadline) throw new Error(`${gid} is still ${now.status}`);
    }
  }

  /** Adds it, and waits for its end. */
  async fetch(gid: string, url: string, options: Readonly<Record<string, string>> = {}): Promise<Ended> {
    await this.add(gid, url, options);
    return this.ended(gid);
  }

  /** A part of the file and its control file. */
  async leavePart(gid: string, url: string): Promise<void> {
    await this.add(gid, url, { 'max-download-limit': String(2 ** 20) });
    for (let done = 0; done < 2 ** 20; await delay(20)) done = Number((await this.status(gid, 'completedLength'))['completedLength']);
    await this.call('forceRemove', gid);
    await this.ended(gid);
    await this.call('removeDownloadResult', gid);
  }

  async close(): Promise<void> {
    this.rpc.close();
    await this.process.kill();
    await rm(this.dir, { recursive: true, force: true });
  }
}
