/**
 * Places files in a root, for its loaders: all of a transaction's or none, durable before it answers, taken back as a whole if the
 * transaction is. One thing after the other, so that a fence is answered when nothing older is under way, and a path is not placed and
 * deleted at once. It must be alone: lock.ts. docs/decisions/0035-files.md.
 */
import * as fs from 'node:fs/promises';
import type {
  DeleteAnswer,
  DeleteRequest,
  FenceAnswer,
  FenceRequest,
  ListAnswer,
  ListRequest,
  PlaceAnswer,
  PlaceRequest,
  PlacedFile,
  SettleRequest,
  UnplaceRequest,
} from '@lutra/files';
import { SyncError, type PipelineUid } from '@lutra/model';
import { hashFile, ofDisk } from './disk.js';
import { Fences } from './fences.js';
import { Marks } from './marks.js';
import { moveIn, moveOut } from './move.js';
import { OpenPlacings } from './open-placings.js';
import { prepare, type Prepared } from './prepare.js';
import { finishAway, purge, sweepOne, takeAway } from './trash.js';
import { Tree, type RootOptions } from './tree.js';
import { NotStaged, type Placing } from './undo.js';
import { listFiles } from './walk.js';

export class RootPlaces {
  readonly #tree: Tree;
  readonly #open: OpenPlacings;
  readonly #fences: Fences;
  readonly #marks = new Marks();
  #isClosed = false;
  /** Of what is under way, one behind the other. */
  #last: Promise<unknown> = Promise.resolve();
  #sweeping: Promise<unknown> = Promise.resolve();

  private constructor(tree: Tree, open: OpenPlacings) {
    this.#tree = tree;
    this.#open = open;
    this.#fences = new Fences(tree);
  }

  static async open(options: Pick<RootOptions, 'root' | 'path' | 'mode'> & Partial<RootOptions>): Promise<RootPlaces> {
    try {
      const [tree, placings] = await Tree.open({ disk: fs, hash: hashFile, ...options });
      const places = new RootPlaces(tree, new OpenPlacings(placings));
      await places.#sweep().catch(async (error: unknown) => {
        await tree.close();
        throw error;
      });
      return places;
    } catch (error) {
      throw ofDisk(error, { root: options.root });
    }
  }

  async place(request: PlaceRequest): Promise<PlaceAnswer> {
    return await this.#alone(async () => {
      await this.#admit(request);
      this.#fences.refuseLate(request);
      for (const { path } of request.files) this.#marks.void(path);
      const open = this.#open.find(request);
      const again = open && (await this.#again(open, request));
      const end = again ? { placing: again } : await this.#anew(request, open).catch(notStaged);
      if ('notStaged' in end) return { placed: [], ...end };
      const placed = new Map(end.placing.entries.map((entry) => [entry.path, this.#answerOf(entry)]));
      return { placed: request.files.map(({ path }) => placed.get(path) as PlacedFile), notStaged: [] };
    });
  }

  async unplace(request: UnplaceRequest): Promise<void> {
    await this.#alone(async () => {
      await this.#admit(request);
      const placing = this.#open.find(request);
      if (placing) await this.#takeBack(placing);
      const isOfOlderOwner = placing !== undefined && placing.epoch < request.epoch; // whose requests are refused, however late
      if (!isOfOlderOwner) this.#fences.pass(request);
    });
  }

  async settle(request: SettleRequest): Promise<void> {
    await this.#alone(async () => {
      await this.#admit(request);
      for (const placing of this.#open.upTo(request)) {
        await this.#tree.undo.done(placing);
        this.#open.remove(placing);
      }
      this.#fences.pass(request);
    });
    await this.#sweep();
  }

  async fence(request: FenceRequest): Promise<FenceAnswer> {
    return await this.#alone(async () => {
      await this.#fences.raise(request);
      return { open: this.#open.of(request.pipeline).map(({ n }) => n) };
    });
  }

  async delete(request: DeleteRequest): Promise<DeleteAnswer> {
    const { path, placed, way, mark } = request;
    this.#tree.checkPath(path);
    const taken = await this.#alone(async () => {
      await this.#admit(request);
      if (this.#open.names(path)) return 'busy';
      if (mark === null) return { mark: this.#marks.give(path) };
      if (!this.#marks.take(path, mark)) return 'busy';
      return await this.#tree.about(path, async () => await takeAway(this.#tree, path, placed));
    });
    if (typeof taken === 'string') return { outcome: taken };
    if ('mark' in taken) return { outcome: 'marked', ...taken };
    await this.#tree.about(path, async () => await finishAway(this.#tree, taken.name, way));
    return { outcome: 'deleted' };
  }

  /** Beside what is under way: it reads a whole tree. */
  async list(request: ListRequest): Promise<ListAnswer> {
    const { files, ...walked } = await listFiles(this.#tree.folder, request);
    return { ...walked, files: files.filter(({ path }) => !this.#open.names(path)) };
  }

  /** Removes from the trash what is older than seven days. */
  async purge(now: number): Promise<void> {
    await purge(this.#tree, now);
  }

  /** Ends when nothing is under way any more; whoever comes later is sent to another one. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#last;
    await this.#sweeping;
    await this.#tree.close();
  }

  async #admit(request: { readonly pipeline: PipelineUid; readonly epoch: number }): Promise<void> {
    await this.#fences.admit(request, this.#open.of(request.pipeline).length > 0);
  }

  /** The answer was lost, or we were killed. Null: it is another placing, or cannot be ended as it was begun. */
  async #again(placing: Placing, request: PlaceRequest): Promise<Placing | null> {
    const wanted = new Map(request.files.map(({ path, sha256 }) => [path, sha256]));
    const isIt = wanted.size === placing.entries.length && placing.entries.every(({ path, sha256 }) => wanted.get(path) === sha256);
    if (!isIt) return null;
    return await moveIn(this.#tree, placing).then(
      () => placing,
      () => null,
    );
  }

  async #anew(request: PlaceRequest, open: Placing | undefined): Promise<Prepared> {
    if (open) await this.#takeBack(open);
    const isElsewhere = (path: string): boolean => this.#open.isPlacedBySomebodyElse(path, request.pipeline);
    const prepared = await prepare(this.#tree, request, isElsewhere).catch(async (error: unknown) => {
      await this.#sweep().catch(() => undefined); // its copies take room; the next sweep tries again
      throw error;
    });
    if ('notStaged' in prepared) return prepared;
    this.#open.add(prepared.placing);
    try {
      await moveIn(this.#tree, prepared.placing);
    } catch (error) {
      await this.#takeBack(prepared.placing);
      throw error;
    }
    return prepared;
  }

  async #takeBack(placing: Placing): Promise<void> {
    await moveOut(this.#tree, placing, (entry) => this.#open.others(entry.path, placing));
    await this.#tree.undo.done(placing);
    this.#open.remove(placing);
    await this.#sweep();
  }

  #answerOf({ path, sha256, size, mtimeNs, dev, ino }: Placing['entries'][number]): PlacedFile {
    return { root: this.#tree.root, path, sha256, size, mtimeNs, dev, ino };
  }

  async #sweep(): Promise<void> {
    const swept = this.#sweeping.then(async () => await this.#tree.undo.sweep(async (file) => await sweepOne(this.#tree, file)));
    this.#sweeping = swept.catch(() => undefined); // told to whoever waits for this one; the next one tries again
    await swept;
  }

  async #alone<T>(work: () => Promise<T>): Promise<T> {
    const { root } = this.#tree;
    const result = this.#last.then(async () => {
      if (this.#isClosed) throw new SyncError('FILES_UNAVAILABLE', `this files app does not place in root ${root} any more`);
      return await work();
    });
    this.#last = result.catch(() => undefined); // told to its caller
    return await result.catch((error: unknown) => {
      throw ofDisk(error, { root });
    });
  }
}

/** Staged bytes may go as long as they are not placed. */
function notStaged(error: unknown): { readonly notStaged: readonly string[] } {
  if (error instanceof NotStaged) return { notStaged: [error.path] };
  throw error;
}
