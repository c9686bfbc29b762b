/**
 * lutra.file, lutra.file_place and lutra.file_missing (schemas/lutra.sql): which files rows of this server name, as a loader placed them.
 * The texts belong into the transaction of the rows. docs/decisions/0035-files.md.
 */
import { createHash } from 'node:crypto';
import { toSyncError } from '@lutra/model';
import type { FileName, TableName } from '@lutra/model';
import { quoteText } from './literal.js';
import { through } from './ownership.js';
import { textOf } from './server-facts.js';
import type { ConnectionOptions, Queries, ResultRow } from './session-options.js';
import { inPieces, joined } from './sql-text.js';
import type { SqlText } from './sql-text.js';

/** Where a placed file is, and what tells it from any other that is put there later. */
interface FileRow extends FileName {
  readonly sha256: string;
  readonly size: number;
  readonly mtimeNs: string;
  readonly dev: string;
  readonly ino: string;
}

interface LeavingFileRow extends FileName {
  readonly way: 'trash' | 'remove';
}

/** A file that no row of the pipeline's transaction names any more. */
export interface LeavingFile extends FileRow, LeavingFileRow {
  readonly pipeline: string;
  readonly n: number;
}

export interface MissingFileRow extends FileName {
  /** That the row carries. */
  readonly sha256: string | null;
  /** By its name at the source. */
  readonly table: TableName;
  /** JSON: the primary key, as its source compares it. */
  readonly key: string;
}

/** What a target transaction says of files. */
export interface FilesWritten {
  readonly pipeline: string;
  /** Of the placing. */
  readonly n: number;
  /** By root: lutra.file_place. */
  readonly places: readonly { readonly root: string; readonly n: number }[];
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
export function filesTexts({ pipeline, n, places, placed, leaves, missing, found }: FilesWritten): readonly SqlText[] {
  const uid = quoteText(pipeline);
  return inPieces([
    ...chunked(placed).map((files) => placedText(files, uid, n)),
    ...leavingTexts(leaves, uid, n),
    ...chunked(missing).map((files) => missingText(files, uid)),
    ...chunked(found).map((files) => textOn('file_missing', `DELETE FROM lutra.file_missing WHERE pipeline = ${uid} AND ${named(files)}`)),
    ...(places.length > 0 ? [placesText(places, uid)] : []),
  ]);
}

function placesText(places: FilesWritten['places'], uid: string): SqlText {
  const rows = places.map(({ root, n }) => `(${uid}, ${quoteText(root)}, ${n})`).join(', ');
  return textOn('file_place', `INSERT INTO lutra.file_place (pipeline, root, n) VALUES ${rows} ON DUPLICATE KEY UPDATE n = VALUES(n)`);
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

/** No pipeline has placed them, so nobody has a hash of them. What is there by now stays as it is. */
function leavingOrphansText(files: readonly Omit<FileRow, 'sha256'>[], pipeline: string): string {
  const rows = files.map(({ root, path, size, mtimeNs, dev, ino }) =>
    [nameValues({ root, path }), hex('00'.repeat(32)), ...[size, mtimeNs, dev, ino].map(whole), quoteText(pipeline), 0, "'trash'"].join(
      ', ',
    ),
  );
  const into = `INSERT INTO lutra.file (root, path_hash, path, ${fileColumns.join(', ')})`;
  return `${into} VALUES (${rows.join('), (')}) ON DUPLICATE KEY UPDATE n = n`;
}

function leavingTexts(leaves: readonly LeavingFileRow[], uid: string, n: number): readonly SqlText[] {
  return [...Map.groupBy(leaves, ({ way }) => way)].flatMap(([way, files]) =>
    chunked(files).map((some) =>
      textOn('file', `UPDATE lutra.file SET state = '${way}', pipeline = ${uid}, n = ${n} WHERE ${named(some)}`),
    ),
  );
}

/** Of rows that were replaced by rows that were read: no placing is about them, and the number of theirs stays. */
export function leftText(leaves: readonly LeavingFileRow[], pipeline: string): SqlText {
  const texts = [...Map.groupBy(leaves, ({ way }) => way)].flatMap(([way, files]) =>
    chunked(files).map((some) =>
      textOn('file', `UPDATE lutra.file SET state = '${way}', pipeline = ${quoteText(pipeline)} WHERE ${named(some)}`),
    ),
  );
  return joined(texts);
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

/** The condition that finds these files by their key. Not by pairs: MariaDB reads, and locks, the whole table for one pair. */
function named(files: readonly FileName[]): string {
  const roots = [...Map.groupBy(files, ({ root }) => root)].map(([root, some]) => {
    return `(root = ${quoteText(root)} AND path_hash IN (${some.map(({ path }) => pathHash(path)).join(', ')}))`;
  });
  return `(${roots.join(' OR ')})`;
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

/** By root, the number of the last placing that was committed; 0: none was. None where an older lutra.sql made the target. */
export async function readFilePlacing(target: ConnectionOptions | Queries, pipeline: string): Promise<ReadonlyMap<string, number>> {
  const sql = `SELECT root, n FROM lutra.file_place WHERE pipeline = ${quoteText(pipeline)}`;
  return through(target, async (queries) => {
    try {
      return new Map((await queries.query(sql)).map((row) => [textOf(row, 'root'), Number(textOf(row, 'n'))]));
    } catch (error) {
      if (toSyncError(error).code === 'TABLE_MISSING') return new Map<string, number>();
      throw error;
    }
  });
}

/** Before the first placing there: whoever comes later looks there, whatever the rules say then. */
export async function beginFilePlacing(target: ConnectionOptions | Queries, pipeline: string, roots: readonly string[]): Promise<void> {
  const rows = roots.map((root) => `(${quoteText(pipeline)}, ${quoteText(root)}, 0)`).join(', ');
  const sql = `INSERT INTO lutra.file_place (pipeline, root, n) VALUES ${rows} ON DUPLICATE KEY UPDATE n = n`;
  await through(target, (queries) => queries.query(sql));
}

/** Those of the pipeline that are to go, in the order of their key. */
export async function readLeavingFiles(
  target: ConnectionOptions | Queries,
  pipeline: string,
  { after, limit }: { readonly after: FileName | null; readonly limit: number },
): Promise<readonly LeavingFile[]> {
  const root = after && quoteText(after.root);
  const behind = after ? ` AND (root > ${root} OR (root = ${root} AND path_hash > ${pathHash(after.path)}))` : '';
  const of = `pipeline = ${quoteText(pipeline)} AND state IN ('trash', 'remove')${behind}`;
  const sql = `SELECT ${selected} FROM lutra.file WHERE ${of} ORDER BY root, path_hash LIMIT ${limit}`;
  return (await through(target, (queries) => queries.query(sql))).map(leavingFile);
}

/** Of the pipeline, the oldest first, behind one of them. */
export async function readMissingFiles(
  target: ConnectionOptions | Queries,
  pipeline: string,
  { limit, after = '0' }: { readonly limit: number; readonly after?: string },
): Promise<readonly (MissingFileRow & { readonly id: string })[]> {
  const columns = 'CAST(id AS CHAR) AS id, root, HEX(path) AS path, HEX(sha256) AS sha256, database_name, table_name, row_key';
  const of = `pipeline = ${quoteText(pipeline)} AND id > ${whole(after)}`;
  const sql = `SELECT ${columns} FROM lutra.file_missing WHERE ${of} ORDER BY id LIMIT ${limit}`;
  return (await through(target, (queries) => queries.query(sql))).map((row) => ({
    ...nameOf(row),
    id: textOf(row, 'id'),
    sha256: textOf(row, 'sha256').toLowerCase() || null,
    table: { database: textOf(row, 'database_name'), name: textOf(row, 'table_name') },
    key: textOf(row, 'row_key'),
  }));
}

const whole64 = ['size', 'mtime_ns', 'dev', 'ino', 'n'].map((column) => `CAST(${column} AS CHAR) AS ${column}`).join(', ');
const selected = `root, HEX(path) AS path, HEX(sha256) AS sha256, ${whole64}, pipeline, state`;

function nameOf(row: ResultRow): FileName {
  return { root: textOf(row, 'root'), path: Buffer.from(textOf(row, 'path'), 'hex').toString() };
}

function leavingFile(row: ResultRow): LeavingFile {
  return {
    ...nameOf(row),
    sha256: textOf(row, 'sha256').toLowerCase(),
    size: Number(textOf(row, 'size')),
    mtimeNs: textOf(row, 'mtime_ns'),
    dev: textOf(row, 'dev'),
    ino: textOf(row, 'ino'),
    pipeline: textOf(row, 'pipeline'),
    n: Number(textOf(row, 'n')),
    way: textOf(row, 'state') as LeavingFile['way'],
  };
}

/** For wanted-files.ts, orphan-files.ts and letting-go.ts. */
export { leavingOrphansText, missingText, named as namedFiles, nameOf as fileNameOf, whole as wholeText };
