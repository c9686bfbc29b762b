/** Two regions write one table and one root at once, and their loaders are killed at each step: docs/04-conflicts.md, "Files". */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestServer } from '../../../../../libs/mysql/src/mysql.fixture.js';
import { Random } from '../../../../../test/harness/random.js';
import { Side } from './side.fixture.js';
import type { Naming } from './side.fixture.js';
import { Way } from './way.fixture.js';
import type { WayOptions } from './way.fixture.js';

const policies: readonly WayOptions['rule'][] = [
  { policy: 'home' },
  { policy: 'latest', version: 'v' },
  { policy: 'latest', version: 'v', deletes: 'win' },
  { policy: 'merge', columns: { v: 'max' } },
];

describe('files where both sides write', () => {
  let servers: readonly TestServer[];
  beforeAll(async () => void (servers = [await TestServer.shared('8.0'), await TestServer.shared('9.7')]));
  afterAll(async () => void (await Promise.all(servers.map((server) => server.stop()))));

  async function run(rule: WayOptions['rule'], of: { readonly naming: Naming; readonly seed: number }) {
    const { naming, seed } = of;
    const sides: Side[] = [];
    for (const [i, server] of servers.entries()) sides.push(await Side.open(['a', 'b'][i] ?? '', server, { naming, random: new Random(seed + i) }));
    const [a, b] = sides as [Side, Side];
    const options = { rule, home: a, random: new Random(seed + 2), accidents: { left: 25 }, chance: 0.04 };
    const ways = [new Way(a, b, options), new Way(b, a, options)];
    let isWritten = false;
    const ends = (): boolean => isWritten && ways.every(({ isDone }) => isDone);
    const written = Promise.all(sides.flatMap((side) => [side.write(25), side.write(25)])).then(() => void (isWritten = true));
    await Promise.all([written, ...ways.map((way) => way.run(ends))]);
    options.accidents.left = 0;
    return { sides, ways };
  }

  describe.each(['immutable', 'hash'] as const)('named by %s', (naming) => {
    test.each(policies)('%o: rows and files end equal, and no row is seen without its file', async (rule) => {
      for (const seed of [1, 2]) {
        const { sides, ways } = await run(rule, { naming, seed });
        const [mine, theirs] = [await sides[0]!.rows(), await sides[1]!.rows()];
        const accidents = ways.flatMap((way) => way.accidents);
        expect(sides.flatMap(({ problems }) => problems), accidents.join(', ')).toEqual([]);
        expect(theirs, accidents.join(', ')).toEqual(mine);
        for (const side of sides) expect((await side.rows()).map((row) => side.problemOf(row)).filter(Boolean), side.name).toEqual([]);
        expect(ways.reduce((n, way) => n + way.conflicts, 0)).toBeGreaterThan(0);
        expect(accidents.length).toBeGreaterThan(5);
        for (const side of sides) await side.close();
      }
    }, 120_000);
  });
});
