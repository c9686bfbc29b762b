import { describe, expect, it } from 'vitest';
import { channelInputSchema } from '@lutra/model';
import { flowsOf } from './flow.js';
import { overwrittenBy } from './overwritten.js';

type Way = readonly [name: string, source: string, target: string, ...routes: readonly object[]];
const flows = (...ways: readonly Way[]) =>
  flowsOf(
    channelInputSchema.parse({
      name: 'c',
      pipelines: ways.map(([name, source, target, ...routes]) => ({
        name,
        source,
        target,
        routes: routes.length > 0 ? routes : [{ schema: 'shop' }],
      })),
    }),
  );
const beside = (...ways: readonly Way[]): readonly string[] => overwrittenBy(flows(...ways)[0]!, flows(...ways));

describe('a rewind works against', () => {
  it('nobody where one pipeline writes the tables', () => {
    expect(beside(['there', 'a', 'b'])).toEqual([]);
    expect(beside(['there', 'a', 'b'], ['back', 'b', 'a', { schema: 'crm' }], ['beside', 'c', 'b', { schema: 'crm' }])).toEqual([]);
    expect(beside(['there', 'a', 'b'], ['also', 'a', 'c'])).toEqual([]);
  });

  it('a pipeline that carries the tables back, or on, under whatever name', () => {
    expect(beside(['there', 'a', 'b'], ['back', 'b', 'a'])).toEqual(['c.back']);
    expect(beside(['there', 'a', 'b', { schema: 'shop', to: { schema: 'store' } }], ['back', 'b', 'a', { schema: 'store' }])).toEqual([
      'c.back',
    ]);
    expect(beside(['there', 'a', 'b'], ['on', 'b', 'c'])).toEqual(['c.on']);
  });

  it('another source of the same tables', () => {
    expect(beside(['there', 'a', 'b'], ['beside', 'c', 'b'])).toEqual(['c.beside']);
  });
});
