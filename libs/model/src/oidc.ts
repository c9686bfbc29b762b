/** Login by an identity provider (OpenID Connect), as ZooKeeper holds it: one node below `access/oidc`. The client secret is sealed. */
import { z } from 'zod';
import { isLoopback } from './loopback.js';
import { grantSchema } from './roles.js';
import { sealedSecretSchema, secretInputSchema, secretReferenceSchema } from './secret-fields.js';

/** As the provider writes it in its tokens, to the letter. */
const issuerSchema = z.url().max(500).refine(isIssuer, 'https (or http on a loopback address), without a query, a fragment or a user');

function isIssuer(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password, search, hash } = new URL(text);
  if (username + password + search + hash !== '') return false;
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname));
}

const claimSchema = z.string().min(1).max(200);
/** RFC 6749, section 3.3. */
const scopeSchema = z
  .string()
  .max(200)
  .regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'a scope: visible ASCII without " and \\');

const base = {
  issuer: issuerSchema,
  clientId: z.string().min(1).max(500),
  /** `openid` is always asked for. */
  scopes: z
    .array(scopeSchema)
    .max(20)
    .default(['openid', 'profile'])
    .refine((scopes) => scopes.includes('openid'), 'openid must be among them'),
  /** Holds the names of the groups that a person is in: a list, or one text. */
  groupsClaim: claimSchema.default('groups'),
  /** Names the person, as `oidc:<name>`. It must stay one person's. */
  nameClaim: claimSchema.default('preferred_username'),
  /** Who is in none of them may not log in. */
  groups: z.array(z.strictObject({ group: z.string().min(1).max(500), grants: z.array(grantSchema).min(1).max(100) })).max(500),
};

/** Without a secret: a public client, which PKCE alone protects. */
export const oidcSchema = z.strictObject({
  ...base,
  clientSecret: sealedSecretSchema.optional(),
  by: z.string(),
  at: z.int().min(0),
});
export type OidcDocument = Readonly<z.infer<typeof oidcSchema>>;

/** What says that a secret is there is let in, so that what GET gave can be sent back; it has no effect. */
export const oidcInputSchema = z.strictObject({
  ...base,
  /** In clear or a reference; left out: the stored one stays; null: none. */
  clientSecret: secretInputSchema.min(1).nullable().optional(),
  clientSecretSet: z.boolean().optional(),
  clientSecretFrom: z.string().optional(),
  by: z.string().optional(),
  at: z.int().optional(),
});
export type OidcInput = Readonly<z.infer<typeof oidcInputSchema>>;

export const oidcOutputSchema = oidcSchema
  .omit({ clientSecret: true })
  .extend({ clientSecretSet: z.boolean(), clientSecretFrom: secretReferenceSchema.optional() });
export type OidcOutput = Readonly<z.infer<typeof oidcOutputSchema>>;
