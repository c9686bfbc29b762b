/**
 * Where an endpoint's log goes on when an operator says so: the REST body's part, and what ZooKeeper keeps until capture has carried it
 * out.
 */
import { z } from 'zod';
import { startSchema } from './config.js';

export const restartStartSchema = z.discriminatedUnion('from', [
  ...startSchema.options,
  /**
   * The position of the log and these transactions, which an operator brings to the target: one GTID, or more as a set (XA has one for
   * PREPARE and one for COMMIT).
   */
  z.strictObject({ from: z.literal('after'), gtid: z.string().min(1) }),
]);
export type RestartStart = z.infer<typeof restartStartSchema>;

export const restartOrderSchema = z.strictObject({
  id: z.string().min(1),
  start: restartStartSchema,
  reason: z.string().min(1).max(1000),
  /** What follows at the targets: differences are found and fixed. Since level 2; absent: nothing, the operator brings them in line. */
  then: z.literal('verify-and-repair').optional(), // oxlint-disable-line unicorn/no-thenable -- a text is no function: await takes it as it is
  /** ms since 1970 */
  at: z.int().min(0),
});
export type RestartOrder = z.infer<typeof restartOrderSchema>;
