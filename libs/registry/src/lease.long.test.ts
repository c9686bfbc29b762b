/** Leases under random disturbances, for long: lease.integration.test.ts sees a few of them. */
import { expect, test } from 'vitest';
import { disturbedLeases } from './testing/disturbed-leases.js';
import { useZooKeeper } from './testing/harness.js';

const zooKeeper = useZooKeeper({ own: true });

test('while connections are cut and sessions end, nobody is let in beside a holder whose session lives', async () => {
  expect(await disturbedLeases(zooKeeper, 100)).toBe(300);
}, 900_000);
