/** Which files belong to the rows of a route: docs/11-files.md. Declarative; what it makes of a row: libs/files/src/rule/. */
import { z } from 'zod';
import { nameSchema } from './config-fields.js';

export const fileDeletes = ['keep', 'trash', 'remove'] as const;
/** What happens to the file of a row that is deleted, or names another one: keep · it stays · trash · kept for some days · remove */
export type FileDeletes = (typeof fileDeletes)[number];

export const fileMissing = ['wait', 'stop', 'skip'] as const;
/** What happens to a row whose file the source region does not have, after `waitSeconds`; wait: it waits for ever. */
export type FileMissing = (typeof fileMissing)[number];

export const fileRuleSchema = z.strictObject({
  /** A named tree of files; each region has its own, at a path that its files app knows. */
  root: nameSchema,
  /** Text with names of columns in braces: `{shop_id}/{image}`. */
  path: z.string().min(1).max(1000),
  /** What each value of a column that the path names begins with, and the file's path does not; a value without it names no file. */
  strip: z.string().min(1).max(1000).optional(),
  /** The last column of the path holds a list, with this between its elements. */
  split: z.string().min(1).max(10).optional(),
  /** The last column of the path holds JSON; this is the path of its texts: `$.images[*].file`. Not with `split`. */
  json: z.string().startsWith('$').max(1000).optional(),
  /** Column with the SHA-256 of the file in hex (64 digits) or 32 bytes; of a list: a list of the same kind, as long. */
  hash: z.string().min(1).max(64).optional(),
  /** No path is written twice with different bytes. Needed both ways, where there is no `hash`. */
  immutable: z.boolean().default(false),
  deletes: z.enum(fileDeletes).default('keep'),
  missing: z.enum(fileMissing).default('stop'),
  waitSeconds: z.int().min(0).max(86_400).default(60),
});
export type FileRule = z.infer<typeof fileRuleSchema>;

/** A file, wherever it is. */
export interface FileName {
  readonly root: string;
  /** Relative to the root, with `/`. */
  readonly path: string;
}

/** What a loader says about the files of its rows. */
export interface FilesActivity {
  /** Rows that wait for files, and files that are asked for and not staged. */
  readonly rows: number;
  readonly files: number;
  /** The first of them, in the order of the log: at most 20. */
  readonly waiting: readonly WaitingFile[];
}

export interface WaitingFile extends FileName {
  readonly database: string;
  readonly table: string;
  /** JSON: the primary key of the row. */
  readonly key: string;
  /** asked · hashing: the source region reads it · sending · checking · missing, unstable: asked again and again */
  readonly phase: 'asked' | 'hashing' | 'sending' | 'checking' | 'missing' | 'unstable';
  /** Bytes; null: not known yet. */
  readonly size: number | null;
  readonly done: number;
  readonly bytesPerSecond: number;
  /** ms since 1970 */
  readonly since: number;
}
