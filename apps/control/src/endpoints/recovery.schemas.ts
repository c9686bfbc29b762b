/** The shapes of the two recovery actions for an endpoint: restart (the log goes on elsewhere in the source) and reset (a new log). */
import { hostSchema, restartOrderSchema, restartStartSchema, startSchema } from '@lutra/model';
import { z } from 'zod';
import { problemSchema } from '../http/schemas.js';

/** Why, for who reads the log later. */
const reason = z.string().min(1).max(1000);
/** Without it the answer is what the request would mean (409), and nothing is changed. */
const accept = z.boolean().default(false);

/** What follows at the targets. Left out: you bring them in line. */
const then = z.literal('verify-and-repair').optional();

// oxlint-disable-next-line unicorn/no-thenable -- a text is no function: await takes it as it is
export const restartWriteSchema = z.strictObject({ start: restartStartSchema, reason, accept, then });
export type RestartWrite = z.infer<typeof restartWriteSchema>;

export const restartStateSchema = z.strictObject({
  endpoint: z.string(),
  /** The order that waits for capture; null: there is none, or it was carried out. */
  order: restartOrderSchema.nullable(),
});
export type RestartState = z.infer<typeof restartStateSchema>;

export const restartAnswerSchema = restartStateSchema.extend({
  consequences: z.array(problemSchema),
  /** Those that follow: they wait until the restart is carried out. */
  verifications: z.array(z.strictObject({ channel: z.string(), id: z.string() })),
});
export type RestartAnswer = z.infer<typeof restartAnswerSchema>;

// oxlint-disable-next-line unicorn/no-thenable -- as above
export const resetWriteSchema = z.strictObject({ start: startSchema, reason, accept, then });
export type ResetWrite = z.infer<typeof resetWriteSchema>;

export const resetAnswerSchema = z.strictObject({
  endpoint: z.string(),
  /** The topic that is gone; capture makes it anew. */
  topic: z.string(),
  start: startSchema,
  consequences: z.array(problemSchema),
});
export type ResetAnswer = z.infer<typeof resetAnswerSchema>;

export const followWriteSchema = z.strictObject({
  /** One of the standbys. */
  to: z.strictObject({ host: hostSchema, port: z.int().min(1).max(65535).default(3306) }),
  reason,
  accept,
});
export type FollowWrite = z.infer<typeof followWriteSchema>;

export const followAnswerSchema = z.strictObject({
  endpoint: z.string(),
  host: z.string(),
  port: z.int(),
  standbys: z.array(z.strictObject({ host: z.string(), port: z.int() })),
  /** What was found and accepted. */
  consequences: z.array(problemSchema),
});
export type FollowAnswer = z.infer<typeof followAnswerSchema>;
