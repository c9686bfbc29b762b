/** What the history of a document looks like over HTTP. */
import { z } from 'zod';

export const historyKindSchema = z.enum(['regions', 'endpoints', 'channels']);

export const historyRevisionSchema = z.coerce.number().pipe(z.int().min(1));

const entryShape = {
  /** Of the configuration: the write that changed the document made it. */
  revision: z.int(),
  by: z.string(),
  /** ms since 1970 */
  at: z.int(),
  /** Address of whoever asked for it; empty: control itself. */
  from: z.string(),
  /** As `?reason=` gave it. */
  reason: z.string(),
  what: z.enum(['created', 'changed', 'removed']),
};

export const historyEntrySchema = z.strictObject(entryShape);
export type HistoryEntryBody = z.infer<typeof historyEntrySchema>;

const documentSchema = z.record(z.string(), z.unknown()).nullable();

export const historyChangeSchema = z.strictObject({
  ...entryShape,
  /** null: there was none. Secrets are left out: "(secret)". */
  before: documentSchema,
  /** null: it was removed. */
  after: documentSchema,
});
export type HistoryChangeBody = z.infer<typeof historyChangeSchema>;
