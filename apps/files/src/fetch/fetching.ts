/**
 * The fetching half of the files app: files that rows of other regions name, brought into the stage of a root, verified, before their rows
 * are committed. What is in the stage and wanted by nobody for an hour is removed.
 */
import type { CompareAnswer, CompareRequest, StageAnswer, StageProgress, StageRequest } from '@lutra/files';
import { SyncError, toSyncError } from '@lutra/model';
import type { Metrics } from '@lutra/telemetry';
import { Carrier } from './carrier.js';
import { compareFiles } from './compare-files.js';
import { KnownCopies } from './known-copies.js';
import { LocalBytes } from './local-bytes.js';
import { usualPatience } from './patience.js';
import type { PatienceTimes } from './patience.js';
import type { Downloads, OwnHashes, OwnRoots, SourceRegions } from './ports.js';
import { RegionAsks } from './region-asks.js';
import { RegionLimits } from './region-limits.js';
import { Space } from './space.js';
import type { DiskSize } from './space.js';
import { StageFolder } from './stage-folder.js';
import { stageFiles } from './stage-requests.js';
import type { WantParts } from './stage-want.js';
import { Transfers } from './transfers.js';

export interface FetchingParts {
  /** Of this app. */
  readonly region: string;
  readonly roots: OwnRoots;
  readonly hashes: OwnHashes;
  readonly source: SourceRegions;
  readonly downloads: Downloads;
  readonly metrics: Pick<Metrics, 'files' | 'fileBytes' | 'fileStageBytes' | 'rootFreeBytes'>;
  onError(error: SyncError): void;
  /** The stage of such a root is ours. */
  isPlacing(root: string): boolean;
  readonly stageKeptMs: number;
  readonly patience?: PatienceTimes;
  readonly diskSize?: (path: string) => Promise<DiskSize>;
}

/** Between two looks at the stages and the disks. */
const tidyMs = 60_000;

export class Fetching {
  /** Bytes a second, by source region. */
  readonly limits: RegionLimits;
  readonly #parts: FetchingParts;
  readonly #closing = new AbortController();
  readonly #stages = new Map<string, StageFolder>();
  readonly #space: Space;
  readonly #want: WantParts;
  readonly #tidy: NodeJS.Timeout;

  constructor(parts: FetchingParts) {
    const { roots, hashes, source, downloads, patience = usualPatience } = parts;
    const { signal } = this.#closing;
    this.#parts = parts;
    this.limits = new RegionLimits(downloads);
    this.#space = new Space(roots, parts.diskSize);
    const stage = (root: string): StageFolder => this.#stageOf(root);
    const asks = new RegionAsks(source, signal);
    const copies = new KnownCopies();
    const local = new LocalBytes({ roots, hashes, copies, space: this.#space, stage, signal });
    const onBytes = (root: string, bytes: number): void => parts.metrics.fileBytes.inc({ name: this.#name(root), way: 'received' }, bytes);
    const carrier = new Carrier({ downloads, limits: this.limits, space: this.#space, patience, stage, onBytes });
    const transfers = new Transfers({ source, carrier, patience, stage, signal });
    this.#want = { roots, asks, local, copies, transfers, patience };
    this.#tidy = setInterval(() => void this.tidy(Date.now() - parts.stageKeptMs), tidyMs);
    void this.tidy(Date.now() - parts.stageKeptMs);
  }

  /** Ends when all are answered. @throws SyncError ABORTED */
  stage(request: StageRequest, signal: AbortSignal): AsyncIterable<StageAnswer | StageProgress> {
    const until = AbortSignal.any([signal, this.#closing.signal]);
    return stageFiles(this.#want, request, { signal: until, onAnswer: (root, answer) => this.#count(root, answer) });
  }

  /** @throws SyncError FILES_UNAVAILABLE, FILE_ROOT_UNKNOWN, ABORTED */
  compare(request: CompareRequest): Promise<CompareAnswer> {
    return compareFiles({ ...this.#want, hashes: this.#parts.hashes }, request, this.#closing.signal);
  }

  /** Removes from the stages what nobody wanted since then. Of a root that others place in by now nothing is touched. */
  async tidy(before: number): Promise<void> {
    const { roots, metrics, isPlacing } = this.#parts;
    for (const name of roots.keys())
      try {
        if (isPlacing(name)) metrics.fileStageBytes.set({ name: this.#name(name) }, await this.#stageOf(name).clear(before));
        metrics.rootFreeBytes.set({ name: this.#name(name) }, (await this.#space.of(name)).freeBytes);
      } catch (error) {
        this.#parts.onError(toSyncError(error));
      }
  }

  close(): void {
    clearInterval(this.#tidy);
    this.#closing.abort(new SyncError('ABORTED', 'the files app ends'));
  }

  /** Of its lease and status. */
  #name(root: string): string {
    return `${this.#parts.region}.${root}`;
  }

  #count(root: string, answer: StageAnswer): void {
    this.#parts.metrics.files.inc({ name: this.#name(root), outcome: answer.kind === 'staged' ? answer.way : answer.kind });
  }

  #stageOf(name: string): StageFolder {
    const known = this.#stages.get(name);
    if (known) return known;
    const root = this.#parts.roots.get(name);
    if (!root) throw new SyncError('FILE_ROOT_UNKNOWN', `no root ${name} here`, { details: { root: name } });
    const stage = new StageFolder(root.path);
    this.#stages.set(name, stage);
    return stage;
  }
}
