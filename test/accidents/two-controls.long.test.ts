/**
 * 1,000 channels and 1,000 edits in 60 s by two controls, one of which is frozen and thawed meanwhile, beside readers. What is measured is
 * printed for docs/decisions/0027.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { contradictions, TwoControls } from './two-controls.js';
import type { Edit } from './two-controls.js';

const stack = new TwoControls();
const count = 1_000;
const overMs = 60_000;
const name = (at: number): string => `c${at}`;

beforeAll(() => stack.start());
afterAll(() => stack.stop());

/** Twenty endpoints in two regions; each channel carries a schema of its own. */
async function fill(): Promise<void> {
  const [one, two] = stack.controls;
  const create = async (path: string, body: unknown, of = one): Promise<void> => {
    const { status, body: answer } = await stack.request(of, 'POST', path, { body });
    expect([status, answer?.message]).toEqual([201, undefined]);
  };
  for (const region of ['north', 'south']) await create('regions', { name: region, kafka: { brokers: ['k:1'] } });
  for (let at = 0; at < 20; at += 1) {
    const region = at % 2 === 0 ? 'north' : 'south';
    await create('endpoints', { name: `e${at}`, region, host: `h${at}`, user: 'u', password: 'p', serverId: at + 1 });
  }
  for (let at = 0; at < count; at += 1) {
    const pipeline = { name: 'there', source: `e${at % 20}`, target: `e${(at + 1) % 20}`, routes: [{ schema: `s${at}` }] };
    await create('channels', { name: name(at), pipelines: [pipeline] }, at % 2 === 0 ? one : two);
  }
}

function percentile(values: readonly number[], part: number): number {
  return values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))] ?? 0;
}

it('with 1,000 channels, 1,000 edits in a minute and a frozen control no edit is lost or doubled', { timeout: 900_000 }, async () => {
  const [one, two] = stack.controls;
  await fill();
  const base = await stack.revision(one);
  const before = await stack.counters();
  const started = performance.now();
  const edits: Promise<Edit>[] = [];
  const reads: number[] = [];
  const reading = (async () => {
    while (performance.now() - started < overMs) {
      const begun = performance.now();
      await stack.request(two, 'GET', reads.length % 20 === 0 ? 'channels' : `channels/${name(reads.length % count)}`);
      reads.push(performance.now() - begun);
      await sleep(20);
    }
  })();
  for (let at = 0; at < count; at += 1) {
    edits.push(stack.edit(at % 2 === 0 ? one : two, `channels/${name((at * 7) % count)}`, `edit-${at}`));
    if (at === 300) one.freeze();
    if (at === 450) one.resume();
    await sleep(Math.max(0, (at * overMs) / count - (performance.now() - started)));
  }
  const done = await Promise.all(edits);
  const tookMs = performance.now() - started;
  await reading;
  const after = await stack.counters();
  const written: string[] = [];
  for (let at = 0; at < count; at += 1) written.push(...(await stack.written(two, `channels/${name(at)}`)));
  expect(contradictions(done, written)).toEqual({ lost: [], doubled: [], refusedAndThere: [], unknown: [] });
  const changes = written.filter((id) => id !== '');
  expect(await stack.revision(two)).toBe(base + changes.length);
  const spent = (counter: string): number => (after[counter] ?? 0) - (before[counter] ?? 0);
  process.stdout.write(
    `${JSON.stringify({
      edits: count,
      confirmed: done.filter(({ status }) => status === 200).length,
      seconds: Math.round(tookMs / 1000),
      reads: reads.length,
      readMs: { p50: Math.round(percentile(reads, 0.5)), p99: Math.round(percentile(reads, 0.99)), most: Math.round(percentile(reads, 1)) },
      zooKeeper: {
        packetsReceived: spent('zk_packets_received'),
        packetsSent: spent('zk_packets_sent'),
        nodes: after['zk_znode_count'],
        bytes: after['zk_approximate_data_size'],
        watches: after['zk_watch_count'],
      },
      controlMb: await Promise.all(stack.controls.map(async (control) => Math.round((await control.rssBytes()) / 1e6))),
    })}\n`,
  );
});
