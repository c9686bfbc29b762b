/** A thousand random runs on two pairs of servers, another seed each time. LUTRA_SEED, LUTRA_MUTATION_RUNS: those of another run, fewer. */
import { afterEach, expect, test } from 'vitest';
import { MutationServers, mutationRun } from './mutation-runs.fixture.js';

let at: MutationServers | undefined;
afterEach(() => at?.close());

const seed = Number(process.env['LUTRA_SEED'] ?? Math.floor(Math.random() * 1e6));
const runs = Number(process.env['LUTRA_MUTATION_RUNS'] ?? 1_000);

test.each([
  ['9.7', '8.0'],
  ['8.0', 'mariadb-11.4'],
] as const)(`%s and %s: half of ${runs} runs, seed ${seed}`, { timeout: 60_000 + runs * 2_000 }, async (from, to) => {
  at = await MutationServers.open([from, to]);
  for (let run = 0; run < runs / 2; run++) {
    const { damaged, found, verdict, notes } = await mutationRun(at, seed + run);
    expect({ run: seed + run, found, verdict, notes }).toEqual({
      run: seed + run,
      found: damaged,
      verdict: damaged.length > 0 ? 'different' : 'equal',
      notes: [],
    });
  }
});
