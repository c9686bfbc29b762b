/**
 * What was done on a database server so that it can be an endpoint: kept so that it, and nothing else, can be taken back. It has no secret.
 */
import { z } from 'zod';
import { hostSchema, nameSchema } from './config-fields.js';

/** Of MySQL: `'lutra'@'%'`. */
export const accountSchema = z.strictObject({
  user: z.string().min(1).max(32),
  host: z.string().min(1).max(255).default('%'),
});
export type Account = z.infer<typeof accountSchema>;

export const preparedStepSchema = z.discriminatedUnion('kind', [
  /** The database `lutra`. */
  z.strictObject({ kind: z.literal('database') }),
  /** A table in it. */
  z.strictObject({ kind: z.literal('table'), table: z.string().regex(/^[a-z_]{1,64}$/) }),
  z.strictObject({ kind: z.literal('user') }),
  /** `object` as GRANT has it: *.*, lutra.*, `shop`.* */
  z.strictObject({ kind: z.literal('grant'), object: z.string(), privileges: z.array(z.string().regex(/^[A-Z_ ]+$/)).min(1) }),
  z.strictObject({
    kind: z.literal('setting'),
    variable: z.string().regex(/^[a-z_]+$/),
    value: z.string(),
    /** The global value before. */
    was: z.string(),
    /** That stood in mysqld-auto.cnf before; null: none did. */
    persisted: z.string().nullable(),
  }),
]);
export type PreparedStep = z.infer<typeof preparedStepSchema>;

export const preparedSchema = z.strictObject({
  endpoint: nameSchema,
  host: hostSchema,
  port: z.int(),
  account: accountSchema,
  /** The user may log in over TLS only. */
  ssl: z.boolean(),
  /** The user and its rights went into the binlog. */
  binlog: z.boolean(),
  /** In the order in which they were carried out. */
  steps: z.array(preparedStepSchema),
  /** Not yet: somebody was interrupted, and some of the steps may not have been carried out. */
  whole: z.boolean(),
  by: z.string(),
  /** ms since 1970 */
  at: z.int().min(0),
});
export type Prepared = z.infer<typeof preparedSchema>;
