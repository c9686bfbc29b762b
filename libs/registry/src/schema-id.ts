/**
 * Schema ids: the first 31 bits of the SHA-256 of the schema's whole JSON text, so that a registry that was lost and filled again gives the
 * same numbers. On a collision the next number is tried. (avsc's own fingerprint is equal for decimals of different scale.)
 */
import { createHash } from 'node:crypto';

const maxId = 2 ** 31 - 1;

/** 1 … 2^31−1 */
export function schemaId(schemaJson: string): number {
  return createHash('sha256').update(schemaJson, 'utf8').digest().readUInt32BE(0) >>> 1 || 1;
}

/** The id to try when this one belongs to another schema. */
export function nextSchemaId(id: number): number {
  return id === maxId ? 1 : id + 1;
}
