import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { nextSchemaId, schemaId } from './schema-id.js';

test('an id is the first 31 bits of the SHA-256 of the text', () => {
  // SHA-256 of "" is e3b0c442…, of "abc" ba7816bf…: known vectors, shifted right by one bit.
  expect(schemaId('')).toBe(0xe3b0c442 >>> 1);
  expect(schemaId('abc')).toBe(0xba7816bf >>> 1);
  expect(schemaId('"string"')).toBe(createHash('sha256').update('"string"').digest().readUInt32BE(0) >>> 1);
});

test('texts that differ in anything get ids of their own', () => {
  const decimal = (scale: number): string => `{"type":"bytes","logicalType":"decimal","precision":10,"scale":${scale}}`;
  expect(schemaId(decimal(2))).not.toBe(schemaId(decimal(3)));
});

test('every id and every next one fits a positive signed int', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      for (const id of [schemaId(text), nextSchemaId(schemaId(text))]) expect(id > 0 && id < 2 ** 31 && Number.isInteger(id)).toBe(true);
    }),
  );
  expect(nextSchemaId(1)).toBe(2);
  expect(nextSchemaId(2 ** 31 - 1)).toBe(1);
});
