/** Users and API tokens, as ZooKeeper holds them (`access/users/<name>`, `access/tokens/<id>`). No password and no token is in clear. */
import { z } from 'zod';
import { nameSchema } from './config-fields.js';
import { grantSchema, isGranted } from './roles.js';
import type { ActionName } from './roles.js';

const ms = z.int().min(0);

export const userSchema = z.strictObject({
  name: nameSchema,
  /** argon2id as PHC text; null: no login by password (OIDC alone). */
  password: z.string().nullable(),
  grants: z.array(grantSchema).readonly(),
  disabled: z.boolean(),
  /** Sessions and tokens that were begun before it are no longer valid; ms since 1970. */
  sessionsFrom: ms,
  /** The first admin's password was printed and never used. */
  unused: z.boolean().optional(),
  by: z.string(),
  at: ms,
});
export type User = Readonly<z.infer<typeof userSchema>>;

export const apiTokenSchema = z.strictObject({
  /** Public; the secret is `lutra_<id>_<32 random bytes>`. */
  id: z.string().regex(/^[a-z2-7]{12}$/),
  /** What it is for, for people. */
  name: z.string().min(1).max(100),
  user: nameSchema,
  /** SHA-256 of the secret, hex. */
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  /** It may do what these *and* those of its user allow. */
  grants: z.array(grantSchema).readonly(),
  /** null: never. */
  expiresAt: ms.nullable(),
  by: z.string(),
  at: ms,
});
export type ApiToken = Readonly<z.infer<typeof apiTokenSchema>>;

/** break-glass: LUTRA_API_TOKEN · local: without that token, on a loopback address · control: nobody asked for it */
export const personKinds = ['user', 'token', 'oidc', 'break-glass', 'local', 'control'] as const;

/** Who sends a request. */
export interface Person {
  readonly kind: (typeof personKinds)[number];
  /** Of the user, or what is told of who is none; stands in history and audit. */
  readonly name: string;
  /** Of the API token, with its name. */
  readonly token: { readonly id: string; readonly name: string } | null;
  readonly grants: readonly z.infer<typeof grantSchema>[];
  /** Of an API token: those of its user as they are now. Both must allow. */
  readonly within?: readonly z.infer<typeof grantSchema>[];
}

export function isAllowed({ grants, within = grants }: Person, action: ActionName, channel: string | null): boolean {
  return isGranted(grants, action, channel) && isGranted(within, action, channel);
}
