/** A root on the disk: the users' files, and our own folder `.lutra` (0700) beside them. */
import { pathProblem, SyncError } from '@lutra/model';
import { Folder, type Disk, type HashFile, ofDisk } from './disk.js';
import { UndoFolders, type Placing } from './undo.js';

export interface RootOptions {
  readonly root: string;
  readonly path: string;
  /** Of the files that are placed. Folders get x where it has r. Default 0644. */
  readonly mode?: number;
  /** One that remembers saves reading. */
  readonly hash: HashFile;
  readonly disk: Disk;
}

export class Tree {
  readonly root: string;
  readonly mode: number;
  readonly hash: HashFile;

  readonly folder: Folder;
  readonly stage: Folder;
  readonly trash: Folder;
  readonly fence: Folder;
  readonly undo: UndoFolders;
  readonly #folders: readonly Folder[];

  private constructor(
    options: RootOptions,
    parts: Pick<Tree, 'folder' | 'stage' | 'trash' | 'fence' | 'undo'> & { folders: readonly Folder[] },
  ) {
    this.root = options.root;
    this.mode = options.mode ?? 0o644;
    this.hash = options.hash;
    this.folder = parts.folder;
    this.stage = parts.stage;
    this.trash = parts.trash;
    this.fence = parts.fence;
    this.undo = parts.undo;
    this.#folders = parts.folders;
  }

  /** @returns with the placings that are open, oldest first */
  static async open(options: RootOptions): Promise<readonly [Tree, readonly Placing[]]> {
    const folders: Folder[] = [];
    const opened = async (folder: Promise<Folder>): Promise<Folder> => {
      folders.push(await folder);
      return await folder;
    };
    try {
      const folder = await opened(Folder.ofRoot(options.disk, options.path));
      const own = await opened(folder.ownFolder('.lutra'));
      const stage = await opened(own.ownFolder('stage'));
      const trash = await opened(own.ownFolder('trash'));
      const fence = await opened(own.ownFolder('fence'));
      const undoFolder = await opened(own.ownFolder('undo'));
      await own.sync();
      await folder.sync();
      const [undo, placings] = await UndoFolders.open(undoFolder);
      return [new Tree(options, { folder, stage, trash, fence, undo, folders }), placings];
    } catch (error) {
      for (const folder of folders) await folder.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    for (const folder of this.#folders) await folder.close();
  }

  get folderMode(): number {
    return this.mode | ((this.mode & 0o444) >> 2) | 0o300;
  }

  /** Errors of the file system in there are told with the path. */
  async about<T>(path: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw ofDisk(error, { root: this.root, path });
    }
  }

  /** @throws SyncError FILE_PATH_INVALID */
  checkPath(path: string): void {
    const problem = pathProblem(path);
    if (problem !== null) throw this.refuse('FILE_PATH_INVALID', path, problem);
  }

  refuse(code: 'FILE_PATH_INVALID' | 'FILE_UNSTABLE', path: string, why: string): SyncError {
    return new SyncError(code, `${path} in root ${this.root}: ${why}`, { details: { root: this.root, path } });
  }
}
