/** What all stages share: both ways stand still before one of them is started, and what the processes use meanwhile is measured. */
import type { Bench } from './bench-stack.js';
import type { Stage, Timing } from './figures.js';
import { ProcessMeter } from './process-meter.js';
import { type Samples, sampleUntil } from './samples.js';
import type { StageResult } from './stage-result.js';

/**
 * Waits until everything has arrived in both ways, and stops them. What the checkpoint says is believed here: the comparison comes last.
 */
export async function settle(bench: Bench): Promise<void> {
  const upTo = await bench.committed();
  await sampleUntil({
    command: async () => undefined,
    read: () => bench.applied(),
    reached: (count) => count >= upTo,
    verify: () => bench.verify(),
  });
  await bench.quiet();
  await catchUp(bench, upTo);
}

/** MySQL's own replication, until it has so many transactions; then it stands still again. */
export async function catchUp({ replica }: Bench, upTo: number): Promise<Samples> {
  const watched = await sampleUntil({
    command: () => replica.run(),
    read: () => replica.applied(),
    reached: (count) => count >= upTo,
    verify: () => replica.verify(),
  });
  await replica.pause();
  return watched;
}

/** With what the processes used until the work said that it was done, or ended. */
export async function measured(bench: Bench, stage: Stage, work: (done: () => Promise<void>) => Promise<Timing>): Promise<StageResult> {
  const meter = await ProcessMeter.begin(bench.pids);
  let usage: StageResult['usage'] | undefined;
  const timing = await work(async () => {
    usage = await meter.read();
  });
  return { stage, timing, usage: usage ?? (await meter.read()) };
}
