/**
 * For the tests of files both ways: the root of a region in memory, as its applications and its files app work on it. What happens at each
 * step of a request is the test's: `step` may wait, or throw, as a process does that is killed there.
 */
import { createHash } from 'node:crypto';
import type {
  FenceRequest,
  FilesService,
  PlaceAnswer,
  PlacedFile,
  PlaceRequest,
  StageAnswer,
  UnplaceRequest,
  WantedFile,
} from '@lutra/files';
import { SyncError } from '@lutra/model';

export const sha256 = (bytes: string): string => createHash('sha256').update(bytes).digest('hex');

interface Item {
  readonly path: string;
  readonly before: string | null;
  /** Of what was put there; null: it was there already. */
  readonly ino: number | null;
}

interface File {
  readonly bytes: string;
  readonly ino: number;
}

type Step = (name: string) => Promise<void>;

export class Tree {
  readonly files = new Map<string, File>();
  readonly stage = new Map<string, string>();
  /** By hash: what placings replaced. */
  readonly trash = new Map<string, string>();
  /** By pipeline and n. */
  readonly open = new Map<string, Map<number, readonly Item[]>>();
  readonly #epochs = new Map<string, number>();
  #inodes = 0;

  /** As an application does: another file, renamed over what is there. */
  write(path: string, bytes: string): void {
    this.files.set(path, { bytes, ino: ++this.#inodes });
  }

  hashAt(path: string): string | null {
    const file = this.files.get(path);
    return file ? sha256(file.bytes) : null;
  }

  /** With that hash, where one is wanted: what was replaced too. */
  bytesOf(path: string, hash: string | null): string | null {
    const now = this.files.get(path)?.bytes ?? null;
    if (hash === null || (now !== null && sha256(now) === hash)) return now;
    const undo = [...this.open.values()].flatMap((all) => [...all.values()].flat()).map(({ before }) => before);
    return this.trash.get(hash) ?? undo.find((bytes) => bytes !== null && sha256(bytes) === hash) ?? null;
  }

  /** As a loader of the region sees it. `isNamed`: the source's row, as it is now, names the file. */
  service(source: Tree, { step, isNamed }: { readonly step: Step; isNamed(wanted: WantedFile): Promise<boolean> }): FilesService {
    const fenced = async (name: string, { pipeline, epoch }: FenceRequest): Promise<void> => {
      await step(`before ${name}`);
      if (epoch < (this.#epochs.get(pipeline) ?? 0)) throw new SyncError('FENCED', `the files app knows a later owner than ${epoch}`);
    };
    return {
      stage: (request) => this.#stage(request.files, source, { step, isNamed }),
      place: async (request) => {
        await fenced('place', request);
        const answer = this.#place(request);
        await step('behind place');
        return answer;
      },
      unplace: async (request) => {
        await fenced('unplace', request);
        this.#unplace(request);
        await step('behind unplace');
      },
      settle: async (request) => {
        await fenced('closing', request);
        this.#settle(request);
        await step('behind closing');
      },
      fence: async (request) => {
        await fenced('fence', request);
        this.#epochs.set(request.pipeline, request.epoch);
        await step('behind fence');
        return { open: [...(this.open.get(request.pipeline)?.keys() ?? [])].toSorted((a, b) => a - b) };
      },
      delete: async () => ({ outcome: 'gone' }),
      list: () => Promise.reject(new Error('no verification is part of this')),
      compare: async () => ({ differs: [] }),
    };
  }

  async *#stage(
    wanted: readonly WantedFile[],
    source: Tree,
    { step, isNamed }: { readonly step: Step; isNamed(wanted: WantedFile): Promise<boolean> },
  ): AsyncGenerator<StageAnswer> {
    await step('before stage');
    for (const each of wanted) {
      const { id, path, hash } = each;
      const bytes = source.bytesOf(path, hash);
      if (bytes === null) yield { kind: (await isNamed(each)) ? 'missing' : 'superseded', id };
      else {
        const at = { id, sha256: sha256(bytes), size: bytes.length, mtimeNs: '1' };
        if (this.hashAt(path) !== at.sha256) this.stage.set(at.sha256, bytes);
        yield { kind: 'staged', way: 'sent', ...at };
      }
    }
    await step('behind stage');
  }

  #place({ pipeline, n, root, files }: PlaceRequest): PlaceAnswer {
    const all = [...new Map(files.map((file) => [file.path, file])).values()];
    const notStaged = all.filter((file) => this.hashAt(file.path) !== file.sha256 && !this.stage.has(file.sha256)).map(({ path }) => path);
    if (notStaged.length > 0) return { placed: [], notStaged };
    const items: Item[] = [];
    const placed: PlacedFile[] = [];
    const used = new Set<string>();
    for (const { path, sha256: hash, size, mtimeNs } of all) {
      const before = this.files.get(path) ?? null;
      const isThere = this.hashAt(path) === hash;
      if (!isThere) this.write(path, this.stage.get(hash) ?? '');
      used.add(hash);
      const { ino } = this.files.get(path) ?? { ino: 0 };
      items.push({ path, before: isThere ? null : (before?.bytes ?? null), ino: isThere ? null : ino });
      placed.push({ root, path, sha256: hash, size, mtimeNs, dev: '1', ino: String(ino) });
    }
    for (const hash of used) this.stage.delete(hash);
    const open = this.open.get(pipeline) ?? new Map<number, readonly Item[]>();
    this.open.set(pipeline, open.set(n, items));
    return { placed, notStaged };
  }

  #unplace({ pipeline, n }: UnplaceRequest): void {
    const open = this.open.get(pipeline);
    for (const { path, before, ino } of open?.get(n)?.toReversed() ?? []) {
      if (ino === null || this.files.get(path)?.ino !== ino) continue;
      if (before === null) this.files.delete(path);
      else this.write(path, before);
    }
    open?.delete(n);
  }

  #settle({ pipeline, n }: UnplaceRequest): void {
    for (const [one, items] of this.open.get(pipeline) ?? []) {
      if (one > n) continue;
      for (const { before } of items) if (before !== null) this.trash.set(sha256(before), before);
      this.open.get(pipeline)?.delete(one);
    }
  }
}
