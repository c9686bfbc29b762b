import { expect, it } from 'vitest';
import type { Status } from '../http/schemas.js';
import { momentOf, tell } from './status-change.js';

const all = (): boolean => true;
const status = (channels: Readonly<Record<string, string>>, invalid: string[] = []): Status => ({
  zooKeeper: 'connected',
  revision: 1,
  invalid,
  channels: Object.entries(channels).map(([name, state]) => ({ name, state }) as Status['channels'][number]),
});

it('the first event is the whole status, as a request gets it', () => {
  const first = tell(momentOf(status({ a: 'running', b: 'running' })), null, all);
  expect(first.event?.event).toBe('status');
  expect(JSON.parse(first.event?.data ?? '')).toEqual(status({ a: 'running', b: 'running' }));
});

it('then come the channels that changed, and the names of all', () => {
  const { told } = tell(momentOf(status({ a: 'running', b: 'running', c: 'running' })), null, all);
  const next = tell(momentOf(status({ a: 'running', b: 'failed' })), told, all);
  expect(next.event?.event).toBe('change');
  expect(JSON.parse(next.event?.data ?? '')).toMatchObject({ channels: [{ name: 'b', state: 'failed' }], names: ['a', 'b'] });
  expect(tell(momentOf(status({ a: 'running', b: 'failed' })), next.told, all).event).toBeNull();
});

it('of a channel that one may not see, nothing is told: neither that it changed nor that it cannot be read', () => {
  const sees = (name: string): boolean => name === 'a';
  const first = tell(momentOf(status({ a: 'running', b: 'running' }, ['channel b', 'region r'])), null, sees);
  expect(JSON.parse(first.event?.data ?? '')).toMatchObject({ channels: [{ name: 'a' }], invalid: ['region r'] });
  expect(tell(momentOf(status({ a: 'running', b: 'failed' }, ['channel b', 'region r'])), first.told, sees).event).toBeNull();
});
