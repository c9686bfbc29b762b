/**
 * Every party is killed (-9) once under load and comes back: nothing is lost, nothing is doubled (the table without a primary key would
 * show it), and nobody helps by hand. And Kafka is frozen for longer than a request may take. Side a is MySQL 9.7, side b is 8.0, and both
 * are written to: either is source and target.
 */
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { differencesFromWritten, readTopic, sides, startWorkload } from '../harness/index.js';
import type { Side, Stack, Totals } from '../harness/index.js';
import { expectEqual, openShop, seedOf, sleep } from './shop-stack.js';

/** Longer than capture waits for Kafka's answer. */
const freezeMs = 14_000;

describe('after a kill', () => {
  let stack: Stack;
  const written: Record<Side, Totals[]> = { a: [], b: [] };
  const seed = seedOf();

  beforeAll(async () => {
    stack = await openShop({ mysql: '9.7', mysqlB: '8.0' });
  }, 240_000);
  afterAll(() => stack?.stop());

  const accidents: Record<string, () => Promise<void>> = {
    'of the capture of 9.7': () => killAndRestart(stack.capture.a),
    'of the capture of 8.0': () => killAndRestart(stack.capture.b),
    'of the loader of 9.7': () => killAndRestart(stack.loader.a),
    'of the loader of 8.0': () => killAndRestart(stack.loader.b),
    'of Kafka': () => killAndRestart(stack.kafka),
    'of ZooKeeper': () => killAndRestart(stack.zooKeeper),
    'of MySQL 9.7': () => killAndRestart(stack.mysql.a),
    'of MySQL 8.0': () => killAndRestart(stack.mysql.b),
    'of nobody, but with Kafka frozen': () => freeze(stack.kafka),
  };

  it.each(Object.keys(accidents))(`%s both sides are equal, seed ${seed}`, { timeout: 240_000 }, async (name) => {
    onTestFailed(async () => console.error(await stack.report(), await stack.saveLogs()));
    // A loader that is killed has transactions to merge.
    const transactionsPerSecond = name.includes('loader') ? 150 : 60;
    const workloads = sides.map((side) =>
      startWorkload({ side, connection: stack.connection(side), seed, writers: 3, transactionsPerSecond }),
    );
    await sleep(1_000);
    await accidents[name]?.();
    await sleep(1_500);
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
