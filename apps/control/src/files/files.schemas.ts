/** What the REST API says of files that belong to rows. */
import { z } from 'zod';
import { workerFilesSchema } from '../level/level.schemas.js';

const name = z.string().min(1).max(64);
/** Column → value: as in JSON, or as a conflict shows it: ["i", digits], ["b", base64]. */
const givenRowSchema = z.record(name, z.unknown());

/** A row as it would be, or the key of one that is at the source. */
export const previewWriteSchema = z
  .strictObject({ database: name, table: name, row: givenRowSchema.optional(), key: givenRowSchema.optional() })
  .refine(({ row, key }) => (row === undefined) !== (key === undefined), { message: 'either row or key', path: ['row'] });
export type PreviewWrite = z.infer<typeof previewWriteSchema>;

const previewedFileSchema = z.object({
  root: z.string(),
  path: z.string(),
  /** SHA-256 that the row carries; null: the rule has no hash. */
  hash: z.string().nullable(),
});

export const previewSchema = z.object({
  /** False: the source has no row with this key. */
  found: z.boolean(),
  /** In the order of the route; none: the route has no file rules, or there is no row. */
  rules: z.array(
    z.object({
      root: z.string(),
      path: z.string(),
      files: z.array(previewedFileSchema).readonly(),
      /** Why the row names no file; null: it names one. */
      none: z.string().nullable(),
      /** Why the rule cannot be followed for the row, which would stop the pipeline; null: it can. */
      error: z.object({ code: z.string(), message: z.string() }).nullable(),
    }),
  ),
});
export type Preview = z.infer<typeof previewSchema>;

export const filesAppsSchema = z.array(
  z.object({
    /** null: it says none. */
    region: z.string().nullable(),
    apps: z.array(
      workerFilesSchema.extend({
        /** host:pid */
        instance: z.string(),
        version: z.string(),
        /** When it started, in ms since 1970. */
        since: z.number(),
      }),
    ),
  }),
);
export type FilesApps = z.infer<typeof filesAppsSchema>;
