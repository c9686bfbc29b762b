/** What lutra.file says of files: who placed them last. */
import type { FileName } from '@lutra/model';
import { fileNameOf, namedFiles } from './file-store.js';
import { textOf } from './server-facts.js';
import type { Queries } from './session-options.js';

export interface LastPlaced {
  /** Of which pipeline, by which of its transactions: another one is another text. */
  readonly by: string;
  /** No row names it any more, and its pipeline takes it away. */
  readonly isLeaving: boolean;
}

const atOnce = 500;

/** By path; without those that no pipeline to this server has placed. */
export async function lastPlaced(queries: Queries, root: string, paths: readonly string[]): Promise<ReadonlyMap<string, LastPlaced>> {
  const found = new Map<string, LastPlaced>();
  for (let at = 0; at < paths.length; at += atOnce) {
    const names: readonly FileName[] = paths.slice(at, at + atOnce).map((path) => ({ root, path }));
    const columns = 'root, HEX(path) AS path, pipeline, CAST(n AS CHAR) AS n, state';
    for (const row of await queries.query(`SELECT ${columns} FROM lutra.file WHERE ${namedFiles(names)}`)) {
      const by = `${textOf(row, 'pipeline')} ${textOf(row, 'n')}`;
      found.set(fileNameOf(row).path, { by, isLeaving: textOf(row, 'state') !== 'placed' });
    }
  }
  return found;
}
