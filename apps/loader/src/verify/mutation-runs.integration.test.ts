/** A few of the runs that mutation-runs.long.test.ts makes by the thousand; LUTRA_SEED repeats them. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MutationServers, mutationRun } from './mutation-runs.fixture.js';

let at: MutationServers;
beforeAll(async () => {
  at = await MutationServers.open(['9.7', '8.0']);
});
afterAll(() => at?.close());

const seed = Number(process.env['LUTRA_SEED'] ?? Math.floor(Math.random() * 1e6));

test(`a damaged row is found, an undamaged one in flight is not reported, seed ${seed}`, async () => {
  for (let run = 0; run < 16; run++) {
    const { damaged, found, verdict, notes } = await mutationRun(at, seed + run);
    expect({ run: seed + run, found, verdict, notes }).toEqual({
      run: seed + run,
      found: damaged,
      verdict: damaged.length > 0 ? 'different' : 'equal',
      notes: [],
    });
  }
});
