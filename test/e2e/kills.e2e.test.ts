/**
 * Every party is killed (-9) once under load and comes back: nothing is lost, nothing is doubled (the table without a primary key would
 * show it), and nobody helps by hand. And Kafka is frozen for longer than a request may take.
 */
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { differencesFromWritten, readTopic, sides, startWorkload } from '../scenarios/index.js';
import type { Side, Stack, Totals } from '../scenarios/index.js';
import { expectEqual, openShop, seedOf, sleep } from './shop-stack.js';

/** Longer than capture waits for Kafka's answer. */
const freezeMs = 14_000;

describe.each([
  { mysql: '9.7', before: 1_500, after: 2_500 },
  { mysql: '8.0', before: 500, after: 1_000 },
] as const)('after a kill on MySQL $mysql', ({ mysql, before, after }) => {
  let stack: Stack;
  const written: Record<Side, Totals[]> = { a: [], b: [] };
  const seed = seedOf();

  beforeAll(async () => {
    stack = await openShop({ mysql });
  }, 240_000);
  afterAll(() => stack?.stop());

  const accidents: Record<string, () => Promise<void>> = {
    'of capture': () => killAndRestart(stack.capture.a),
    'of a loader': () => killAndRestart(stack.loader.b),
    'of Kafka': () => killAndRestart(stack.kafka),
    'of ZooKeeper': () => killAndRestart(stack.zooKeeper),
    'of the source': () => killAndRestart(stack.mysql.a),
    'of the target': () => killAndRestart(stack.mysql.b),
    ...(mysql === '9.7' ? { 'of nobody, but with Kafka frozen': () => freeze(stack.kafka) } : {}),
  };

  it.each(Object.keys(accidents))(`%s both sides are equal, seed ${seed}`, { timeout: 240_000 }, async (name) => {
    onTestFailed(async () => console.error(await stack.report(), await stack.saveLogs()));
    const workloads = sides.map((side) =>
      startWorkload({ side, connection: stack.connection(side), seed, writers: 3, transactionsPerSecond: 150 }),
    );
    await sleep(before);
    await accidents[name]?.();
    await sleep(after);
    for (const workload of workloads) written[workload.side].push(await workload.stop());
    await stack.drain(120_000);
    await expectEqual(stack);
  });

  it('the logs have no hole, no step back, and exactly the rows that were written', { timeout: 120_000 }, async () => {
    for (const side of sides) {
      const report = await readTopic(stack, side);
      expect(report.holes).toEqual([]);
      expect(Object.keys(report.origins)).toEqual([stack.regions[side]]);
      expect(differencesFromWritten(report, written[side])).toEqual([]);
    }
  });
});

async function killAndRestart(party: { kill(): Promise<void>; restart(): Promise<void> }): Promise<void> {
  await party.kill();
  await sleep(300);
  await party.restart();
}

async function freeze(party: { freeze(): void; resume(): void }): Promise<void> {
  party.freeze();
  await sleep(freezeMs);
  party.resume();
}
