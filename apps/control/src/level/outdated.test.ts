import type { ChannelDocument } from '@lutra/model';
import { SyncError } from '@lutra/model';
import type { Worker } from '@lutra/registry';
import { expect, it } from 'vitest';
import { channelStatus } from '../status/channel-status.js';
import { tellOutdated } from './outdated.js';
import { uidOf } from '../../../../libs/model/src/pipeline-uid.fixture.js';

const channel: ChannelDocument = {
  name: 'c',
  description: '',
  pipelines: [{ name: 'p', source: 'a', target: 'b', routes: [{ schema: 'shop', table: '*' }], forwards: false, uid: uidOf('c.p') }],
  conflicts: { rules: [], retentionDays: 30 },
  state: 'running',
  attempt: 0,
};
const status = () => channelStatus(channel, [], { unconfirmed: 0, last: [] } as never);
const process = (app: string, max: number): Worker => ({
  app,
  instance: `${app}:1`,
  region: 'hz',
  version: '1',
  levels: [1, max],
  keys: [],
  since: 0,
});

function clusterOf(level: number, workers: readonly Worker[] | SyncError) {
  return {
    level: { latest: async () => ({ level, by: 'x', at: 0 }) },
    workers: { list: async () => (workers instanceof SyncError ? Promise.reject(workers) : workers) },
  };
}

it('where nobody works, processes that do not know the level are told of', async () => {
  const cluster = clusterOf(2, [process('loader', 1), process('loader', 1), process('capture', 2), process('control', 1)]);
  const [told] = await tellOutdated(cluster, [status()]);
  const reason =
    "no loader process for pipeline c.p is connected; 2 loader processes do not know the cluster's level (LEVEL_TOO_NEW): GET /api/v1/level";
  expect(told?.pipelines[0]?.target.reason).toBe(reason);
  expect(told?.pipelines[0]?.source).toEqual(status().pipelines[0]?.source);
});

it('nothing else is said: of processes that know it, or that cannot be read', async () => {
  for (const cluster of [clusterOf(1, [process('loader', 1)]), clusterOf(2, new SyncError('CONFIG_INVALID', 'worker odd'))])
    expect(await tellOutdated(cluster, [status()])).toEqual([status()]);
});
