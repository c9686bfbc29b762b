/** Lists of files that are read in one piece. Kept in memory, not longer than their tokens are valid; a restart forgets them. */
import { createHash } from 'node:crypto';
import { openToken, sealToken } from '@lutra/files';
import type { BlobToken, FilesKeys, PackAnswer, PackRequest } from '@lutra/files';
import { SyncError } from '@lutra/model';
import type { OpenFile, Root } from './root.js';
import { sameStamp } from './root.js';
import { eachOf } from './slots.js';

const mostFiles = 1_000;
const mostBytes = 64 * 1024 * 1024;
/** Of all that are kept: some 50 MB. */
const mostKept = 100_000;
const filesAtOnce = 32;

export class Packs {
  readonly #keys: FilesKeys;
  readonly #kept = new Map<string, readonly BlobToken[]>();
  #count = 0;

  constructor(keys: FilesKeys) {
    this.#keys = keys;
  }

  /** Undefined: it is not kept any more. */
  of(id: string): readonly BlobToken[] | undefined {
    return this.#kept.get(id);
  }

  /** @throws SyncError FILE_UNSTABLE with `details.moved`; FILES_REFUSED */
  async make(root: Root, { tokens }: PackRequest): Promise<PackAnswer> {
    if (tokens.length === 0 || tokens.length > mostFiles) throw refused(`${tokens.length} files; 1 to ${mostFiles} are taken`);
    const opened = tokens.map((token) => openToken(this.#keys, token, 'blob'));
    const isThere = await eachOf(opened, filesAtOnce, (file) => this.#isThere(root, file));
    const files = opened.flatMap((file, index) => (file && isThere[index] ? [file] : []));
    const moved = isThere.flatMap((is, index) => (is ? [] : [index]));
    if (moved.length > 0)
      throw new SyncError(
        'FILE_UNSTABLE',
        `root ${root.name}: ${moved.length} files of a pack are not what they were when it was asked for`,
        {
          details: { moved: moved.join(), root: root.name },
        },
      );
    const size = files.reduce((sum, { stamp }) => sum + Number(stamp[2]), 0);
    if (size > mostBytes) throw refused(`${size} bytes; at most ${mostBytes} are taken`);
    const id = this.#keep(files);
    return { url: `/v1/pack/${sealToken(this.#keys, { kind: 'pack', id })}`, size };
  }

  async #isThere(root: Root, file: BlobToken | null): Promise<boolean> {
    if (!file) return false;
    if (file.root !== root.name) throw refused(`a token is of root ${file.root}, not ${root.name}`);
    const found: OpenFile | null = await (file.trash ? root.openTrash(file.path) : root.open(file.path));
    await found?.handle.close();
    return found !== null && sameStamp(found.stat.stamp, file.stamp);
  }

  /** The same list has the same id: whoever asks again goes on where it was. */
  #keep(files: readonly BlobToken[]): string {
    const id = createHash('sha256').update(JSON.stringify(files)).digest('hex');
    this.#forget(id);
    this.#kept.set(id, files);
    this.#count += files.length;
    for (const oldest of this.#kept.keys()) {
      if (this.#count <= mostKept) break;
      this.#forget(oldest);
    }
    return id;
  }

  #forget(id: string): void {
    this.#count -= this.#kept.get(id)?.length ?? 0;
    this.#kept.delete(id);
  }
}

function refused(why: string): SyncError {
  return new SyncError('FILES_REFUSED', `a pack of ${why}`);
}
