/** A root on a real disk, and a disk that stops at a chosen call: what was done before it stays, as after a kill. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { DeleteAnswer, DeleteRequest, PlaceAnswer, PlaceRequest, StagedFile } from '@lutra/files';
import { pipelineUidSchema, type PipelineUid } from '@lutra/model';
import { afterEach, beforeEach } from 'vitest';
import type { Disk } from './disk.js';
import { RootPlaces } from './root-places.js';
import type { RootOptions } from './tree.js';

export const uid = (name: string): PipelineUid => pipelineUidSchema.parse(name.padEnd(12, 'x'));
export const a = uid('a');
export const b = uid('b');

export const sha256 = (bytes: string): string => createHash('sha256').update(bytes).digest('hex');

const mtimeNs = '1700000000000000000';

export class TestRoot {
  readonly path: string;

  /** In memory, unless it is to be on a disk: what is killed here is the process. */
  constructor(where = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()) {
    this.path = mkdtempSync(join(where, 'lutra-place-'));
    mkdirSync(join(this.path, '.lutra/stage'), { recursive: true });
  }

  async open(options: Partial<RootOptions> = {}): Promise<RootPlaces> {
    return await RootPlaces.open({ root: 'pics', path: this.path, ...options });
  }

  stage(bytes: string): void {
    writeFileSync(join(this.path, '.lutra/stage', sha256(bytes)), bytes);
  }

  write(path: string, bytes: string): void {
    mkdirSync(dirname(join(this.path, path)), { recursive: true });
    writeFileSync(join(this.path, path), bytes);
  }

  /** path → bytes, of the users' files. */
  files(): Record<string, string> {
    const names = readdirSync(this.path, { recursive: true, encoding: 'utf8' }).filter((name) => !name.startsWith('.lutra'));
    const files = names.filter((name) => statSync(join(this.path, name)).isFile());
    return Object.fromEntries(files.sort().map((name) => [name, readFileSync(join(this.path, name), 'utf8')]));
  }

  folders(): readonly string[] {
    const names = readdirSync(this.path, { recursive: true, encoding: 'utf8' }).filter((name) => !name.startsWith('.lutra'));
    return names.filter((name) => statSync(join(this.path, name)).isDirectory()).sort();
  }

  /** Names in a folder of ours. */
  own(folder: string): readonly string[] {
    const path = join(this.path, '.lutra', folder);
    return existsSync(path) ? readdirSync(path).sort() : [];
  }

  /** Bytes in a folder of ours. */
  ownBytes(folder: string): readonly string[] {
    return this.own(folder)
      .map((name) => readFileSync(join(this.path, '.lutra', folder, name), 'utf8'))
      .sort();
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

export function file(path: string, bytes: string): StagedFile {
  return { root: 'pics', path, sha256: sha256(bytes), size: Buffer.byteLength(bytes), mtimeNs };
}

interface PlaceCall {
  readonly n: number;
  readonly files: readonly StagedFile[];
  readonly pipeline?: PipelineUid;
  readonly epoch?: number;
}

export function request({ n, files, pipeline = a, epoch = 1 }: PlaceCall): PlaceRequest {
  return { root: 'pics', pipeline, epoch, n, files };
}

export const call = (n: number, pipeline = a, epoch = 1): { root: string; pipeline: PipelineUid; epoch: number; n: number } => ({
  root: 'pics',
  pipeline,
  epoch,
  n,
});

/** path → bytes: staged, then placed. */
export async function placing(
  { root, places }: { readonly root: TestRoot; readonly places: RootPlaces },
  { n, files, pipeline = a }: { readonly n: number; readonly files: Readonly<Record<string, string>>; readonly pipeline?: PipelineUid },
): Promise<PlaceAnswer> {
  for (const bytes of Object.values(files)) root.stage(bytes);
  return await places.place(request({ n, pipeline, files: Object.entries(files).map(([path, bytes]) => file(path, bytes)) }));
}

interface Here {
  readonly root: TestRoot;
  readonly places: RootPlaces;
}

/** A root for each test; a test may open it again. Answers what places files by path and bytes. */
export function useRoot(
  take: (made: Here) => void,
  here: () => Here,
): (n: number, files: Record<string, string>, pipeline?: PipelineUid) => Promise<PlaceAnswer> {
  beforeEach(async () => {
    const root = new TestRoot();
    take({ root, places: await root.open() });
  });
  afterEach(async () => {
    const { root, places } = here();
    await places.close();
    root.remove();
  });
  return (n, files, pipeline = a) => placing(here(), { n, files, pipeline });
}

/** With a mark of its own. */
export async function remove(places: RootPlaces, request: Omit<DeleteRequest, 'mark'>): Promise<DeleteAnswer['outcome']> {
  const answer = await places.delete({ ...request, mark: null });
  return answer.outcome === 'marked' ? (await places.delete({ ...request, mark: answer.mark })).outcome : answer.outcome;
}

export class Killed extends Error {}

export type Failure = 'killed' | 'fails once' | 'is full';

/** What needs room. */
const growing = ['mkdir', 'writeFile', 'link', 'copyFile'];

/**
 * Counts what changes the disk. From call `at` on: killed · nothing is done any more; calls that are under way then land · fails once ·
 * that call does · is full · nothing new is made.
 */
export class StoppingDisk {
  readonly calls: string[] = [];
  readonly at: number;
  readonly #failure: Failure;
  readonly #handles: FileHandle[] = [];

  constructor(at = Infinity, failure: Failure = 'killed') {
    this.at = at;
    this.#failure = failure;
  }

  get disk(): Disk {
    return new Proxy<Disk>(fs, {
      get:
        (target, name: keyof Disk) =>
        async (...args: unknown[]) => {
          this.#count(name, args);
          const result: unknown = await Reflect.apply(target[name], target, args);
          return name === 'open' ? this.#handle(result as FileHandle) : result;
        },
    });
  }

  /** As a process that is dead. */
  async close(): Promise<void> {
    for (const file of this.#handles) if (file.fd >= 0) await file.close();
  }

  #count(name: string, args: readonly unknown[]): void {
    const isChange = !['open', 'lstat', 'readdir', 'readFile'].includes(name);
    const late = this.calls.length - this.at;
    if (this.#failure === 'killed' && late >= 0) throw new Killed(name);
    if (!isChange) return;
    this.calls.push([name, ...args.filter((arg) => typeof arg === 'string').map((arg) => arg.split('/').at(-1))].join(' '));
    const isFull = this.#failure === 'is full' && late >= 0 && growing.includes(name);
    if (isFull || (this.#failure === 'fails once' && late === 0)) throw Object.assign(new Error(name), { code: 'ENOSPC', syscall: name });
  }

  #handle(file: FileHandle): FileHandle {
    this.#handles.push(file);
    return new Proxy(file, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) => {
          if (name === 'sync' || name === 'utimes' || name === 'chmod') this.#count(name, []);
          return Reflect.apply(value, target, args) as unknown;
        };
      },
    });
  }
}
