import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { channelSchema, endpointSchema, parseDocument, regionSchema } from './config.js';
import { since, storedDocument } from './stored-document.js';
import { uidOf } from './pipeline-uid.fixture.js';

const at = { what: 'thing a', level: 1 };

const region = { name: 'hz', kafka: { brokers: ['a:1'] } };
const password = { v: 2, kid: 'k', id: 'i', iv: '', tag: '', data: '' } as const;
const endpoint = { name: 'a', region: 'hz', host: 'h', user: 'u', serverId: 1, password };
const route = { schema: 'shop' };
const channel = { name: 'c', pipelines: [{ name: 'p', uid: uidOf('c.p'), source: 'a', target: 'b', routes: [route] }] };

/** Each subset of optional fields, some with the value of their default. */
const given = {
  region: fc.record(
    { description: fc.constantFrom('', 'x'), tls: fc.constantFrom({}, { verify: true }, { verify: false }) },
    { requiredKeys: [] },
  ),
  endpoint: fc.record(
    {
      description: fc.constantFrom('', 'x'),
      port: fc.constantFrom(3306, 3307),
      start: fc.constantFrom({ from: 'now' } as const, { from: 'position', file: 'f', pos: 4 } as const),
      topic: fc.record(
        { replicationFactor: fc.constantFrom(1, 3), retentionMs: fc.constantFrom(60_000, 604_800_000) },
        { requiredKeys: [] },
      ),
    },
    { requiredKeys: [] },
  ),
  channel: fc.record(
    {
      description: fc.constantFrom('', 'x'),
      conflicts: fc.constantFrom(
        {},
        { retentionDays: 30 },
        { home: 'hz', rules: [{ policy: 'latest' as const, table: '*' }] },
        { rules: [] },
      ),
      onUnsupported: fc.constantFrom('stop' as const, 'suspend' as const),
    },
    { requiredKeys: [] },
  ),
};

describe('what is stored of a document', () => {
  it('reads back as the document, whatever was given', () => {
    const same = <T>(schema: z.ZodType<T>, input: unknown) => {
      const document = parseDocument(schema, input, 'x');
      const written = JSON.parse(JSON.stringify(storedDocument(schema, document, at))) as unknown;
      expect(parseDocument(schema, written, 'x')).toEqual(document);
      // What was stored once is stored again as it is.
      expect(storedDocument(schema, parseDocument(schema, written, 'x'), at)).toEqual(written);
    };
    fc.assert(
      fc.property(given.region, given.endpoint, given.channel, ({ tls, ...more }, ofEndpoint, ofChannel) => {
        same(regionSchema, { ...region, ...more, kafka: { ...region.kafka, ...(tls && { tls }) } });
        same(endpointSchema, { ...endpoint, ...ofEndpoint });
        same(channelSchema, { ...channel, ...ofChannel });
      }),
    );
  });

  it('has no default in it, at any depth', () => {
    const stored = <T>(schema: z.ZodType<T>, input: unknown) => storedDocument(schema, parseDocument(schema, input, 'x'), at);
    expect(stored(regionSchema, { ...region, description: '', kafka: { ...region.kafka, tls: {} } })).toEqual({
      ...region,
      kafka: { ...region.kafka, tls: {} },
    });
    expect(stored(endpointSchema, { ...endpoint, port: 3306, topic: { replicationFactor: 1 } })).toEqual(endpoint);
    expect(stored(channelSchema, { ...channel, state: 'stopped', conflicts: { rules: [], retentionDays: 30 } })).toEqual(channel);
  });

  it('has a field of a later level only where the cluster is at that level', () => {
    const later = z.strictObject({
      name: z.string(),
      list: z.array(z.strictObject({ note: since(2, z.string().default('-')) })).default([]),
    });
    const document = (note?: string) => later.parse({ name: 'a', list: [note === undefined ? {} : { note }] });
    for (const unused of [document(), document('-')]) expect(storedDocument(later, unused, at)).toEqual({ name: 'a', list: [{}] });
    expect(() => storedDocument(later, document('x'), at)).toThrow(
      'thing a: list.0.note: a field of level 2, and the cluster is at level 1',
    );
    expect(storedDocument(later, document('x'), { ...at, level: 2 })).toEqual({ name: 'a', list: [{ note: 'x' }] });
  });
});
