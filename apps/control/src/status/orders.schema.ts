/** What the status says about seeds and verifications. */
import { repairResultSchema, tableVerdicts } from '@lutra/model';
import { z } from 'zod';

export const seedStatusSchema = z.object({
  /** Of the order. */
  id: z.string(),
  state: z.string(),
  /** Tables that have begun, by what became of them. The source's worker says how many there are. */
  tables: z.object({ seeding: z.number(), done: z.number(), cancelled: z.number() }),
  /** Rows that the target has handled. */
  rows: z.number(),
  /** Rows that could not be written: GET …/verify/differences?request=<id>. */
  clashes: z.number(),
  /** Pipelines whose seeds must be done first, by name. */
  after: z.array(z.string()),
});
export type SeedStatus = z.infer<typeof seedStatusSchema>;

export const verificationStatusSchema = z.object({
  id: z.string(),
  state: z.string(),
  pass: z.number(),
  waitingFor: z.string().nullable(),
  rowsDone: z.number(),
  rowsEstimated: z.number().nullable(),
  /** Of the pass; ms since 1970. null: it is under way. */
  endedAt: z.number().nullable(),
  /** How many tables there are of each verdict; `open`: not compared yet. */
  tables: z.object({ equal: z.number(), different: z.number(), unsettled: z.number(), refused: z.number(), open: z.number() }),
  /** Of what it found, in rows; null: none was ordered, or it has not begun. */
  repair: repairResultSchema.nullable(),
  /** The first 20 that are not known to be equal, in words. */
  notEqual: z.array(z.object({ pipeline: z.string(), table: z.string(), verdict: z.enum(tableVerdicts).nullable(), text: z.string() })),
});
export type VerificationStatus = z.infer<typeof verificationStatusSchema>;
