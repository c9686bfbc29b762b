/** Progress by the clock: a number that grows is read again and again from the command on, until what is wanted has been reached. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Timing } from './figures.js';

export interface Sample {
  readonly at: number;
  readonly count: number;
}

export interface Watched {
  /** What starts the stage. */
  command(): Promise<unknown>;
  /** How far it is. */
  read(): Promise<number>;
  reached(count: number): boolean;
  /** For how long the number must not move any more; not at all if absent. */
  readonly settledMs?: number;
  /** Throws if it cannot go on by itself; asked now and then. */
  verify(): Promise<void>;
}

export interface Samples {
  /** The command. */
  readonly begin: number;
  readonly samples: readonly Sample[];
}

const pollMs = 10;
const verifyMs = 2_000;
const stalledMs = 120_000;

/** @throws what the command throws, and when nothing moves for two minutes */
export async function sampleUntil({ command, read, reached, settledMs = 0, verify }: Watched): Promise<Samples> {
  const begin = performance.now();
  let failure: unknown;
  const commanded = command().catch((error: unknown) => {
    failure = error;
  });
  const samples: Sample[] = [];
  let moved = { at: begin, count: Number.NaN };
  for (let verified = begin; ; await sleep(pollMs)) {
    if (failure !== undefined) throw failure;
    const sample = { count: await read(), at: performance.now() };
    samples.push(sample);
    if (sample.count !== moved.count) moved = sample;
    const still = sample.at - moved.at;
    if (reached(sample.count) && still >= settledMs) break;
    if (sample.at - verified > verifyMs || still > stalledMs) {
      await verify();
      if (still > stalledMs) throw new Error(`nothing has moved for ${stalledMs / 1000} s: it stands at ${sample.count}`);
      verified = performance.now();
    }
  }
  await commanded;
  return { begin, samples };
}

/** `rowsAt` says how many rows were done when the number stood there. */
export function timingOf({ begin, samples }: Samples, rows: number, rowsAt: (count: number) => number): Timing {
  const first = samples.find(({ count }) => rowsAt(count) > 0);
  const last = samples.find(({ count }) => rowsAt(count) >= rows);
  if (!first || !last) throw new Error(`only ${rowsAt(samples.at(-1)?.count ?? 0)} of ${rows} rows were seen`);
  return { rows, begin, first: { at: first.at, rows: Math.min(rows, rowsAt(first.count)) }, last: last.at };
}
