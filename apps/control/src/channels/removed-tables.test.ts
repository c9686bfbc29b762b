import { pipelineInputSchema } from '@lutra/model';
import { describe, expect, it } from 'vitest';
import { comingBack, leaving } from './removed-tables.js';

const replicating = (...tables: readonly string[]) =>
  pipelineInputSchema.parse({ name: 'p', source: 'a', target: 'b', routes: tables.map((table) => ({ schema: 'shop', table })) });
const back = (left: readonly string[], before: readonly string[], after: readonly string[]) =>
  comingBack(
    'c.p',
    left.map((table) => ({ schema: 'shop', table })),
    replicating(...before),
    replicating(...after),
  ).map(({ what }) => what.split(' was ')[0]);

describe('a table that left a pipeline', () => {
  it('is what a change of the routes takes away', () => {
    expect(leaving(replicating('t', 'u'), replicating('u'))).toEqual([{ schema: 'shop', table: 't' }]);
    expect(leaving(replicating('t'), replicating('t', 'u'))).toEqual([]);
  });

  it('is named where it comes in again, by whatever pattern', () => {
    expect(back(['t'], ['u'], ['u', 't'])).toEqual(['shop.t']);
    expect(back(['order*'], ['u'], ['*'])).toEqual(['tables of shop.* and shop.order*']);
    expect(back(['t'], ['u'], ['u', 'v'])).toEqual([]);
    expect(back([], ['u'], ['u', 't'])).toEqual([]);
  });

  it('is what a change excludes, and comes in again when that is taken back', () => {
    const excluding = (...exclude: readonly string[]) => ({ ...replicating('*', 't'), exclude: [...exclude] });
    expect(leaving(excluding(), excluding('t', 'crm.u'))).toEqual([
      { schema: 'shop', table: 't' },
      { schema: 'shop', table: 't' },
    ]);
    expect(leaving(excluding('t'), excluding('t', 'v'))).toEqual([{ schema: 'shop', table: 'v' }]);
    const left = [{ schema: 'shop', table: 't' }];
    const found = (before: readonly string[], after: readonly string[]) =>
      comingBack('c.p', left, excluding(...before), excluding(...after)).length;
    expect([found(['t'], []), found(['t*'], ['tu']), found(['t'], ['t', 'u']), found([], [])]).toEqual([1, 1, 0, 0]);
  });

  it('is in nobody’s way where another route has carried it all along', () => {
    expect(back(['t'], ['*'], ['*', 't'])).toEqual([]);
  });
});
