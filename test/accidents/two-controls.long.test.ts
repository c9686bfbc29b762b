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
const regions = 100;
/** Edits of channels, whose rules look at all others. */
const channelEdits = 10;
const overMs = 60_000;
const name = (at: number): string => `c${at}`;
const region = (at: number): string => `r${at}`;

beforeAll(() => stack.start());
afterAll(() => stack.stop());

/** Twenty endpoints, and channels with a schema each, which come by an import: their rules would take longer than the test. */
async function fill(): Promise<void> {
  const [one] = stack.controls;
  const create = async (path: string, body: unknown): Promise<void> => {
    const { status, body: answer } = await stack.request(one, 'POST', path, { body });
    expect([status, answer?.message]).toEqual([201, undefined]);
  };
  for (let at = 0; at < regions; at += 1) await create('regions', { name: region(at), kafka: { brokers: ['k:1'] } });
  for (let at = 0; at < 20; at += 1)
    await create('endpoints', { name: `e${at}`, region: region(at % 2), host: `h${at}`, user: 'u', password: 'p', serverId: at + 1 });
  const { body: exported } = await stack.request(one, 'GET', 'backup');
  for (let at = 0; at < count; at += 1) {
    const routes = [{ schema: `s${at}`, table: '*' }];
    const pipelines = [{ name: 'there', source: `e${at % 20}`, target: `e${(at + 1) % 20}`, routes, forwards: false }];
    const conflicts = { rules: [], retentionDays: 30 };
    exported.nodes[`channels/${name(at)}`] = { name: name(at), description: '', pipelines, conflicts };
    exported.nodes[`desired/${name(at)}`] = { state: 'stopped', attempt: 0, by: 'test', at: 0 };
  }
  expect(await stack.request(one, 'POST', 'restore', { body: exported })).toMatchObject({ status: 200, body: { written: 2 * count } });
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
    edits.push(stack.edit(at % 2 === 0 ? one : two, `regions/${region(at % regions)}`, `edit-${at}`));
    if (at === 300) one.freeze();
    if (at === 450) one.resume();
    await sleep(Math.max(0, (at * overMs) / count - (performance.now() - started)));
  }
  const done = await Promise.all(edits);
  const tookMs = performance.now() - started;
  await reading;
  const after = await stack.counters();
  const written: string[] = [];
  for (let at = 0; at < regions; at += 1) written.push(...(await stack.written(two, `regions/${region(at)}`)));
  expect(contradictions(done, written)).toEqual({ lost: [], doubled: [], refusedAndThere: [], unknown: [] });
  const changes = written.filter((id) => id !== '');
  expect(await stack.revision(two)).toBe(base + changes.length);
  const channelsBegun = performance.now();
  for (let at = 0; at < channelEdits; at += 1)
    expect((await stack.edit(two, `channels/${name(at)}`, `channel-edit-${at}`)).status).toBe(200);
  const channelEditMs = Math.round((performance.now() - channelsBegun) / channelEdits);
  const spent = (counter: string): number => (after[counter] ?? 0) - (before[counter] ?? 0);
  process.stdout.write(
    `${JSON.stringify({
      edits: count,
      confirmed: done.filter(({ status }) => status === 200).length,
      seconds: Math.round(tookMs / 1000),
      channelEditMs,
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
