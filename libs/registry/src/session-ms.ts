/**
 * How long a ZooKeeper session outlives its last sign of life (LUTRA_SESSION_MS), which is what a take-over waits for first. Too short a
 * time loses leases that nothing was wrong with, when a machine or a network is busy: work moves for nothing, and the data stay right.
 */
import { z } from 'zod';

/** Two ticks of ZooKeeper's default (tickTime 2000), the least that it grants: it expires 4 to 6 s after the last ping. */
export const defaultSessionMs = 4_000;

const leastMs = 1_000;
const mostMs = 60_000;

/** The variable as it comes from the environment. An empty one is what a compose file passes on when nobody set it. */
export const sessionMsSchema = z.preprocess(
  (text) => (text === '' ? undefined : text),
  z.coerce
    .number('milliseconds')
    .int('whole milliseconds')
    .min(leastMs, `at least ${leastMs} milliseconds`)
    .max(mostMs, `at most ${mostMs} milliseconds`)
    .default(defaultSessionMs),
);
