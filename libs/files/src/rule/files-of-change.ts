/** What the change of a row means for its files. Pure. */
import type { FileName, FileRule, Row } from '@lutra/model';
import { SyncError } from '@lutra/model';
import type { FilePaths, NamedFile } from './file-paths.js';

export interface ComingFile extends NamedFile {
  readonly rule: FileRule;
}

export interface GoingFile extends FileName {
  readonly way: 'trash' | 'remove';
}

export interface FilesOfChange {
  /** That have to be at the target before the row is. */
  readonly comes: readonly ComingFile[];
  /** That the row no longer names, by a rule that does not keep them. Other rows may name them. */
  readonly leaves: readonly GoingFile[];
}

const none: FilesOfChange = { comes: [], leaves: [] };

/**
 * A file that the row named before comes again only where nothing else tells that its bytes are others: its rule has no `hash` and does not
 * say `immutable`, so any change of the row may mean a change of the file.
 *
 * @param before null: of an insert, and where all files of the row are wanted whatever was there
 * @param after null: of a delete
 * @throws SyncError FILE_PATH_INVALID
 */
export function filesOfChange(rules: readonly FilePaths[], before: Row | null, after: Row | null): FilesOfChange {
  if (rules.length === 0) return none;
  const now = after ? filesOf(rules, after) : new Map<string, ComingFile>();
  if (!before) return { comes: [...now.values()], leaves: [] };
  const comes = new Map(now);
  const leaves = new Map<string, GoingFile>();
  for (const paths of rules) {
    const { deletes, immutable } = paths.rule;
    for (const { root, path, hash } of paths.formerly(before)) {
      const still = now.get(nameOf({ root, path }));
      const isSame = still && (hash === null ? immutable : hash === still.hash);
      if (isSame) comes.delete(nameOf({ root, path }));
      if (!still && deletes !== 'keep') leaves.set(nameOf({ root, path }), { root, path, way: deletes });
    }
  }
  return { comes: [...comes.values()], leaves: [...leaves.values()] };
}

/** All files that a row names, each once. */
function filesOf(rules: readonly FilePaths[], row: Row): Map<string, ComingFile> {
  const files = new Map<string, ComingFile>();
  for (const paths of rules) {
    for (const file of paths.of(row)) {
      const name = nameOf(file);
      const other = files.get(name);
      if (other && other.hash !== null && file.hash !== null && other.hash !== file.hash) throw twoHashes(file, paths.rule);
      if (!other || other.hash === null) files.set(name, { ...file, rule: paths.rule });
    }
  }
  return files;
}

function twoHashes({ root, path }: FileName, rule: FileRule): SyncError {
  const what = `two rules of root ${root} name ${JSON.stringify(path)} with two hashes; one is ${rule.path}`;
  return new SyncError('FILE_PATH_INVALID', what, { details: { root, path } });
}

function nameOf({ root, path }: FileName): string {
  return `${root}\0${path}`;
}
