/** Files that are to be fetched for rows that are there, as entries of lutra.file_missing: the loader of the pipeline does it. */
import type { FileName } from '@lutra/model';
import { quoteText } from './literal.js';
import { fileNameOf, missingText, namedFiles } from './file-store.js';
import type { MissingFileRow } from './file-store.js';
import type { Queries } from './session-options.js';

const atOnce = 500;

export async function wantFiles(target: Queries, pipeline: string, files: readonly MissingFileRow[]): Promise<void> {
  for (let at = 0; at < files.length; at += atOnce) await target.query(missingText(files.slice(at, at + atOnce), quoteText(pipeline)).sql);
}

/** Of these, those that are still to be fetched. */
export async function stillWanted<T extends FileName>(target: Queries, pipeline: string, files: readonly T[]): Promise<readonly T[]> {
  const left = new Set<string>();
  for (let at = 0; at < files.length; at += atOnce) {
    const of = `pipeline = ${quoteText(pipeline)} AND ${namedFiles(files.slice(at, at + atOnce))}`;
    const rows = await target.query(`SELECT root, HEX(path) AS path FROM lutra.file_missing WHERE ${of}`);
    for (const row of rows) left.add(nameText(fileNameOf(row)));
  }
  return files.filter((file) => left.has(nameText(file)));
}

function nameText({ root, path }: FileName): string {
  return `${root}\0${path}`;
}
