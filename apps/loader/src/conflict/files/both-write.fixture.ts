/** Two regions write one table and one root at once, and their loaders are killed at each step. */
import { expect } from 'vitest';
import type { TestServer } from '../../../../../libs/mysql/src/mysql.fixture.js';
import { Random } from '../../../../../test/harness/random.js';
import { Side } from './side.fixture.js';
import type { Naming } from './side.fixture.js';
import { Way } from './way.fixture.js';
import type { WayOptions } from './way.fixture.js';

export const policies: readonly WayOptions['rule'][] = [
  { policy: 'home' },
  { policy: 'latest', version: 'v' },
  { policy: 'latest', version: 'v', deletes: 'win' },
  { policy: 'merge', columns: { v: 'max' } },
];

export interface BothWrite {
  readonly servers: readonly [TestServer, TestServer];
  readonly rule: WayOptions['rule'];
  readonly naming: Naming;
  readonly seed: number;
}

/** Until both are at rest. Then rows are equal, and each has its file; no reader saw one without; nothing of a loser is there. */
export async function writeBoth({ servers, rule, naming, seed }: BothWrite): Promise<void> {
  const a = await Side.open('a', servers[0], { naming, random: new Random(seed) });
  const b = await Side.open('b', servers[1], { naming, random: new Random(seed + 1) });
  const sides = [a, b];
  const options = { rule, home: a, random: new Random(seed + 2), accidents: { left: 25 }, chance: 0.04 };
  const ways = [new Way(a, b, options), new Way(b, a, options)];
  let isWritten = false;
  const ends = (): boolean => isWritten && ways.every(({ isDone }) => isDone);
  const written = Promise.all(sides.flatMap((side) => [side.write(25), side.write(25)])).then(() => void (isWritten = true));
  await Promise.all([written, ...ways.map((way) => way.run(ends))]);
  const accidents = ways.flatMap((way) => way.accidents);
  const told = `seed ${seed}: ${accidents.join(', ')}`;
  expect(
    sides.flatMap(({ problems }) => problems),
    told,
  ).toEqual([]);
  expect(await b.rows(), told).toEqual(await a.rows());
  for (const side of sides) {
    expect((await side.rows()).map((row) => side.problemOf(row)).filter(Boolean), `${side.name}, ${told}`).toEqual([]);
    expect(await side.strangers(), `${side.name}, ${told}`).toEqual([]);
    await side.close();
  }
  expect([accidents.length > 5, ways.some(({ conflicts }) => conflicts > 0)], told).toEqual([true, true]);
}
