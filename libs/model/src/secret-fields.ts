/** What a secret looks like: in an input, at rest, and as a reference to a variable or a file of the process that connects. */
import { z } from 'zod';

/** Of the names that `env:` may give. The keys that seal have it too, and are never sent to a server. */
export const secretVariablePrefix = 'LUTRA_SECRET_';
const keyVariables = 'LUTRA_SECRET_KEY(_FILE)?';

const looksLikeReference = /^(env|file):/;
const variableReference = new RegExp(`^env:(?!${keyVariables}$)${secretVariablePrefix}[A-Z0-9_]{1,100}$`);
/** No part begins with a dot, so none is `..`; none is empty, so the path is relative. */
const fileReference = /^file:[A-Za-z0-9_][\w.-]*(\/[A-Za-z0-9_][\w.-]*)*$/;
const most = 200;

function isReference(text: string): boolean {
  return text.length <= most && (variableReference.test(text) || fileReference.test(text));
}

const forms = `env:${secretVariablePrefix}NAME (no other variable, and not LUTRA_SECRET_KEY), or file:NAME below LUTRA_SECRETS_DIR (no "..", no absolute path)`;

export const secretReferenceSchema = z.string().refine(isReference, forms);

/** As sent: in clear, or a reference. What begins as a reference and is none would be a password that nobody meant. */
export const secretInputSchema = z
  .string()
  .refine((text) => !looksLikeReference.test(text) || isReference(text), `begins as a reference, which is ${forms}`);

/** @returns undefined: it is the secret itself */
export function referenceIn(input: string): string | undefined {
  return looksLikeReference.test(input) ? secretReferenceSchema.parse(input) : undefined;
}

const sealed = { iv: z.string(), tag: z.string(), data: z.string() };
/**
 * At rest: AES-256-GCM under the key `kid`, base64 parts. `id` is of the secret that was given, and stays when it is sealed under another
 * key. With `ref` nothing is sealed, and the reference is authenticated. The second form is an earlier version's: let in, never opened.
 */
export const sealedSecretSchema = z.union([
  z.strictObject({ v: z.literal(2), kid: z.string(), id: z.string(), ref: secretReferenceSchema.optional(), ...sealed }),
  z.strictObject({ alg: z.literal('aes-256-gcm'), ...sealed }),
]);
export type SealedSecret = z.infer<typeof sealedSecretSchema>;

/** For JSON.stringify: a secret that was only sealed anew is still the same. */
export function sealedAsId(_: string, value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'kid' in value && 'id' in value ? value.id : value;
}
