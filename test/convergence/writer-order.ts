/** Judges rows that readers saw go back (`row-reader.ts`), once home's conflicts are known. Pure. */
import type { LoggedConflict } from './conflict-log.js';
import type { Committed } from './history.js';
import type { WentBack } from './row-reader.js';
import type { Shape } from './shapes.js';
import { transactionOf } from './stamp.js';

export interface Seen {
  readonly wentBack: readonly WentBack[];
  readonly committed: readonly Committed[];
  readonly shapes: readonly Shape[];
  /** Letter of the home region, and what it logged. */
  readonly home: string;
  readonly logged: readonly LoggedConflict[];
}

/** Those that must not be, in words. */
export function wrongOrder({ wentBack, committed, shapes, home, logged }: Seen): string[] {
  const identities = new Map(shapes.map(({ name, identity }) => [name, identity]));
  const identitiesByStamp = new Map(
    committed.map(({ table, key, to, stamp }) => [`${table}|${stamp}`, identities.get(table)?.(to ?? key)] as const),
  );
  const decided = new Set(
    logged.flatMap(({ table, after, existing }) =>
      [after, existing].flatMap((stamp) => (stamp ? [`${table}|${transactionOf(stamp)}`] : [])),
    ),
  );
  return wentBack.flatMap(({ site, table, identity, from, to, why }) => {
    const what = `${table} ${identity} at ${site}: from ${from} back to ${to}`;
    if (why === 'home') return [`${what}, without a write of home that had been there`];
    // A merge may carry a stamp to the key that the other side moved the row to: then it says nothing about what was there.
    const here = [from, to].every((stamp) => identitiesByStamp.get(`${table}|${stamp}`) === identity);
    if (!here || (site !== home && decided.has(`${table}|${transactionOf(from)}`))) return [];
    return [`${what}, which home ${site === home ? 'had seen' : 'never decided against'}`];
  });
}
