/** A running capture takes an edit between two transactions, a moment after the request was answered. */
import { expect } from 'vitest';
import type { AppProcess } from '../harness/index.js';
import { until } from './one-way.js';

/** Makes the edit, and waits until the capture of the endpoint says in its log that it works by it. */
export async function untilTaken(capture: AppProcess, endpoint: string, edit: () => Promise<unknown>): Promise<void> {
  const taken = async (): Promise<number> =>
    (await capture.log())
      .split('\n')
      .filter((line) => line.includes(`"${endpoint}"`) && line.includes('goes on with another configuration')).length;
  const before = await taken();
  await edit();
  expect(await until(async () => (await taken()) > before || undefined), `the capture of ${endpoint} should have taken the edit`).toBe(
    true,
  );
}
