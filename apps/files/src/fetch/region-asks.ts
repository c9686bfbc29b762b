/** What a source region is asked about files: its manifest, and whether a row there still names a file. In batches. */
import type { ManifestEntry, NamedRequest } from '@lutra/files';
import { Batches } from './batches.js';
import type { SourceRegions } from './ports.js';

/** Paths or rows of one request. */
const most = 1_000;
/** Requests under way to one root of one region: one is answered while the next travels. */
const atOnce = 4;

interface Question {
  readonly path: string;
  /** That the row carries. */
  readonly hash: string | null;
}

export interface AskedFile extends Question {
  readonly region: string;
  readonly root: string;
}

export interface AnsweredFile {
  readonly entry: ManifestEntry;
  /** URL of the files app that answered. */
  readonly app: string;
  /** By performance.now(). */
  readonly askedAt: number;
}

export type NamedRow = NamedRequest['rows'][number];

export class RegionAsks {
  readonly #source: SourceRegions;
  readonly #signal: AbortSignal;
  readonly #manifests = new Map<string, Batches<Question, AnsweredFile>>();
  readonly #named = new Map<string, Batches<NamedRow, boolean>>();
  #rows = 0;

  constructor(source: SourceRegions, signal: AbortSignal) {
    this.#source = source;
    this.#signal = signal;
  }

  manifest({ region, root, path, hash }: AskedFile, signal: AbortSignal): Promise<AnsweredFile> {
    const key = `${region} ${root}`;
    const batches = this.#manifests.get(key) ?? this.#manifestsOf(region, root);
    this.#manifests.set(key, batches);
    return batches.ask(`${hash ?? ''} ${path}`, { path, hash }, signal);
  }

  named(region: string, row: NamedRow, signal: AbortSignal): Promise<boolean> {
    const batches = this.#named.get(region) ?? this.#namedOf(region);
    this.#named.set(region, batches);
    this.#rows += 1; // no two rows are one question
    return batches.ask(String(this.#rows), row, signal);
  }

  #manifestsOf(region: string, root: string): Batches<Question, AnsweredFile> {
    const send = async (asked: readonly Question[], signal: AbortSignal): Promise<readonly AnsweredFile[]> => {
      const hashes = asked.map(({ hash }) => hash);
      const paths = asked.map(({ path }) => path);
      const askedAt = performance.now();
      const request = { root, paths, ...(hashes.some((hash) => hash !== null) && { hashes }) };
      const { app, entries } = await this.#source.manifest(region, request, signal);
      return entries.map((entry) => ({ entry, app, askedAt }));
    };
    return new Batches({ most, atOnce, send, signal: this.#signal });
  }

  #namedOf(region: string): Batches<NamedRow, boolean> {
    const send = async (rows: readonly NamedRow[], signal: AbortSignal): Promise<readonly boolean[]> =>
      (await this.#source.named(region, { rows }, signal)).named;
    return new Batches({ most, atOnce, send, signal: this.#signal });
  }
}
