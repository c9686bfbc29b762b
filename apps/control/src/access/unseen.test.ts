import type { Person } from '@lutra/model';
import type { Snapshot } from '@lutra/registry';
import { expect, it } from 'vitest';
import { withoutUnseen } from './unseen.js';

const channel = (name: string) => [name, { version: 0, document: { name, pipelines: [{ name: 'there' }] }, error: null }] as const;
const snapshot = { channels: new Map(['shop', 'hr', 'hr-pay', 'shop-a'].map(channel)) } as unknown as Pick<Snapshot, 'channels'>;
const person = (channels: string): Person => ({ kind: 'user', name: 'ada', token: null, grants: [{ role: 'admin', channels }] });
const other = '(one that you may not see)';

it.each([
  ['channel hr, shop-a and hr-pay', `channel ${other}, shop-a and ${other}`],
  ['pipelines shop-a.there and hr.there write shop.orders', `pipelines shop-a.there and ${other} write shop.orders`],
  ['channels/hr stays', `channels/${other} stays`],
  ['pipeline hr-gone.there (uid abc) has brought rows', `pipeline ${other} (uid abc) has brought rows`],
  // A table, a word, a longer name.
  ['table hr.there2 of hr, the channel that flows', 'table hr.there2 of hr, the channel that flows'],
  ['channel hr-payments', 'channel hr-payments'],
])('says %s without the channels that are not seen', (said, told) => {
  expect(withoutUnseen(person('shop-*'), snapshot)(said)).toBe(told);
});

it('goes through what is said at any depth, and leaves all as it is to who sees all', () => {
  const said = { details: { channel: 'hr', problems: [{ what: 'channel hr is running' }], count: 1, none: null } };
  expect(withoutUnseen(person('shop-*'), snapshot)(said)).toEqual({
    details: { channel: other, problems: [{ what: `channel ${other} is running` }], count: 1, none: null },
  });
  expect(withoutUnseen(person('*'), snapshot)(said)).toEqual(said);
});
