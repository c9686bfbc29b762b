/**
 * An omission: something that was not replicated because a configuration or an operator said so, and after which the two sides may differ.
 * It is shown in the status of its channel until an operator confirms it. Never with values: a statement's text is in the topic, the rows
 * of a skipped transaction are in lutra.skipped.
 */
import { z } from 'zod';

/**
 * ddl: a pipeline with `ddl: "ignore"` · skip: a transaction, or a schema change, that an operator told a loader to skip · force: a start,
 * or a change of the channel, in spite of its checks · suspend: a table that a channel with `onUnsupported: "suspend"` does not carry from
 * there on · drop: columns or rows that the target had dropped behind what they had seen
 */
export const omissionKinds = ['ddl', 'skip', 'force', 'suspend', 'drop'] as const;

const count = z.int().min(0);

export const omissionSchema = z.strictObject({
  /** Counts the omissions of its endpoint, pipeline or channel from 1. */
  n: count,
  kind: z.enum(omissionKinds),
  /** A statement's kind (TRUNCATE TABLE); `transaction`; the codes of the checks; why a table is suspended; columns that were dropped. */
  what: z.string(),
  /** `schema.table` at the source, `schema.*` for all of a schema; none: which ones is not known, or a check was of the whole server. */
  tables: z.array(z.string()).readonly(),
  /** Where: a position in the binlog, a seq of the log, `start`, `change`. */
  where: z.string(),
  /** ms since 1970 */
  at: count,
});
export type Omission = Readonly<z.infer<typeof omissionSchema>>;

export const confirmationSchema = z.strictObject({
  /** Up to this `n`. */
  n: count,
  /** Who says so. */
  by: z.string().min(1).max(200),
  reason: z.string().min(1).max(1000),
  at: count,
});
export type Confirmation = Readonly<z.infer<typeof confirmationSchema>>;

/** What an endpoint's capture, a pipeline's loader, or a channel's start has left out. */
export const omissionsSchema = z.strictObject({
  total: count,
  /** Records of this log up to this seq are counted; '' and −1: none of a log is. */
  log: z.string(),
  seq: z.int().min(-1),
  /** The newest, oldest first. */
  last: z.array(omissionSchema).readonly(),
  /** By channel: those that share an endpoint have targets of their own to bring in line. */
  confirmed: z.record(z.string(), confirmationSchema),
});
export type Omissions = Readonly<z.infer<typeof omissionsSchema>>;
