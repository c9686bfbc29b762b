/**
 * What an open placing needs to be taken back: `.lutra/undo/<pipeline>/<n>/`, durable before the first file is moved. It holds
 * `journal` (the placing, JSON), `old-<i>` (the file that entry i replaces, as a hard link), `new-<i>` (a copy that entry i places) and,
 * while it is taken back, `back-<i>` (what entry i had placed). What is not open any more is called `<n>.<id>.done` until it is swept.
 */
import { randomUUID } from 'node:crypto';
import type { FileIdentity } from '@lutra/files';
import type { PipelineUid } from '@lutra/model';
import { eachOf } from '../each-of.js';
import { Folder, ignoring, inFolder, orNull } from './disk.js';

export interface Entry extends FileIdentity {
  readonly i: number;
  readonly path: string;
  readonly sha256: string;
  /** same: it was there already, and is not touched · staged: from the stage · copy: `new-<i>` */
  readonly from: 'same' | 'staged' | 'copy';
  /** What it replaces; null: nothing. */
  readonly had: FileIdentity | null;
}

export interface Placing {
  readonly pipeline: PipelineUid;
  readonly n: number;
  readonly epoch: number;
  readonly entries: readonly Entry[];
  /** Folders that were not there, each behind the one that it is in. */
  readonly made: readonly string[];
}

/** Staged bytes were there, and are gone: nobody had wanted them for an hour. */
export class NotStaged extends Error {
  readonly path: string;

  constructor(path: string) {
    super(`${path} is not staged any more`);
    this.path = path;
  }
}

export class UndoFolders {
  readonly #folder: Folder;
  /** Of a pipeline's folders those that are done with and wait to be swept. */
  readonly #done = new Set<string>();
  /** Pipelines whose folder is. */
  readonly #durable = new Set<string>();

  private constructor(folder: Folder) {
    this.#folder = folder;
  }

  /** @returns with the placings that are open, oldest first */
  static async open(folder: Folder): Promise<readonly [UndoFolders, readonly Placing[]]> {
    const folders = new UndoFolders(folder);
    const found: Placing[] = [];
    for (const pipeline of await folder.names()) {
      const names = await inFolder(folder, pipeline, async (own) => (own ? await own.names() : []));
      for (const name of names) {
        const placing = name.endsWith('.done') ? null : await folders.#read(`${pipeline}/${name}`);
        if (placing) found.push(placing);
        else folders.#done.add(`${pipeline}/${name}`);
      }
    }
    return [folders, found.toSorted((one, other) => one.n - other.n)];
  }

  /** Null: its journal was never finished, so nothing of it was placed. */
  async #read(path: string): Promise<Placing | null> {
    return await this.within(path, async (folder) => {
      if ((await folder.stat('journal')) === null) return null;
      return await folder.withFile('journal', async (file) => JSON.parse(await file.readFile('utf8')) as Placing);
    });
  }

  /** Runs in the folder of a placing. */
  async of<T>({ pipeline, n }: Pick<Placing, 'pipeline' | 'n'>, work: (folder: Folder) => Promise<T>): Promise<T> {
    return await this.within(`${pipeline}/${n}`, work);
  }

  async within<T>(path: string, work: (folder: Folder) => Promise<T>): Promise<T> {
    return await inFolder(this.#folder, path, async (folder) => {
      if (!folder) throw new Error(`.lutra/undo/${path} is gone`);
      return await work(folder);
    });
  }

  /** Makes the folder of a placing; what an unfinished one left there is done with. */
  async begin({ pipeline, n }: Pick<Placing, 'pipeline' | 'n'>): Promise<void> {
    const own = await this.#folder.ownFolder(pipeline);
    try {
      if ((await own.stat(String(n))) !== null) await this.done({ pipeline, n });
      await (await own.ownFolder(String(n))).close();
    } finally {
      await own.close();
    }
  }

  /** From here on it is open, whatever happens. */
  async write(placing: Placing): Promise<void> {
    await this.of(placing, async (folder) => {
      await folder.write('journal', JSON.stringify(placing));
      await folder.sync();
    });
    await this.within(placing.pipeline, async (folder) => await folder.sync());
    if (!this.#durable.has(placing.pipeline)) await this.#folder.sync();
    this.#durable.add(placing.pipeline);
  }

  /** From here on it is not open. What is left of it waits for `sweep`. */
  async done({ pipeline, n }: Pick<Placing, 'pipeline' | 'n'>): Promise<void> {
    const name = `${n}.${randomUUID().slice(0, 8)}.done`;
    await this.within(pipeline, async (folder) => await folder.rename(String(n), name));
    this.#done.add(`${pipeline}/${name}`);
  }

  /** What was replaced and what was taken back goes where `keep` puts it, the rest is removed. */
  async sweep(keep: (file: Kept) => Promise<void>): Promise<void> {
    for (const path of this.#done) {
      this.#done.delete(path);
      await this.#sweep(path, keep).catch((error: unknown) => {
        this.#done.add(path);
        throw error;
      });
    }
  }

  async #sweep(path: string, keep: (file: Kept) => Promise<void>): Promise<void> {
    const isThere = await inFolder(this.#folder, path, async (folder) => {
      if (!folder) return false;
      const names = await folder.names();
      const placing = names.includes('journal') ? await this.#read(path) : null;
      await eachOf(names, async (name) => {
        const [kind, i] = name.split('-') as [string, string | undefined];
        const entry = placing?.entries[Number(i)];
        if (placing && entry && (kind === 'old' || kind === 'back')) await keep({ folder, name, kind, entry, placing });
        if (name !== 'journal') await ignoring(folder.unlink(name), 'ENOENT');
      });
      await ignoring(folder.unlink('journal'), 'ENOENT');
      return true;
    });
    const [pipeline, name] = path.split('/') as [string, string];
    if (isThere) await this.within(pipeline, async (folder) => await orNull(folder.removeFolder(name), 'ENOENT'));
  }
}

/** A file of a placing that is not open any more. */
export interface Kept {
  readonly folder: Folder;
  readonly name: string;
  readonly kind: 'old' | 'back';
  readonly entry: Entry;
  readonly placing: Placing;
}
