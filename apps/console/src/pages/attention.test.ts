import { expect, it } from 'vitest';
import type { Status } from '../api/live.js';
import { en } from '../text/en.js';
import { mattersOf } from './attention.js';

type Channel = Status['channels'][number];
type Pipeline = Channel['pipelines'][number];

const pipeline = (fields: Partial<Pipeline>): Pipeline =>
  ({ id: 'shop.a', name: 'a', state: 'running', held: null, suspended: [], lastError: null, reason: null, ...fields }) as Pipeline;
const channel = (fields: Partial<Channel>, pipelines: readonly Pipeline[]): Channel =>
  ({ name: 'shop', omissions: { count: 0, summary: null }, unequal: null, pipelines, ...fields }) as Channel;
const status = (...channels: readonly Channel[]): Status => ({ zooKeeper: 'connected', revision: 1, invalid: [], channels: [...channels] });

it('nothing needs a person while all runs', () => {
  expect(mattersOf(status(channel({}, [pipeline({})])), en)).toEqual([]);
});

it('what stands still comes before what can wait, and each leads to its page', () => {
  const lastError = { code: 'TARGET_MISSING', message: 'no table', help: '', at: 0, details: {} };
  const held = { statement: 'DROP TABLE t' } as Pipeline['held'];
  const matters = mattersOf(
    status(
      channel({ omissions: { count: 2, summary: '2 skipped' } as Channel['omissions'] }, [
        pipeline({ held, state: 'held' }),
        pipeline({ id: 'shop.b', state: 'failed', lastError }),
      ]),
    ),
    en,
  );
  expect(matters.map(({ tone, subject, path }) => [tone, subject, path])).toEqual([
    ['bad', 'shop.b', '/channels/shop'],
    ['warn', 'shop.a', '/schema?pipeline=shop.a'],
    ['warn', 'shop', '/channels/shop/tables'],
  ]);
});
