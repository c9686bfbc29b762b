import { expect, it } from 'vitest';
import { changed } from './status-change.js';
import type { StatusChange } from './status-change.js';

type Channel = StatusChange['channels'][number];

const channel = (name: string, state: Channel['state']): Channel => ({ name, state }) as Channel;
const head = { zooKeeper: 'connected' as const, revision: 1, invalid: [] };

it('takes what changed, keeps the rest, and drops what is gone, in the order of the names', () => {
  const known = { ...head, channels: [channel('a', 'running'), channel('b', 'running'), channel('c', 'running')] };
  const change = { ...head, revision: 2, channels: [channel('d', 'stopped'), channel('a', 'failed')], names: ['a', 'c', 'd'] };
  expect(changed(known, change)).toEqual({
    ...head,
    revision: 2,
    channels: [channel('a', 'failed'), channel('c', 'running'), channel('d', 'stopped')],
  });
});
