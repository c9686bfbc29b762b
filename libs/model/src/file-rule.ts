/** Which files belong to the rows of a route: docs/11-files.md. Declarative; what it makes of a row: libs/files/src/rule/. */
import { z } from 'zod';
import { nameSchema } from './config-fields.js';
import { jsonPathSteps, pathProblem, templateColumns, templateParts } from './file-path.js';

export const fileDeletes = ['keep', 'trash', 'remove'] as const;
/** What happens to the file of a row that is deleted, or names another one: keep · it stays · trash · kept for some days · remove */
export type FileDeletes = (typeof fileDeletes)[number];

export const fileMissing = ['wait', 'stop', 'skip'] as const;
/** What happens to a row whose file the source region does not have, after `waitSeconds`; wait: it waits for ever. */
export type FileMissing = (typeof fileMissing)[number];

const fileRuleFields = z.strictObject({
  /** A named tree of files; each region has its own, at a path that its files app knows. */
  root: nameSchema,
  /** Text with names of columns in braces: `{shop_id}/{image}`. A row with NULL or '' in one of them names no file. */
  path: z.string().min(1).max(1000),
  /** What the last column of the path, or each element of it, begins with, and the file's path does not; one without it names no file. */
  strip: z.string().min(1).max(1000).optional(),
  /** The last column of the path holds a list, with this between its elements. */
  split: z.string().min(1).max(10).optional(),
  /** The last column of the path holds JSON; this is the path of its texts: `$.images[*].file` (file-path.ts). Not with `split`. */
  json: z.string().startsWith('$').max(1000).optional(),
  /**
   * Column with the SHA-256 of the file in hex (64 digits) or 32 bytes; with NULL or '' the row names no file. Of `split`: a list with the
   * same between its elements, of `json`: an array, or the text of one; as long.
   */
  hash: z.string().min(1).max(64).optional(),
  /** No path is written twice with different bytes. Needed both ways, where there is no `hash`. */
  immutable: z.boolean().default(false),
  deletes: z.enum(fileDeletes).default('keep'),
  missing: z.enum(fileMissing).default('stop'),
  waitSeconds: z.int().min(0).max(86_400).default(60),
});

export const fileRuleSchema = fileRuleFields.superRefine((rule, context) => {
  for (const [field, message] of ruleFaults(rule)) context.addIssue({ code: 'custom', path: [field], message });
});
export type FileRule = z.infer<typeof fileRuleFields>;

/** What no table could make good. */
function ruleFaults({ path, split, json }: FileRule): (readonly [keyof FileRule, string])[] {
  const faults: (readonly [keyof FileRule, string])[] = [];
  if (!templateParts(path)) faults.push(['path', 'braces hold names of columns, and stand for nothing else: {shop_id}/{image}']);
  else if (templateColumns(path).length === 0) faults.push(['path', 'it names no column: {shop_id}/{image}']);
  else {
    const problem = pathProblem(path.replaceAll(/\{[^{}]+\}/g, 'x'));
    if (problem !== null) faults.push(['path', `no file can have it: ${problem}`]);
  }
  if (split !== undefined && json !== undefined) faults.push(['split', 'not together with json']);
  if (json !== undefined && !jsonPathSteps(json)) faults.push(['json', "a path of $, .name, ['name'], [0] and [*], like $.images[*].file"]);
  return faults;
}

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
  /** Of the first that could not be asked for: a files app is away, or its disk is full. It is asked for again. Absent: none. */
  readonly trouble?: FilesTrouble;
  /** Files that are to go, and are kept: a table that a rule of their root takes lacks a column of the rule. Absent: none. */
  readonly held?: readonly HeldFiles[];
}

export interface HeldFiles {
  readonly root: string;
  readonly files: number;
}

export interface FilesTrouble {
  /** Of the error table. */
  readonly code: string;
  readonly message: string;
  /** ms since 1970 */
  readonly since: number;
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
