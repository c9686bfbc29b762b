/** A ZooKeeper that is not on this machine is not used without a digest, by no app, unless somebody says so. */
import { expect, it } from 'vitest';
import { readEnvironment as control } from '../../apps/control/src/environment.js';
import { readWorkerEnvironment } from '../../libs/host/src/worker/worker-environment.js';

const worker = (env: NodeJS.ProcessEnv): unknown => readWorkerEnvironment(env, 'LUTRA_ENDPOINTS');

it.each(Object.entries({ control, worker }))('%s', (_name, read) => {
  const given = { ZOOKEEPER: 'zk-1:2181', LUTRA_REGION: 'hangzhou' };
  for (const digest of [{}, { ZOOKEEPER_DIGEST: '' }])
    expect(() => read({ ...given, ...digest })).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining('ZOOKEEPER_DIGEST') }),
    );
  expect(() => read({ ...given, ZOOKEEPER_DIGEST: 'lutra:hush' })).not.toThrow();
  expect(() => read({ ...given, LUTRA_ZOOKEEPER_OPEN: 'yes' })).not.toThrow();
  expect(() => read({ ...given, ZOOKEEPER: '127.0.0.1:2181' })).not.toThrow();
});
