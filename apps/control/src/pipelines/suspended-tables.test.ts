import { describe, expect, it } from 'vitest';
import type { Suspension } from '@lutra/model';
import { storedChannel, uidOf } from '../../../../libs/model/src/pipeline-uid.fixture.js';
import { byPersonCode, namesOf, requireCarried, returning, suspendProblems, withSuspended } from './suspended-tables.js';

const routes = [{ schema: 'shop' }];
const oneWay = storedChannel({ name: 'ch', pipelines: [{ name: 'ab', source: 'a', target: 'b', routes }] });
const [pipeline] = oneWay.pipelines as [(typeof oneWay.pipelines)[number]];
const [orders, lines, users] = namesOf(['shop.orders', 'shop.lines', 'shop.users']) as [Table, Table, Table];
type Table = ReturnType<typeof namesOf>[number];
const there = (table: Table, because?: string): Suspension => {
  return { ...table, code: byPersonCode, message: '', where: '', at: 0, ...(because !== undefined && { because }) };
};

describe('a table that a person suspends', () => {
  it('is one that the pipeline carries, named once, and flows one way', () => {
    expect(namesOf(['shop.a.b', 'shop.a.b'])).toEqual([{ database: 'shop', name: 'a.b' }]);
    expect(() => requireCarried('ch.ab', pipeline, namesOf(['shop.t', 'crm.t']))).toThrow('ch.ab does not carry crm.t');
    expect(suspendProblems(oneWay, pipeline, 'ch.ab')).toEqual([]);
    const both = { ...oneWay, pipelines: [pipeline, { ...pipeline, name: 'ba', source: 'b', target: 'a' }] };
    expect(suspendProblems(both, pipeline, 'ch.ab')).toMatchObject([{ id: 'suspend-two-way', severity: 'error' }]);
  });

  it('stays as it was said first', () => {
    const how = { by: 'ada', reason: 'one', at: 1 };
    const first = withSuspended(oneWay, pipeline, { tables: [orders], ...how });
    const known = { ...oneWay, wishes: { suspended: { [uidOf('ch.ab')]: [...first] } } };
    const second = withSuspended(known, pipeline, { tables: [orders, users], by: 'bob', reason: 'two', at: 2 });
    expect(second.map(({ name, by }) => [name, by])).toEqual([
      ['orders', 'ada'],
      ['users', 'bob'],
    ]);
  });
});

describe('what comes back', () => {
  it('has the tables that foreign keys tie to it, and no others', () => {
    const found = returning([orders], [], [there(orders), there(lines, 'shop.orders'), there(users)]);
    expect(found).toEqual({ tables: [orders, lines], problems: [] });
    expect(returning([orders], [], [])).toEqual({ tables: [orders], problems: [] });
  });

  it('is nothing while a table that is tied to it stays suspended, on either side', () => {
    const rows = [there(orders), there(lines, 'shop.orders')];
    expect(returning([orders], [lines], rows).problems).toMatchObject([{ id: 'suspend-tied', fix: 'resume shop.lines too' }]);
    expect(returning([lines], [orders], rows).problems).toMatchObject([{ id: 'suspend-tied', fix: 'resume shop.orders too' }]);
    expect(returning([orders, lines], [], rows).problems).toEqual([]);
  });
});
