/** Users, API tokens and logins as the REST API shows and takes them. No hash is ever shown, and a token once. */
import { actions, grantSchema, nameSchema, personKinds, roles } from '@lutra/model';
import type { ActionName } from '@lutra/model';
import { z } from 'zod';
import { passwordSchema } from './passwords.js';

const dayMs = 86_400_000;
const grantsSchema = z.array(grantSchema).max(100);
/** Whom history and audit name so is no user. */
const reserved = ['control', 'local', 'break-glass', 'nobody', 'api'];
const newNameSchema = nameSchema.refine((name) => !reserved.includes(name), 'the name is taken');

export const loginSchema = z.strictObject({ name: z.string().min(1).max(48), password: z.string().min(1).max(200) });
export type Login = z.infer<typeof loginSchema>;

export const logoutQuerySchema = z.strictObject({
  /** Ends all sessions and API tokens of the user. */
  everywhere: z.enum(['', 'true', 'false']).default('false'),
});

export const meSchema = z.strictObject({
  name: z.string(),
  kind: z.enum(personKinds),
  /** The API token that asks; null: none. */
  token: z.strictObject({ id: z.string(), name: z.string() }).nullable(),
  grants: z.array(grantSchema),
  /** Of an API token: the grants of its user. Both must allow. */
  within: z.array(grantSchema).optional(),
  /** When the session ends, ms since 1970; null: it is none. */
  until: z.number().nullable(),
  /** Per action of the table of roles: everywhere, on some channels, or not at all. */
  actions: z.record(z.enum(Object.keys(actions) as [ActionName, ...ActionName[]]), z.enum(['everywhere', 'some', 'no'])),
});
export type Me = z.infer<typeof meSchema>;

export const ownPasswordSchema = z.strictObject({ current: z.string().max(200), password: passwordSchema });
export type OwnPassword = z.infer<typeof ownPasswordSchema>;

export const newPasswordSchema = z.strictObject({ password: passwordSchema.nullable() });

export const newUserSchema = z.strictObject({
  name: newNameSchema,
  /** null: no login by password. */
  password: passwordSchema.nullable(),
  grants: grantsSchema.default([]),
  disabled: z.boolean().default(false),
});
export type NewUser = z.infer<typeof newUserSchema>;

export const userWriteSchema = z.strictObject({ name: nameSchema, grants: grantsSchema, disabled: z.boolean() });
export type UserWrite = z.infer<typeof userWriteSchema>;

export const userOutputSchema = z.strictObject({
  name: z.string(),
  grants: z.array(grantSchema),
  disabled: z.boolean(),
  /** Whether he can log in by password. */
  passwordSet: z.boolean(),
  /** Who wrote him last, and when. */
  by: z.string(),
  at: z.number(),
});
export type UserOutput = z.infer<typeof userOutputSchema>;

export const tokenWriteSchema = z.strictObject({
  name: z.string().min(1).max(100),
  grants: z
    .array(grantSchema)
    .min(1)
    .max(100)
    .default([{ role: roles[0], channels: '*' }]),
  /** Days; null: it does not expire. */
  days: z.int().min(1).max(3650).nullable().default(90),
});
export type TokenWrite = z.infer<typeof tokenWriteSchema>;

export function expiryOf({ days }: TokenWrite, now: number): number | null {
  return days === null ? null : now + days * dayMs;
}

export const tokenIdSchema = z.string().regex(/^[a-z2-7]{12}$/, 'the id of a token');

export const tokenOutputSchema = z.strictObject({
  id: z.string(),
  name: z.string(),
  user: z.string(),
  grants: z.array(grantSchema),
  expiresAt: z.number().nullable(),
  state: z.enum(['valid', 'expired', 'ended']),
  /** null: not yet, as far as is known; others may have used it within the last hour. */
  lastUsedAt: z.number().nullable(),
  by: z.string(),
  at: z.number(),
});
export type TokenOutput = z.infer<typeof tokenOutputSchema>;

export const newTokenSchema = tokenOutputSchema.extend({
  /** Shown now and never again. */
  secret: z.string(),
});
export type NewToken = z.infer<typeof newTokenSchema>;
