/** A source region and an aria2 in memory, which fail as they are told. The disk of the target is a real folder. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DownloadFailure } from '@lutra/files';
import type { DownloadFailureKind, DownloadOrder, ManifestEntry, StageAnswer, StageProgress, StageRequest, WantedFile } from '@lutra/files';
import { SyncError, fileRuleSchema, newPipelineUid } from '@lutra/model';
import { sleep } from '@lutra/runtime';
import { Metrics } from '@lutra/telemetry';
import { FileHashes } from '../serve/file-hashes.js';
import { Root } from '../serve/root.js';
import { Fetching } from './fetching.js';
import type { FetchingParts } from './fetching.js';
import type { Downloads, SourceRegions } from './ports.js';

export const sha256 = (bytes: string | Buffer): string => createHash('sha256').update(bytes).digest('hex');

interface SourceFile {
  readonly bytes: Buffer;
  readonly version: number;
}

/** What a URL or a token opens: a version of a file. Packs: several. */
interface Opened {
  readonly path: string;
  readonly version: number;
}

/** Serves what it has; each request goes through `before` first, which may fail or change something. */
export class MemorySource implements SourceRegions {
  readonly files = new Map<string, SourceFile>();
  /** Paths and hashes that rows name no more. */
  readonly unnamed = new Set<string>();
  /** Answers other than what the files are. */
  readonly answers = new Map<string, ManifestEntry[]>();
  readonly asked: string[] = [];
  before: (what: 'manifest' | 'pack' | 'named' | 'get') => Promise<void> | void = () => undefined;
  readonly #packs = new Map<string, readonly Opened[]>();
  #versions = 0;

  write(path: string, bytes: string | Buffer): void {
    this.#versions += 1;
    this.files.set(path, { bytes: Buffer.from(bytes), version: this.#versions });
  }

  manifest: SourceRegions['manifest'] = async (_region, { root, paths }) => {
    this.asked.push(`manifest ${paths.length}`);
    await this.before('manifest');
    return { app: 'app', entries: paths.map((path) => this.answers.get(`${root} ${path}`)?.shift() ?? this.#entry(path)) };
  };

  pack: SourceRegions['pack'] = async (_app, { tokens }) => {
    this.asked.push(`pack ${tokens.length}`);
    await this.before('pack');
    const opened = tokens.map((token) => JSON.parse(token) as Opened);
    const files = opened.map((one) => this.#open(one));
    if (files.includes(null)) throw new SyncError('FILE_UNSTABLE', 'a member moved');
    const url = `pack ${this.#packs.size}`;
    this.#packs.set(url, opened);
    return { url, size: files.reduce((sum, file) => sum + (file?.length ?? 0), 0) };
  };

  named: SourceRegions['named'] = async (_region, { rows }) => {
    await this.before('named');
    const named = rows.map(({ path, hash }) => !this.unnamed.has(path) && !this.unnamed.has(hash ?? ''));
    return { named };
  };

  /** Null: one of them is another version. */
  get(url: string): Buffer | null {
    const opened = this.#packs.get(url) ?? [JSON.parse(url) as Opened];
    const parts = opened.map((one) => this.#open(one));
    return parts.some((part) => part === null) ? null : Buffer.concat(parts as Buffer[]);
  }

  #open({ path, version }: Opened): Buffer | null {
    const file = this.files.get(path);
    return file?.version === version ? file.bytes : null;
  }

  #entry(path: string): ManifestEntry {
    const file = this.files.get(path);
    if (!file) return { kind: 'missing' };
    const token = JSON.stringify({ path, version: file.version });
    return { kind: 'file', size: file.bytes.length, mtimeNs: '1700000000000000000', sha256: sha256(file.bytes), url: token, token };
  }
}

export class MemoryDownloads implements Downloads {
  readonly #source: MemorySource;
  readonly orders: DownloadOrder[] = [];
  readonly limits = new Map<string, number | null>();
  running = 0;
  mostRunning = 0;
  /** A kind of failure, bytes that are changed on the way, or null: all is well. */
  fate: (order: DownloadOrder) => Promise<DownloadFailureKind | 'flipped' | null> | DownloadFailureKind | 'flipped' | null = () => null;

  constructor(source: MemorySource) {
    this.#source = source;
  }

  async download(order: DownloadOrder): Promise<void> {
    this.orders.push(order);
    this.limits.set(order.gid, order.limitBytesPerSecond);
    this.running += 1;
    this.mostRunning = Math.max(this.mostRunning, this.running);
    try {
      await this.#download(order);
    } finally {
      this.running -= 1;
    }
  }

  setLimit(gid: string, bytesPerSecond: number | null): void {
    this.limits.set(gid, bytesPerSecond);
  }

  async #download({ urls: [url = ''], dir, out, sha256: wanted, size, signal, onProgress }: DownloadOrder): Promise<void> {
    const order = this.orders.at(-1) as DownloadOrder;
    await this.#source.before('get');
    const fate = await this.fate(order);
    await sleep(0, signal);
    if (fate !== null && fate !== 'flipped') throw new DownloadFailure(fate, `told to be ${fate}`);
    const bytes = this.#source.get(url);
    if (bytes?.length !== size) throw new DownloadFailure('changed', 'another file is there');
    const sent = Buffer.from(bytes);
    if (fate === 'flipped') sent[size - 1] = ~(sent[size - 1] ?? 0);
    onProgress(size, 1_000_000);
    await writeFile(join(dir, out), sent);
    if (wanted !== null && sha256(sent) !== wanted) throw new DownloadFailure('checksum', 'other bytes');
  }
}

const rule = fileRuleSchema.parse({ root: 'pics', path: '{image}' });
const row = { endpoint: 'e', database: 'd', table: 't', key: { id: '1' }, rule };

export interface Wanted {
  readonly path: string;
  readonly hash?: string | null;
  readonly root?: string;
}

/** With a root `pics` in a folder of its own. */
export class FetchBed {
  readonly source = new MemorySource();
  readonly downloads = new MemoryDownloads(this.source);
  readonly metrics = new Metrics('files', { processMetrics: false });
  readonly folder: string;
  readonly #more: Partial<FetchingParts>;
  fetching: Fetching;

  static async make(more: Partial<FetchingParts> & { readonly maxBytes?: number } = {}): Promise<FetchBed> {
    return new FetchBed(await mkdtemp(join(tmpdir(), 'lutra-fetch-')), more);
  }

  private constructor(folder: string, { maxBytes, ...more }: Partial<FetchingParts> & { readonly maxBytes?: number }) {
    this.folder = folder;
    const settings = { name: 'pics', path: folder, maxBytes: maxBytes ?? null, mode: null, serveOnly: false };
    this.#more = { roots: new Map([['pics', new Root(settings)]]), ...more };
    this.fetching = this.#start();
  }

  /** As if the process had ended. */
  restart(): void {
    this.fetching.close();
    this.fetching = this.#start();
  }

  async end(): Promise<void> {
    this.fetching.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  async put(path: string, bytes: string | Buffer): Promise<void> {
    await mkdir(dirname(join(this.folder, path)), { recursive: true });
    await writeFile(join(this.folder, path), bytes);
  }

  /** Its answers in the order of the files. */
  async answers(wanted: readonly Wanted[], signal = new AbortController().signal): Promise<readonly StageAnswer[]> {
    const answers: StageAnswer[] = [];
    for await (const line of this.lines(wanted, signal)) if (line.kind !== 'progress') answers.push(line);
    return answers.toSorted((one, other) => one.id - other.id);
  }

  lines(wanted: readonly Wanted[], signal = new AbortController().signal): AsyncIterable<StageAnswer | StageProgress> {
    return this.fetching.stage(requestOf(wanted), signal);
  }

  staged(hash: string): Promise<Buffer> {
    return readFile(join(this.folder, '.lutra/stage', hash));
  }

  stageNames(): Promise<readonly string[]> {
    return readdir(join(this.folder, '.lutra/stage'));
  }

  #start(): Fetching {
    return new Fetching({
      region: 'b',
      roots: new Map(),
      hashes: new FileHashes(),
      source: this.source,
      downloads: this.downloads,
      metrics: this.metrics,
      onError: (error) => {
        throw error;
      },
      isPlacing: () => true,
      stageKeptMs: 3_600_000,
      patience: { patienceMs: 60_000, firstPauseMs: 1 },
      diskSize: () => Promise.resolve({ freeBytes: 2 ** 45, totalBytes: 2 ** 46 }),
      ...this.#more,
    });
  }
}

const pipeline = newPipelineUid();

export function requestOf(wanted: readonly Wanted[]): StageRequest {
  const files = wanted.map(({ path, hash = null, root = 'pics' }, id): WantedFile => ({ id, root, path, hash, row }));
  return { pipeline, sourceRegion: 'a', files };
}
