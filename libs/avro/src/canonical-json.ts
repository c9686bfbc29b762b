/** One text per schema, whatever the order of its properties: what is registered, and what the fingerprint is taken of. */
import { createHash } from 'node:crypto';

function sorted(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, sorted);
}

/**
 * First 16 hex digits of SHA-256 of the whole text. Avro's own fingerprints leave out properties: two decimals of different scale
 * have the same.
 */
export function fingerprint(json: string): string {
  return createHash('sha256').update(json).digest('hex').slice(0, 16);
}
