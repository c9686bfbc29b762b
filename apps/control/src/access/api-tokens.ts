/**
 * The text of API tokens: `lutra_<id>_<secret>`. The id is public and finds the token; of the secret only the SHA-256 is kept, which 256
 * random bits need no more than.
 */
import { createHash, randomBytes, randomInt, timingSafeEqual } from 'node:crypto';

const form = /^lutra_([a-z2-7]{12})_([A-Za-z0-9_-]{43})$/;
const letters = 'abcdefghijklmnopqrstuvwxyz234567';

export interface TokenText {
  readonly id: string;
  readonly secret: string;
}

export function parseToken(text: string): TokenText | undefined {
  const [, id, secret] = form.exec(text) ?? [];
  return id === undefined || secret === undefined ? undefined : { id, secret };
}

/** The text is shown once. */
export function newToken(): { readonly id: string; readonly hash: string; readonly text: string } {
  const id = Array.from({ length: 12 }, () => letters[randomInt(letters.length)]).join('');
  const secret = randomBytes(32).toString('base64url');
  return { id, hash: hashOf(secret), text: `lutra_${id}_${secret}` };
}

export function isSecretOf(secret: string, hash: string): boolean {
  return timingSafeEqual(Buffer.from(hashOf(secret), 'hex'), Buffer.from(hash, 'hex'));
}

function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}
