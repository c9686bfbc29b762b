/** What is said about secrets: with which keys they are sealed, where references lead. Never a secret. */
import { z } from 'zod';

const names = z.array(z.string());
/** `oidc`: `login`, where the login by OIDC has a secret. */
const namesSchema = z.strictObject({ endpoints: names, regions: names, oidc: names });

export const resealedSchema = z.strictObject({
  /** Of the key that seals. */
  kid: z.string(),
  /** Documents with a secret that was sealed under another key until now. */
  sealed: namesSchema,
  kept: namesSchema,
});
export type Resealed = z.infer<typeof resealedSchema>;

export const secretsSchema = z.strictObject({
  /** In the order of the key file of this control; then those that only documents name. */
  keys: z.array(
    z.strictObject({
      kid: z.string(),
      /** It seals what is written now. */
      first: z.boolean(),
      /** This control has it. */
      known: z.boolean(),
      /** Secrets that it seals. A key with none can be taken out of the files. */
      secrets: z.int(),
    }),
  ),
  references: z.array(
    z.strictObject({ reference: z.string(), kind: z.enum(['endpoint', 'region', 'oidc']), name: z.string(), field: z.string() }),
  ),
  /** Secrets that an earlier version sealed: nobody opens them. */
  unreadable: z.int(),
});
export type Secrets = z.infer<typeof secretsSchema>;
