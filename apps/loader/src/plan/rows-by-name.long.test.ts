import * as fc from 'fast-check';
import { test } from 'vitest';
import { TestServer } from '../../../../libs/mysql/src/mysql.fixture.js';
import { converge, policies, steps } from './random-flight.fixture.js';

test.each(['8.0', '9.7'] as const)(
  'both sides end equal, and no old value is in a new column, on %s',
  async (version) => {
    const server = await TestServer.shared(version);
    try {
      await fc.assert(
        fc.asyncProperty(policies, steps, (policy, all) => converge(server, policy, all)),
        { numRuns: 150 },
      );
    } finally {
      await server.stop();
    }
  },
  1_200_000,
);
