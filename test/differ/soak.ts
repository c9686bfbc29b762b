/** Round after round until the time is over or something is wrong. */
import type { Log } from '../harness/index.js';
import { Counts } from './counts.js';
import { Field, type Way } from './field.js';
import { oneWayRound } from './one-way-round.js';
import { type DifferOptions, zones } from './options.js';
import { randomOf, type Wrong } from './round.js';
import { twoWayRound } from './two-way-round.js';

export interface Soaked {
  readonly wrong: readonly Wrong[];
  readonly counts: Counts;
  readonly rounds: number;
}

export function fieldOf(options: DifferOptions, log: Log): Field {
  const zone = options.zone ?? randomOf({ seed: options.seed, n: 0 }).pick(zones);
  return new Field({ mysql: options.mysql, zone, ways: waysOf(options), log });
}

export interface SoakOptions extends DifferOptions {
  /** At most. */
  readonly rounds?: number;
}

/** The field is started; whoever made it stops it. */
export async function soak(field: Field, options: SoakOptions, log: Log): Promise<Soaked> {
  const [counts, wrong] = [new Counts(), [] as Wrong[]];
  const ways = waysOf(options);
  const end = Date.now() + options.minutes * 60_000;
  let n = options.only ?? 1;
  let rounds = 0;
  for (; Date.now() < end && rounds < (options.rounds ?? Infinity) && (options.all || wrong.length === 0); n++) {
    const way = ways[(n - 1) % ways.length] ?? 'one';
    const begin = performance.now();
    const round = way === 'one' ? oneWayRound : twoWayRound;
    const found = await round(field, { ...options, n, counts, log });
    wrong.push(...found);
    rounds += 1;
    log(
      `round ${n}, ${way === 'one' ? 'one way' : 'both ways'}: ${found.length === 0 ? 'equal' : `${found.length} findings`}, ${((performance.now() - begin) / 1000).toFixed(1)} s`,
    );
    if (options.only !== undefined) break;
  }
  return { wrong, counts, rounds };
}

export function verdict({ wrong, counts, rounds }: Soaked): string {
  const sent = `${rounds} rounds, ${counts.sent.toLocaleString('en-US')} statements (${counts.refused.toLocaleString('en-US')} refused by the source)`;
  return wrong.length === 0 ? `equal: ${sent}` : `DIFFERENT: ${wrong.length} findings in ${sent}; the first one: ${wrong[0]?.what}`;
}

function waysOf({ ways }: Pick<DifferOptions, 'ways'>): readonly Way[] {
  return ways === 'all' ? ['one', 'both'] : [ways];
}
