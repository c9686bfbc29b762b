/** Search of the audit over HTTP. */
import { auditEntrySchema } from '@lutra/model';
import { z } from 'zod';

const time = z.union([
  z.coerce.number().pipe(z.int().min(0)),
  z.iso.datetime({ offset: true, error: 'ms since 1970, or a time as 2026-12-01T08:00:00Z' }).transform((text) => Date.parse(text)),
]);

/** Of the memory: when and what. Of the topic before it: the offset before which it goes on. */
const cursor = z.string().regex(/^(\d{1,15} .{1,500}|@\d{1,15})$/s, 'as the answer before gave it');

export const auditSearchSchema = z.strictObject({
  since: time.optional(),
  until: time.optional(),
  by: z.string().max(300).optional(),
  action: z.string().max(100).optional(),
  /** channels/orders, or the beginning with a star behind it: channels/* */
  subject: z.string().max(300).optional(),
  /** Part of any of the texts of an entry, whatever its case. */
  q: z.string().max(300).optional(),
  limit: z.coerce.number().pipe(z.int().min(1).max(1000)).default(100),
  after: cursor.optional(),
});
export type AuditSearch = z.infer<typeof auditSearchSchema>;

const shownSchema = auditEntrySchema.omit({ v: true, change: true }).extend({
  /** Of a change of the configuration; null: it is none. */
  what: z.enum(['created', 'changed', 'removed']).nullable(),
});
export type AuditShown = z.infer<typeof shownSchema>;

export const auditPageSchema = z.strictObject({
  /** Newest first; older than what memory holds in the order in which the topic has them. */
  entries: z.array(shownSchema).readonly(),
  /** For the next page. null: there is nothing more. */
  after: z.string().nullable(),
  /** false: the time was over. `after` goes on from there. */
  complete: z.boolean(),
  /** Where it stopped then: what is older was not looked at; ms since 1970. */
  scannedTo: z.int().nullable(),
});
export type AuditPage = z.infer<typeof auditPageSchema>;

export const auditDetailSchema = shownSchema.extend({
  change: z
    .strictObject({
      before: z.unknown(),
      after: z.unknown(),
      /** What differs, by JSON pointer; null: it is not there. */
      diff: z.array(z.strictObject({ pointer: z.string(), before: z.unknown(), after: z.unknown() })).readonly(),
    })
    .nullable(),
});
export type AuditDetail = z.infer<typeof auditDetailSchema>;
