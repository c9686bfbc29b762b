/** What is asked and told where a database server is made ready. The administrator's login comes in, and goes nowhere else. */
import { accountSchema, hostSchema, nameSchema, serverTlsSchema } from '@lutra/model';
import { z } from 'zod';
import { problemSchema } from '../http/schemas.js';

const access = {
  /** Its name, or the one that it is going to have. */
  endpoint: nameSchema,
  server: z.strictObject({ host: hostSchema, port: z.int().min(1).max(65535).default(3306), tls: serverTlsSchema.optional() }),
  /** Of the server. Nobody keeps it. */
  admin: z.strictObject({ user: z.string().min(1).max(80), password: z.string().max(1000) }),
  /** Of what was shown: just that is done. Left out: it is only shown. */
  hash: z.string().max(100).optional(),
};

export const prepareBodySchema = z.strictObject({
  ...access,
  /** The user that the endpoint logs in as. */
  account: accountSchema.prefault({ user: 'lutra' }),
  source: z.boolean().default(true),
  target: z.boolean().default(true),
  /** Changes go out from it and come in, in one channel. */
  bothWays: z.boolean().default(false),
  schemas: z.array(z.string().min(1).max(64)).max(1000).default([]),
  /** As a target it carries schema changes out. */
  ddl: z.boolean().default(true),
  /** A seed creates its tables. */
  creates: z.boolean().default(true),
  /** false: the user and its rights stay out of the binlog, and so do not come to its replicas. */
  binlog: z.boolean().default(true),
});
export type PrepareBody = z.infer<typeof prepareBodySchema>;

export const unprepareBodySchema = z.strictObject(access);
export type UnprepareBody = z.infer<typeof unprepareBodySchema>;

const stepSchema = z.strictObject({
  id: z.string(),
  /** The statements. A password is never in them. */
  sql: z.array(z.string()),
  done: z.boolean(),
});
export type ShownStep = z.infer<typeof stepSchema>;

export const preparedAnswerSchema = z.strictObject({
  version: z.string(),
  /** What Lutra has done on this server, and what is missing. */
  steps: z.array(stepSchema),
  /** What nobody but a person does (`error`), or should (`warning`). */
  problems: z.array(problemSchema),
  schemas: z.array(z.strictObject({ name: z.string(), tables: z.int(), rows: z.number(), bytes: z.number() })),
  hash: z.string(),
  /** It was carried out by this request, or there is nothing to do. */
  done: z.boolean(),
});
export type PreparedAnswer = z.infer<typeof preparedAnswerSchema>;

export const unpreparedAnswerSchema = z.strictObject({
  steps: z.array(stepSchema),
  /** What was done then and is somebody else's by now: `setting sync_binlog`. It stays. */
  kept: z.array(z.string()),
  hash: z.string(),
  done: z.boolean(),
});
export type UnpreparedAnswer = z.infer<typeof unpreparedAnswerSchema>;

export const probeSchema = z.strictObject({
  /** Of the source, behind the write. */
  file: z.string(),
  pos: z.int(),
});
export type Probe = z.infer<typeof probeSchema>;
