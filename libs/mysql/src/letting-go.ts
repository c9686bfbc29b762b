/** Files that no row names any more: entries of lutra.file and what becomes of them. docs/decisions/0035-files.md, Deleting. */
import { quoteText } from './literal.js';
import { namedFiles, wholeText } from './file-store.js';
import type { LeavingFile } from './file-store.js';
import { through } from './ownership.js';
import type { ConnectionOptions, Queries } from './session-options.js';

/** unknown: some row may name it by a column that nobody knows of. */
export type Naming = 'named' | 'free' | 'unknown';

export interface LettingGo {
  /** Null: not now. */
  mark(file: LeavingFile): Promise<string | null>;
  /** As of one moment; asked once behind the marks of all files. */
  naming(queries: Queries): (file: LeavingFile) => Promise<Naming>;
  /** False: not now. */
  remove(file: LeavingFile, mark: string): Promise<boolean>;
  /** It stays for now. unknown: until somebody changes the rules, or the tables. */
  onLater(file: LeavingFile, why: 'busy' | 'unknown'): void;
}

interface Marked {
  readonly file: LeavingFile;
  readonly mark: string;
}

type Look = Naming | 'other';

/**
 * Marked, looked at in the database, removed with the mark. No lock is held, however long that takes: whoever comes to name a file makes
 * its mark void, and what is said of the file then is not what is deleted here. All are looked at together, behind the marks of all: the
 * catalogue is read once.
 */
export async function letFilesGo(target: ConnectionOptions | Queries, files: readonly LeavingFile[], how: LettingGo): Promise<void> {
  const marked: Marked[] = [];
  for (const file of files) {
    const mark = await how.mark(file);
    if (mark === null) how.onLater(file, 'busy');
    else marked.push({ file, mark });
  }
  if (marked.length === 0) return;
  await through(target, async (queries) => {
    const looks = await lookedAt(queries, marked, how.naming(queries));
    for (const [{ file, mark }, look] of looks) await letGo(queries, { file, mark, look }, how);
  });
}

async function letGo(
  queries: Queries,
  { file, mark, look }: Marked & { readonly look: Look },
  { remove, onLater }: LettingGo,
): Promise<void> {
  if (look === 'other') return;
  if (look === 'unknown') return onLater(file, 'unknown');
  if (look === 'named') await queries.query(`UPDATE lutra.file SET state = 'placed' WHERE ${asItWas(file)}`);
  else if (await remove(file, mark)) await queries.query(`DELETE FROM lutra.file WHERE ${asItWas(file)}`);
  else onLater(file, 'busy');
}

/** other: it is not to go any more. As of one moment, behind the marks: rows may be moved from a table to another one. */
async function lookedAt(
  queries: Queries,
  marked: readonly Marked[],
  naming: ReturnType<LettingGo['naming']>,
): Promise<readonly (readonly [Marked, Look])[]> {
  const looks: [Marked, Look][] = [];
  await queries.query('BEGIN');
  try {
    for (const one of marked) {
      const [row] = await queries.query(`SELECT 1 AS found FROM lutra.file WHERE ${asItWas(one.file)}`);
      looks.push([one, row ? await naming(one.file) : 'other']);
    }
    await queries.query('COMMIT');
    return looks;
  } catch (error) {
    await queries.query('ROLLBACK').catch(() => undefined); // a connection that cannot is broken, and the server rolls back
    throw error;
  }
}

function asItWas(file: LeavingFile): string {
  const { way, pipeline, n, ino } = file;
  return `${namedFiles([file])} AND state = '${way}' AND pipeline = ${quoteText(pipeline)} AND n = ${wholeText(n)} AND ino = ${wholeText(ino)}`;
}
