/**
 * Two controls write; one is frozen in the middle of a write for longer than its session, and thaws. No edit that was confirmed is lost,
 * none is done twice, none is made by rules that no longer hold (libs/registry has the lock of old, under which one is).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { contradictions, TwoControls } from './two-controls.js';
import type { Edit } from './two-controls.js';

const stack = new TwoControls();
const regions = ['r1', 'r2', 'r3', 'r4'];
/** ZooKeeper ends a session of 2 s after at most 4 s. */
const longerThanSessionMs = 6_000;

beforeAll(() => stack.start());
afterAll(() => stack.stop());

it('a control that is frozen in the middle of a write and thaws loses no edit, doubles none, and breaks no rule', async () => {
  const [one, two] = stack.controls;
  for (const name of regions)
    expect((await stack.request(one, 'POST', 'regions', { body: { name, kafka: { brokers: ['k:1'] } } })).status).toBe(201);
  const edits: Promise<Edit>[] = [];
  for (let round = 0; round < 6; round += 1)
    for (const name of regions) edits.push(stack.edit(one, `regions/${name}`, `one-${name}-${round}`));
  // Both want the same name: one of them may have it.
  const wanted = { name: 'wanted', kafka: { brokers: ['k:1'] } };
  const first = stack.request(one, 'POST', 'regions', { body: wanted });
  await Promise.race(edits);
  one.freeze();
  for (let round = 0; round < 4; round += 1) {
    const some = regions.map((name) => stack.edit(two, `regions/${name}`, `two-${name}-${round}`));
    expect((await Promise.all(some)).map(({ status }) => status)).toEqual(regions.map(() => 200));
    edits.push(...some);
  }
  const second = await stack.request(two, 'POST', 'regions', { body: wanted });
  await sleep(longerThanSessionMs);
  one.resume();
  expect(new Set([(await first).status, second.status])).toEqual(new Set([201, 409]));
  const done = await Promise.all(edits);
  const written = (await Promise.all(regions.map((name) => stack.written(two, `regions/${name}`)))).flat();
  expect(contradictions(done, written)).toEqual({ lost: [], doubled: [], refusedAndThere: [], unknown: [] });
  expect(await stack.revision(two)).toBe(written.length + 1);
  await one.waitReady();
  expect((await stack.edit(one, 'regions/r1', 'thawed')).status).toBe(200);
});
