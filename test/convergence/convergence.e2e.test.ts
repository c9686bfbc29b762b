/** A short run with a fixed seed, which meets faults of every kind; LUTRA_CONVERGE_MINUTES makes it longer. */
import { expect, it } from 'vitest';
import { faultKinds, planFaults } from '../survival/plan.js';
import { endsEqual } from './seeded-run.js';

const run = { seed: 18199, minutes: Number(process.env['LUTRA_CONVERGE_MINUTES'] ?? 0.5), mysqlB: '8.0' } as const;

endsEqual(run);

it('its time is enough for a fault of every kind', () => {
  const planned = new Set<string>();
  let overMs = 0;
  for (const { pauseMs, fault } of planFaults(run.seed)) {
    overMs += pauseMs + fault.durationMs;
    if (overMs > run.minutes * 60_000) break;
    planned.add(fault.kind);
  }
  expect(planned).toEqual(new Set(faultKinds));
});
