/** Two regions write one table and one root at once, and their loaders are killed at each step. */
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

export const wellDone = { rows: 'equal', problems: [] as string[], isWorth: true };

/** Until both are at rest. `wellDone`: rows are equal, each has its file, no reader saw one without, and nothing of a loser is there. */
export async function writeBoth({ servers, rule, naming, seed }: BothWrite): Promise<typeof wellDone & { readonly told: string }> {
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
  const problems = sides.flatMap((side) => side.problems);
  for (const side of sides) {
    problems.push(...(await side.rows()).flatMap((row) => side.problemOf(row) ?? []));
    problems.push(...(await side.strangers()).map((path) => `${side.name}: nobody names ${path}`));
  }
  const [rows, others] = [JSON.stringify(await a.rows()), JSON.stringify(await b.rows())];
  for (const side of sides) await side.close();
  return {
    rows: rows === others ? wellDone.rows : `${rows} and ${others}`,
    problems,
    isWorth: accidents.length > 5 && ways.some(({ conflicts }) => conflicts > 0),
    told: `seed ${seed}: ${accidents.join(', ')}`,
  };
}
