/** A ZooKeeper that is not on this machine is not used without a digest, by none of the apps, unless somebody says so. */
import { expect, it } from 'vitest';
import { readEnvironment as capture } from '../../apps/capture/src/environment.js';
import { readEnvironment as control } from '../../apps/control/src/environment.js';
import { readEnvironment as loader } from '../../apps/loader/src/environment.js';

it.each(Object.entries({ capture, control, loader }))('%s', (_name, read) => {
  const given = { ZOOKEEPER: 'zk-1:2181', LUTRA_REGION: 'hangzhou' };
  for (const digest of [{}, { ZOOKEEPER_DIGEST: '' }])
    expect(() => read({ ...given, ...digest })).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining('ZOOKEEPER_DIGEST') }),
    );
  expect(() => read({ ...given, ZOOKEEPER_DIGEST: 'lutra:hush' })).not.toThrow();
  expect(() => read({ ...given, LUTRA_ZOOKEEPER_OPEN: 'yes' })).not.toThrow();
  expect(() => read({ ...given, ZOOKEEPER: '127.0.0.1:2181' })).not.toThrow();
});
