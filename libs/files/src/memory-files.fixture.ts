/**
 * The files apps of one region and the trees of all of them, in memory: for tests of who uses them. It keeps the rules of protocol.ts: what
 * is staged is invisible, a placing is taken back or settled, a lower epoch is refused. Each step can be made to fail before it is done, or
 * after (then only its answer is lost).
 */
import { createHash } from 'node:crypto';
import { SyncError } from '@lutra/model';
import type { FileName } from '@lutra/model';
import type { FilesService } from './files-service.js';
import type {
  CompareAnswer,
  CompareRequest,
  DeleteAnswer,
  DeleteRequest,
  FenceAnswer,
  FenceRequest,
  ListAnswer,
  ListRequest,
  PlaceAnswer,
  PlacedFile,
  PlaceRequest,
  SettleRequest,
  StageAnswer,
  StageRequest,
  UnplaceRequest,
  WantedFile,
} from './protocol.js';

/** What a path holds: its bytes, and which file it is. */
export interface MemoryFile {
  readonly bytes: string;
  readonly ino: number;
}

interface OpenPlacing {
  readonly pipeline: string;
  readonly root: string;
  readonly n: number;
  /** In the order in which they were placed: what was there before, and what is there since; the same file where nothing was written. */
  readonly steps: readonly { readonly path: string; readonly before: MemoryFile | undefined; readonly after: MemoryFile }[];
}

type Step = keyof FilesService;

export class MemoryFiles implements FilesService {
  /** Of the source regions: root and path → bytes. A wanted file that is not there is missing, or superseded where `gone` has it. */
  readonly source = new Map<string, string>();
  readonly gone = new Set<string>();
  /** Of this region: root and path → what is there. */
  readonly tree = new Map<string, MemoryFile>();
  readonly trash: string[] = [];
  /** All that was asked, in order. */
  readonly log: string[] = [];
  readonly #staged = new Set<string>();
  readonly #open: OpenPlacing[] = [];
  readonly #fences = new Map<string, number>();
  /** By root and path: who asks may delete, as nobody has placed there since. */
  readonly #marks = new Map<string, string>();
  readonly #failures: { readonly step: Step; readonly when: 'before' | 'after'; readonly error: Error }[] = [];
  #held: PromiseWithResolvers<void> | null = null;
  #nextIno = 1;

  /** As `source` and `tree` are keyed. */
  static key({ root, path }: FileName): string {
    return `${root}/${path}`;
  }

  static sha256(bytes: string): string {
    return createHash('sha256').update(bytes).digest('hex');
  }

  /** The next such step fails: before it is done, or after, so that only its answer is lost. */
  fail(step: Step, when: 'before' | 'after' = 'before', error: Error = new SyncError('FILES_UNAVAILABLE', 'no files app answers')): void {
    this.#failures.push({ step, when, error });
  }

  /** Such steps fail no more. */
  heal(step: Step): void {
    const left = this.#failures.filter((failure) => failure.step !== step);
    this.#failures.splice(0, Infinity, ...left);
  }

  /** Nothing is staged until release(). */
  hold(): void {
    this.#held ??= Promise.withResolvers();
  }

  release(): void {
    this.#held?.resolve();
    this.#held = null;
  }

  /** An application writes at this region. */
  write(name: FileName, bytes: string): void {
    this.tree.set(MemoryFiles.key(name), this.#newFile(bytes));
  }

  bytesAt(name: FileName): string | undefined {
    return this.tree.get(MemoryFiles.key(name))?.bytes;
  }

  /** Numbers of the placings that are open, ascending. */
  open(pipeline: string): readonly number[] {
    const numbers = this.#open.filter((each) => each.pipeline === pipeline).map(({ n }) => n);
    return [...new Set(numbers)].toSorted((a, b) => a - b);
  }

  async *stage({ files }: StageRequest, signal: AbortSignal): AsyncGenerator<StageAnswer> {
    this.#step('stage', files.map(MemoryFiles.key).join(' '));
    for (const file of files) {
      await this.#held?.promise;
      if (signal.aborted) throw new SyncError('ABORTED', 'nobody waits for it');
      yield this.#staging(file);
    }
    this.#done('stage');
  }

  async place(request: PlaceRequest): Promise<PlaceAnswer> {
    this.#step('place', `${request.n} ${request.files.map(MemoryFiles.key).join(' ')}`);
    this.#admit(request);
    const files = new Map(request.files.map((file) => [MemoryFiles.key(file), file]));
    for (const key of files.keys()) this.#marks.delete(key);
    const notStaged = [...files.values()].filter((file) => this.#stagedBytes(file.sha256) === undefined && !this.#isThere(file));
    if (notStaged.length > 0) return { placed: [], notStaged: notStaged.map(({ path }) => path) };
    const again = this.#placing(request);
    if (!again) this.#open.push({ ...request, steps: [...files.values()].map((file) => this.#put(file)) });
    this.#done('place');
    return { placed: request.files.map((file): PlacedFile => this.#placedAt(file)), notStaged: [] };
  }

  async unplace(request: UnplaceRequest): Promise<void> {
    this.#step('unplace', String(request.n));
    this.#admit(request);
    const placing = this.#placing(request);
    for (const { path, before, after } of placing?.steps.toReversed() ?? []) this.#takeBack(`${request.root}/${path}`, { before, after });
    if (placing) this.#open.splice(this.#open.indexOf(placing), 1);
    this.#done('unplace');
  }

  async settle(request: SettleRequest): Promise<void> {
    this.#step('settle', String(request.n));
    this.#admit(request);
    const { pipeline, root, n } = request;
    for (const placing of this.#open.filter((each) => each.pipeline === pipeline && each.root === root && each.n <= n)) {
      this.trash.push(...placing.steps.flatMap(({ before, after }) => (before && before !== after ? [before.bytes] : [])));
      this.#open.splice(this.#open.indexOf(placing), 1);
    }
    this.#done('settle');
  }

  async fence(request: FenceRequest): Promise<FenceAnswer> {
    this.#step('fence', String(request.epoch));
    this.#admit(request);
    this.#fences.set(`${request.pipeline} ${request.root}`, request.epoch);
    this.#done('fence');
    const { pipeline, root } = request;
    const open = this.#open.filter((each) => each.pipeline === pipeline && each.root === root).map(({ n }) => n);
    return { open: open.toSorted((a, b) => a - b) };
  }

  async delete(request: DeleteRequest): Promise<DeleteAnswer> {
    const key = MemoryFiles.key(request);
    this.#step('delete', key);
    this.#admit(request);
    const there = this.tree.get(key);
    if (!there) return { outcome: 'gone' };
    const isBusy = this.#open.some(({ root, steps }) => root === request.root && steps.some(({ path }) => path === request.path));
    if (isBusy) return { outcome: 'busy' };
    if (request.mark === null) {
      this.#marks.set(key, `mark ${this.log.length}`);
      return { outcome: 'marked', mark: `mark ${this.log.length}` };
    }
    const isMarked = this.#marks.get(key) === request.mark;
    this.#marks.delete(key);
    if (!isMarked) return { outcome: 'busy' };
    if (String(there.ino) !== request.placed.ino) return { outcome: 'changed' };
    this.tree.delete(key);
    if (request.way === 'trash') this.trash.push(there.bytes);
    this.#done('delete');
    return { outcome: 'deleted' };
  }

  async compare({ root, files }: CompareRequest): Promise<CompareAnswer> {
    this.#step('compare', root);
    const differs = files.map(({ path }) => {
      const [here, there] = [this.tree.get(`${root}/${path}`)?.bytes, this.source.get(`${root}/${path}`)];
      if (here === there) return here === undefined ? 'missing' : null;
      if (here === undefined) return 'missing-here';
      return there === undefined ? 'missing-there' : 'different';
    });
    return { differs };
  }

  async list({ root, from, most }: ListRequest): Promise<ListAnswer> {
    this.#step('list', `${root} ${String(from)}`);
    const named = new Set(this.#open.filter((each) => each.root === root).flatMap(({ steps }) => steps.map(({ path }) => path)));
    const all = [...this.tree].flatMap(([key, { bytes, ino }]) =>
      key.startsWith(`${root}/`) ? [{ path: key.slice(root.length + 1), bytes, ino: String(ino) }] : [],
    );
    const isAsked = (path: string): boolean => (typeof from === 'object' ? (from?.includes(path) ?? true) : path > from);
    const behind = all.filter(({ path }) => isAsked(path)).toSorted((a, b) => (a.path < b.path ? -1 : 1));
    const some = behind.slice(0, most);
    const files = some.flatMap(({ path, bytes, ino }) =>
      named.has(path) ? [] : [{ path, size: Buffer.byteLength(bytes), mtimeNs: '0', dev: '1', ino }],
    );
    return { files, looked: some.length, next: behind.length > most ? (some.at(-1)?.path ?? null) : null };
  }

  #step(step: Step, what: string): void {
    this.log.push(`${step} ${what}`);
    this.#failIfTold(step, 'before');
  }

  #done(step: Step): void {
    this.#failIfTold(step, 'after');
  }

  #failIfTold(step: Step, when: 'before' | 'after'): void {
    const at = this.#failures.findIndex((failure) => failure.step === step && failure.when === when);
    const [failure] = at < 0 ? [] : this.#failures.splice(at, 1);
    if (failure) throw failure.error;
  }

  #admit({ pipeline, root, epoch }: FenceRequest): void {
    const fence = this.#fences.get(`${pipeline} ${root}`) ?? 0;
    if (epoch < fence) throw new SyncError('FENCED', `pipeline ${pipeline}: epoch ${epoch} is below ${fence} at root ${root}`);
  }

  #staging(file: WantedFile): StageAnswer {
    const { id } = file;
    const bytes = this.source.get(MemoryFiles.key(file));
    if (bytes === undefined) return { kind: this.gone.has(MemoryFiles.key(file)) ? 'superseded' : 'missing', id };
    const sha256 = MemoryFiles.sha256(bytes);
    if (file.hash !== null && file.hash !== sha256) {
      const message = `${MemoryFiles.key(file)} has other bytes than its row says`;
      return { kind: 'refused', id, code: 'FILE_HASH_MISMATCH', message, details: {} };
    }
    const way = this.bytesAt(file) === bytes ? 'same' : 'sent';
    this.#staged.add(bytes);
    return { kind: 'staged', id, way, sha256, size: Buffer.byteLength(bytes), mtimeNs: '0' };
  }

  #stagedBytes(sha256: string): string | undefined {
    return [...this.#staged].find((bytes) => MemoryFiles.sha256(bytes) === sha256);
  }

  #isThere(file: FileName & { readonly sha256: string }): boolean {
    const bytes = this.bytesAt(file);
    return bytes !== undefined && MemoryFiles.sha256(bytes) === file.sha256;
  }

  #placing({ pipeline, root, n }: UnplaceRequest): OpenPlacing | undefined {
    return this.#open.find((each) => each.pipeline === pipeline && each.root === root && each.n === n);
  }

  #put(file: FileName & { readonly sha256: string }): OpenPlacing['steps'][number] {
    const key = MemoryFiles.key(file);
    const before = this.tree.get(key);
    const after = before && this.#isThere(file) ? before : this.#newFile(this.#stagedBytes(file.sha256) ?? '');
    this.tree.set(key, after);
    return { path: file.path, before, after };
  }

  #takeBack(key: string, { before, after }: { readonly before: MemoryFile | undefined; readonly after: MemoryFile }): void {
    if (this.tree.get(key) !== after) return; // somebody else has written there since
    if (before) this.tree.set(key, before);
    else this.tree.delete(key);
  }

  #placedAt(file: FileName & { readonly sha256: string }): PlacedFile {
    const { bytes = '', ino = 0 } = this.tree.get(MemoryFiles.key(file)) ?? {};
    const { root, path } = file;
    return { root, path, sha256: MemoryFiles.sha256(bytes), size: Buffer.byteLength(bytes), mtimeNs: '0', dev: '1', ino: String(ino) };
  }

  #newFile(bytes: string): MemoryFile {
    this.#nextIno += 1;
    return { bytes, ino: this.#nextIno };
  }
}
