/** Ids that are made here and never again: of a pipeline (`uid`), of a write of the configuration. */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';
const length = 12;

/** 60 random bits as 12 characters of base32. No counter: a restored ZooKeeper would give a number twice. */
export function randomId(): string {
  return Array.from(randomBytes(length), (byte) => alphabet[byte % alphabet.length]).join('');
}

export const randomIdSchema = z.string().regex(/^[a-z2-7]{12}$/, 'an id that Lutra made: 12 characters of a-z and 2-7');
