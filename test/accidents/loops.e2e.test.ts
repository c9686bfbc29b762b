/**
 * What must not go round, and what must not go at all: copies whose marker is not where capture looks for it, and transactions that an
 * application does not want replicated. Both are told by their counters as well.
 */
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { checkpointStatement, createStatement } from '@lutra/marker';
import { type AppProcess, type Stack } from '../harness/index.js';
import { keptStack, leaveStack } from './kept-stack.js';
import { writeBackup } from './log-accidents.js';
import { openOneWay } from './one-way.js';
import type { OneWay } from './one-way.js';

let stack: Stack;
beforeAll(async () => {
  stack = await keptStack();
}, 240_000);
afterAll(leaveStack);

async function openWay(): Promise<OneWay> {
  const way = await openOneWay(stack);
  onTestFailed(async () => console.error(way.name, JSON.stringify(await way.status(), null, 1), await stack.saveLogs()));
  await way.write(1);
  await way.arrives();
  return way;
}

/** A counter of an app, for one name. */
async function counted({ url }: AppProcess, counter: string, name: string, label = ''): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const lines = text
    .split('\n')
    .filter((line) => line.startsWith(`${counter}{`) && line.includes(`name="${name}"`) && line.includes(label));
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

const loops = 'code="LOOP_DETECTED"';

describe('a copy', () => {
  it('whose marker stands behind its rows stops capture, which goes on behind it on order', async () => {
    const way = await openWay();
    const at = { pipeline: `back.${way.name}`, part: 0, lane: 0, epoch: 1 };
    const moved = checkpointStatement({
      ...at,
      logId: 'L',
      logEpoch: 1,
      seq: 1,
      nextOffset: 2,
      gtid: null,
      sourceUs: 0,
      replayUntil: -1,
      origin: stack.regions[way.to],
      path: [stack.regions[way.to]],
    });
    await way.atSource(createStatement(at));
    await way.atSource(['BEGIN', "INSERT INTO t VALUES (2, 'copy')", moved, 'COMMIT'].join('; '));
    await way.write(3);
    await way.fails('capture', 'LOOP_DETECTED');
    expect(await way.targetIds()).toEqual([1]);
    expect(await counted(stack.capture.a, 'lutra_errors_total', way.endpoints.source, loops)).toBe(1);

    const { gtid } = (await way.end('capture')).worker?.lastError?.details ?? {};
    const order = { reason: 'a copy', start: { from: 'after', gtid: String(gtid) }, accept: true };
    await stack.api.request('POST', `/api/v1/endpoints/${way.endpoints.source}/restart`, order);
    await expect.poll(() => way.targetIds(), { timeout: 30_000 }).toEqual([1, 3]);
    await way.close();
  });

  it('that was published all the same stops the loader', async () => {
    const way = await openWay();
    await stack.capture.a.kill();
    try {
      await writeBackup(stack, way, stack.regions[way.to]);
      await way.fails('loader', 'LOOP_DETECTED');
      expect(await counted(stack.loader[way.to], 'lutra_errors_total', way.pipeline, loops)).toBe(1);
    } finally {
      await stack.capture.a.restart();
    }
    expect(await way.targetIds()).toEqual([1]);
    await way.close();
  });
});

describe('a transaction that is not to be replicated', () => {
  it('stays where it is, and is counted; the one that says so too late is replicated whole', async () => {
    const way = await openWay();
    const skip = 'UPDATE lutra.skip SET n = n + 1 WHERE id = 1';
    await way.atSource(`BEGIN; ${skip}; INSERT INTO t VALUES (2, 'here'), (3, 'here'); COMMIT`);
    await way.atSource(`BEGIN; INSERT INTO t VALUES (4, 'both'); ${skip}; INSERT INTO t VALUES (5, 'both'); COMMIT`);
    await way.write(6);
    await expect.poll(() => way.targetIds(), { timeout: 30_000 }).toEqual([1, 4, 5, 6]);
    expect(await counted(stack.capture.a, 'lutra_skipped_transactions_total', way.endpoints.source)).toBe(1);
    expect(await stack.capture.a.log()).toContain('a transaction was published whole');
    await way.close();
  });
});
