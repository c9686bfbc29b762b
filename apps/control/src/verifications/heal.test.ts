import { expect, it } from 'vitest';
import { storedChannel } from '../../../../libs/model/src/pipeline-uid.fixture.js';
import { healConsequences, healOrder, isHeal, mergedHeal, withoutRestart } from './heal.js';

const channel = storedChannel({
  name: 'shop',
  pipelines: ['a-b', 'b-a', 'a-c'].map((name) => ({ name, source: name[0], target: name[2], routes: [{ schema: 'shop' }] })),
});
const names = new Set(channel.pipelines.map(({ name }) => name));
const first = { request: 'one', by: 'api: r', pipelines: ['a-b'], restarts: ['a'], since: 7 };
const second = { request: 'two', by: 'api: s', pipelines: ['b-a'], restarts: ['b'], since: 5 };

it('after a hole the source wins, and all is compared until it is equal', () => {
  const order = healOrder(first);
  expect(order).toMatchObject({
    tables: ['*.*'],
    pipelines: ['a-b'],
    after: { seeds: [], restarts: ['a'] },
    repair: { id: 'one', winner: 'source', untilEqual: true, spareChangedSince: 7 },
  });
  expect(isHeal(order)).toBe(true);
});

it('a repair that a person orders of a verification behind a seed is none: it would become one of all tables', () => {
  const { spareChangedSince: _, ...repair } = healOrder(first).repair!;
  expect(isHeal({ ...healOrder(first), tables: ['shop.t'], repair })).toBe(false);
});

it('a second hole takes the place of the first one and forgets none of its pipelines', () => {
  const merged = healOrder(mergedHeal(healOrder(first), second, names));
  expect(merged).toMatchObject({ pipelines: ['a-b', 'b-a'], after: { restarts: ['a', 'b'] }, repair: { id: 'two', spareChangedSince: 5 } });
  expect(mergedHeal(healOrder({ ...first, pipelines: ['gone', 'a-b'] }), second, names).pipelines).toEqual(['a-b', 'b-a']);
  expect(withoutRestart(merged, 'a', new Set(['a-b', 'a-c']))).toMatchObject({
    pipelines: ['b-a'],
    after: { restarts: ['b'] },
    state: 'running',
  });
  expect(withoutRestart(healOrder(first), 'a', new Set(['a-b']))).toMatchObject({ state: 'cancelled' });
});

it('the person who accepts it reads what is compared, who wins, what stands at the targets, and what gives way', () => {
  const healed = channel.pipelines.filter(({ source }) => source === 'a').map((pipeline) => ({ channel, pipeline }));
  const whats = healConsequences(healed, ['shop']).map(({ what }) => what);
  expect(whats[0]).toMatch(/all tables of shop\.a-b, shop\.a-c .* also where home would win; rows that b, c changed/);
  expect(whats[1]).toMatch(/lutra\.unequal at b, c/);
  expect(whats[2]).toMatch(/verification of channel shop/);
  expect(healConsequences([], [])).toEqual([]);
});
