import * as fc from 'fast-check';
import { test } from 'vitest';
import { TestServer } from '../../../../libs/mysql/src/mysql.fixture.js';
import { converge, policies, steps } from './random-flight.fixture.js';

test.each(['8.0', '9.7'] as const)(
  'both sides end equal, and no old value is in a new column, on %s',
  { timeout: 600_000 },
  async (version) => {
    const server = await TestServer.shared(version);
    try {
      const all = fc.asyncProperty(policies, steps, (policy, some) => converge(server, policy, some));
      await fc.assert(all, { numRuns: 300, interruptAfterTimeLimit: 240_000 });
    } finally {
      await server.stop();
    }
  },
);
