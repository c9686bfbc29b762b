import { describe, expect, it } from 'vitest';
import { avroSchema } from './avro-schema.js';
import { isSchemaRegistry } from './paths.js';

const record = { type: 'record', name: 'Row', namespace: 'shop', fields: [{ name: 'id', type: 'long' }] };
const accept = (schema: unknown): string => avroSchema({ schema: JSON.stringify(schema) });

describe('avroSchema', () => {
  it('gives one text for one schema, whatever the order of its properties', () => {
    const { fields, ...head } = record;
    expect(accept(record)).toBe(accept({ fields, ...head }));
    expect(accept(record)).toBe('{"fields":[{"name":"id","type":"long"}],"name":"Row","namespace":"shop","type":"record"}');
  });

  it.each([
    'string',
    ['null', 'long'],
    { type: 'bytes', logicalType: 'decimal', precision: 10, scale: 2 },
    { type: 'array', items: { type: 'map', values: 'string' } },
    { type: 'enum', name: 'Op', symbols: ['c', 'u'] },
    { type: 'fixed', name: 'Hash', size: 16 },
    { ...record, fields: [{ name: 'next', type: ['null', 'Row'] }] },
    { ...record, fields: [{ name: 'next', type: ['null', 'shop.Row'] }] },
    {
      ...record,
      fields: [
        { name: 'before', type: ['null', { ...record, name: 'Value' }] },
        { name: 'after', type: ['null', 'Value'] },
      ],
    },
  ])('takes %j', (schema) => {
    expect(() => accept(schema)).not.toThrow();
  });

  it.each([
    'unknown',
    {},
    null,
    7,
    { type: 'record', name: 'Row' },
    { type: 'record', fields: [] },
    { ...record, name: '1Row' },
    { ...record, fields: [{ name: 'id' }] },
    {
      ...record,
      fields: [
        { name: 'id', type: 'long' },
        { name: 'id', type: 'long' },
      ],
    },
    { type: 'enum', name: 'Op' },
    { type: 'fixed', name: 'Hash' },
    { type: 'array' },
    [['null'], 'long'],
  ])('refuses %j with 42201', (schema) => {
    expect(() => accept(schema)).toThrow(expect.objectContaining({ confluentCode: 42201 }));
  });

  it('refuses what is not JSON, not Avro, or refers to other subjects', () => {
    expect(() => avroSchema({ schema: '{' })).toThrow('not JSON');
    expect(() => avroSchema({ schema: '"string"', schemaType: 'PROTOBUF' })).toThrow('PROTOBUF');
    expect(() => avroSchema({ schema: '"string"', references: [{}] })).toThrow('references');
  });
});

describe('isSchemaRegistry', () => {
  it("is the root and Confluent's collections, served or not, and nothing that merely begins alike", () => {
    expect(['/', '/subjects', '/subjects/a/versions', '/schemas/ids/1', '/config'].every(isSchemaRegistry)).toBe(true);
    expect(['/associations/resources/-/lutra.a.rows', '/mode', '/compatibility/subjects/a'].every(isSchemaRegistry)).toBe(true);
    expect(['/api/v1/regions', '/subjectsx', '/health/live', '/metrics', '/configuration'].some(isSchemaRegistry)).toBe(false);
  });
});
