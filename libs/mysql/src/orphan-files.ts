/** Files that no row names go as files do whose rows have left them: by entries of lutra.file, which the loader of a pipeline works off. */
import type { FileName } from '@lutra/model';
import { fileNameOf, leavingOrphansText, namedFiles, wholeText } from './file-store.js';
import { quoteText } from './literal.js';
import type { Queries } from './session-options.js';

/** As it was looked at: another one that is put there stays. */
export interface OrphanFile extends FileName {
  readonly size: number;
  readonly mtimeNs: string;
  readonly dev: string;
  readonly ino: string;
  /** Of LastPlaced: who has placed it; null: no pipeline to this server. */
  readonly by: string | null;
}

const atOnce = 500;

/** To the trash. One that is placed meanwhile stays, since it has another number then. */
export async function letOrphansGo(target: Queries, pipeline: string, files: readonly OrphanFile[]): Promise<void> {
  const own = files.filter(({ by }) => by === null);
  for (let at = 0; at < own.length; at += atOnce) await target.query(leavingOrphansText(own.slice(at, at + atOnce), pipeline));
  for (const file of files) {
    if (file.by === null) continue;
    const columns = { size: file.size, mtime_ns: file.mtimeNs, dev: file.dev, ino: file.ino };
    const now = Object.entries(columns).map(([name, value]) => `${name} = ${wholeText(value)}`);
    const set = ["state = 'trash'", `pipeline = ${quoteText(pipeline)}`, ...now].join(', ');
    const asPlaced = `state = 'placed' AND CONCAT(pipeline, ' ', n) = ${quoteText(file.by)}`;
    await target.query(`UPDATE lutra.file SET ${set} WHERE ${namedFiles([file])} AND ${asPlaced}`);
  }
}

/** Of these, those that are still to go. */
export async function stillLeaving<T extends FileName>(target: Queries, pipeline: string, files: readonly T[]): Promise<readonly T[]> {
  const left = new Set<string>();
  for (let at = 0; at < files.length; at += atOnce) {
    const of = `pipeline = ${quoteText(pipeline)} AND state = 'trash' AND ${namedFiles(files.slice(at, at + atOnce))}`;
    for (const row of await target.query(`SELECT root, HEX(path) AS path FROM lutra.file WHERE ${of}`)) left.add(nameText(fileNameOf(row)));
  }
  return files.filter((file) => left.has(nameText(file)));
}

function nameText({ root, path }: FileName): string {
  return `${root}\0${path}`;
}
