/**
 * lutra.file, lutra.file_place and lutra.file_missing (schemas/lutra.sql): which files rows of this server name, as a loader placed them.
 * The texts belong into the transaction of the rows. docs/decisions/0035-files.md.
 */
import { createHash } from 'node:crypto';
import type { FileName, TableName } from '@lutra/model';
import { quoteText } from './literal.js';
import { inPieces } from './sql-text.js';
import type { SqlText } from './sql-text.js';

/** Where a placed file is, and what tells it from any other that is put there later. */
export interface FileRow extends FileName {
  readonly sha256: string;
  readonly size: number;
  readonly mtimeNs: string;
  readonly dev: string;
  readonly ino: string;
}

export interface LeavingFileRow extends FileName {
  readonly way: 'trash' | 'remove';
}

export interface MissingFileRow extends FileName {
  /** That the row carries. */
  readonly sha256: string | null;
  /** By its name at the source. */
  readonly table: TableName;
  /** JSON: the primary key. */
  readonly key: string;
}

/** What a target transaction says of files. */
export interface FilesWritten {
  readonly pipeline: string;
  /** Of the placing; see lutra.file_place. */
  readonly n: number;
  readonly placed: readonly FileRow[];
  /** A file that is placed by the same transaction may leave with it as well. */
  readonly leaves: readonly LeavingFileRow[];
  readonly missing: readonly MissingFileRow[];
  /** Entries of lutra.file_missing that go. */
  readonly found: readonly FileName[];
}

/** Of one statement: its text stays far under max_allowed_packet. */
const maxFiles = 500;

/** In pieces of half a megabyte. */
export function filesTexts({ pipeline, n, placed, leaves, missing, found }: FilesWritten): readonly SqlText[] {
  const uid = quoteText(pipeline);
  return inPieces([
    ...chunked(placed).map((files) => placedText(files, uid, n)),
    ...leavingTexts(leaves, uid, n),
    ...chunked(missing).map((files) => missingText(files, uid)),
    ...chunked(found).map((files) => textOn('file_missing', `DELETE FROM lutra.file_missing WHERE pipeline = ${uid} AND ${named(files)}`)),
    textOn('file_place', `INSERT INTO lutra.file_place (pipeline, n) VALUES (${uid}, ${n}) ON DUPLICATE KEY UPDATE n = VALUES(n)`),
  ]);
}

const fileColumns = ['sha256', 'size', 'mtime_ns', 'dev', 'ino', 'pipeline', 'n', 'state'] as const;

function placedText(files: readonly FileRow[], uid: string, n: number): SqlText {
  const rows = files.map(({ root, path, sha256, size, mtimeNs, dev, ino }) =>
    [nameValues({ root, path }), hex(sha256), whole(size), whole(mtimeNs), whole(dev), whole(ino), uid, n, "'placed'"].join(', '),
  );
  const anew = fileColumns.map((column) => `${column} = VALUES(${column})`).join(', ');
  const into = `INSERT INTO lutra.file (root, path_hash, path, ${fileColumns.join(', ')})`;
  return textOn('file', `${into} VALUES (${rows.join('), (')}) ON DUPLICATE KEY UPDATE ${anew}`);
}

function leavingTexts(leaves: readonly LeavingFileRow[], uid: string, n: number): readonly SqlText[] {
  return [...Map.groupBy(leaves, ({ way }) => way)].flatMap(([way, files]) =>
    chunked(files).map((some) =>
      textOn('file', `UPDATE lutra.file SET state = '${way}', pipeline = ${uid}, n = ${n} WHERE ${named(some)}`),
    ),
  );
}

function missingText(files: readonly MissingFileRow[], uid: string): SqlText {
  const rows = files.map(({ root, path, sha256, table, key }) =>
    [uid, nameValues({ root, path }), sha256 === null ? 'NULL' : hex(sha256), ...[table.database, table.name, key].map(quoteText)].join(
      ', ',
    ),
  );
  const columns = ['sha256', 'database_name', 'table_name', 'row_key'];
  const anew = columns.map((column) => `${column} = VALUES(${column})`).join(', ');
  const into = `INSERT INTO lutra.file_missing (pipeline, root, path_hash, path, ${columns.join(', ')})`;
  return textOn('file_missing', `${into} VALUES (${rows.join('), (')}) ON DUPLICATE KEY UPDATE ${anew}`);
}

/** The condition that finds these files by their key. */
export function named(files: readonly FileName[]): string {
  return `(root, path_hash) IN (${files.map(({ root, path }) => `(${quoteText(root)}, ${pathHash(path)})`).join(', ')})`;
}

function nameValues({ root, path }: FileName): string {
  return [quoteText(root), pathHash(path), `x'${Buffer.from(path).toString('hex')}'`].join(', ');
}

function pathHash(path: string): string {
  return `x'${createHash('sha256').update(path).digest('hex')}'`;
}

/** Of digits that came from outside. */
function whole(value: number | string): string {
  return BigInt(value).toString();
}

function hex(sha256: string): string {
  return `x'${Buffer.from(sha256, 'hex').toString('hex')}'`;
}

function chunked<T>(all: readonly T[]): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(all.length / maxFiles) }, (_, i) => all.slice(i * maxFiles, (i + 1) * maxFiles));
}

function textOn(name: string, sql: string): SqlText {
  return { sql, marks: [{ does: 'upsert', table: { database: 'lutra', name }, change: 0, changes: 1 }] };
}
