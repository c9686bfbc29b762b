/** Random steps of two sides, and what must hold behind them. */
import * as fc from 'fast-check';
import { expect } from 'vitest';
import type { TestServer } from '../../../../libs/mysql/src/mysql.fixture.js';
import { makeTable, rules, Side } from './in-flight.fixture.js';

const columns = ['c', 'd'] as const;

/** `column`: the statement is about it; the table itself where it is none. */
const alter = fc.record({
  do: fc.constant('alter' as const),
  column: fc.constantFrom('c', 'd', null),
  anew: fc.boolean(),
  isRead: fc.boolean(),
});
const write = fc.record({
  do: fc.constant('write' as const),
  isHome: fc.boolean(),
  id: fc.integer({ min: 1, max: 4 }),
  isDeleted: fc.nat(4).map((n) => n === 0),
  e: fc.nat(9),
});
const apply = fc.record({ do: fc.constant('apply' as const), isHome: fc.boolean(), meanwhile: fc.option(alter, { freq: 3 }) });

type Alter = typeof alter extends fc.Arbitrary<infer T> ? T : never;
type Step = typeof steps extends fc.Arbitrary<readonly (infer T)[]> ? T : never;

export const steps = fc.array(fc.oneof({ weight: 5, arbitrary: write }, { weight: 4, arbitrary: apply }, { weight: 2, arbitrary: alter }), {
  minLength: 10,
  maxLength: 40,
});

export const policies = fc.constantFrom(...(Object.keys(rules) as (keyof typeof rules)[]));

export async function converge(server: TestServer, policy: keyof typeof rules, all: readonly Step[]): Promise<void> {
  const home = await Side.open(server, 'target', policy);
  const away = await Side.open(server, 'source', policy);
  try {
    for (const step of all) {
      if (step.do === 'write') await (step.isHome ? home : away).write(step.id, step);
      else if (step.do === 'alter') await altered(home, step);
      else if (step.isHome) await home.apply(away, async () => void (step.meanwhile && (await altered(home, step.meanwhile))));
      else await away.apply(home);
    }
    while (home.applied < away.log.length || away.applied < home.log.length)
      await (home.applied < away.log.length ? home.apply(away) : away.apply(home));
    const rows = await home.rows();
    expect(await away.rows()).toEqual(rows);
    for (const row of rows)
      for (const name of columns) expect([null, undefined, home.columns.get(name) ?? 0], JSON.stringify(row)).toContain(row[name]);
  } finally {
    await home.close();
    await away.close();
  }
}

/** Home adds what is not there, and drops what is, or both in one statement. */
async function altered(home: Side, { column, anew, isRead }: Alter): Promise<void> {
  const version = await home.version();
  if (column === null || version === null) {
    if (version !== null) await home.alter('DROP TABLE t', isRead);
    if (version === null || anew) await home.alter(makeTable, isRead);
    return;
  }
  const isThere = version.columns.some(({ name }) => name === column);
  const drop = anew ? `DROP ${column}, ADD ${column} INT` : `DROP ${column}`;
  await home.alter(`ALTER TABLE t ${isThere ? drop : `ADD ${column} INT`}`, isRead);
}
