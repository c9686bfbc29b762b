import type { ChannelInput } from '@lutra/model';
import { describe, expect, it } from 'vitest';
import { storedChannel } from '../../../../libs/model/src/pipeline-uid.fixture.js';
import { schemaHomeProblems } from './schema-home.rules.js';

type Part = Partial<Parameters<typeof storedChannel>[0]>;

const addresses = new Map(['a', 'b'].map((name) => [name, { name, region: `region-${name}`, host: name, port: 3306 }]));
const there = { name: 'there', source: 'a', target: 'b', routes: [{ schema: 'shop' }] };
const back = { name: 'back', source: 'b', target: 'a', routes: [{ schema: 'shop' }] };

function channel(more: Part): ChannelInput {
  return storedChannel({ name: 'ab', pipelines: [there, back], ...more });
}

const told = (more: Part) => schemaHomeProblems(channel(more), addresses).map(({ id, severity, what }) => `${severity} ${id}: ${what}`);
const home = (table: string, region = 'region-a', schema = 'shop') => ({ schema, table, region });

describe('a rule for homes of schema changes', () => {
  it('is right where it names a region of the channel, and a table that comes back', () => {
    expect(told({})).toEqual([]);
    expect(told({ schemaHomes: [home('orders*'), home('*', 'region-b')] })).toEqual([]);
  });

  it('names a region that the channel has', () => {
    expect(told({ schemaHomes: [home('*', 'nowhere')] })).toEqual([
      'error schema-home-unknown: channel ab: schemaHomes[0] (shop.*): region is nowhere, but the endpoints of the channel are in region-a, region-b',
    ]);
    // an endpoint that is missing is told by another rule
    const elsewhere = [
      { ...there, target: 'c' },
      { ...back, source: 'c' },
    ];
    expect(told({ pipelines: elsewhere, schemaHomes: [home('*', 'nowhere')] })).toEqual([]);
  });

  it('that decides nothing is told', () => {
    expect(told({ schemaHomes: [home('*'), home('orders'), home('t', 'region-a', 'crm')] })).toEqual([
      'warning rule-never-matches: channel ab: schemaHomes[1] (shop.orders) decides nothing: earlier rules take every table that it names',
      'warning rule-never-matches: channel ab: schemaHomes[2] (crm.t) decides nothing: no pipeline of which something comes back brings a table that it names and no earlier rule takes',
    ]);
    expect(told({ pipelines: [there], schemaHomes: [home('*')] })).toMatchObject([expect.stringMatching(/^warning rule-never-matches/)]);
  });
});

describe('a table that is renamed on its way', () => {
  const renamed = (table: string, to: object, from: object): Part => ({
    pipelines: [
      { ...there, routes: [{ schema: 'shop', table, to }] },
      { ...back, routes: [from as { schema: string }] },
    ],
  });
  const schemas = renamed('*', { schema: 'copy' }, { schema: 'copy', to: { schema: 'shop' } });
  const tables = renamed('orders', { table: 'bookings' }, { schema: 'shop', table: 'bookings', to: { table: 'orders' } });

  it('has the same home by both of its names', () => {
    const both = [home('*', 'region-b'), home('*', 'region-b', 'copy')];
    expect([told({ ...schemas, schemaHomes: both }), told({ ...tables, conflicts: { home: 'region-a' } })]).toEqual([[], []]);
    expect(told({ ...tables, schemaHomes: [home('orders', 'region-b'), home('bookings', 'region-b')] })).toEqual([]);
    expect(told({ ...tables, schemaHomes: [home('orders')], conflicts: { home: 'region-a' } })).toEqual([]);
  });

  it('is told where it has not, by the first table for which it is so', () => {
    expect(told({ ...schemas, schemaHomes: [home('orders', 'region-b')], conflicts: { home: 'region-a' } })).toEqual([
      'error schema-home-differs: channel ab: shop.orders of a is at home in region-a by its name at b (ab.there), and in region-b by its own (ab.back): each side would hold what the other runs',
    ]);
    expect(told({ ...tables, schemaHomes: [home('bookings', 'region-b')] })).toMatchObject([
      expect.stringContaining('shop.orders of a is at home in region-b by its name at b (ab.there), and in no region by its own'),
    ]);
    const later = [home('b*', 'region-b'), home('*', 'region-a')];
    expect(told({ ...tables, schemaHomes: later })).toMatchObject([expect.stringMatching(/^error schema-home-differs/)]);
  });
});
