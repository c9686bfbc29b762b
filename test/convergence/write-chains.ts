/**
 * What the history says by itself about conflicts. Each change names the write that it was made from, so the writes of a row are chains.
 * Pure.
 *
 * - A *fork*: two sites changed the same version of a row. They cannot both have seen the other's change, so home's conflicts must hold the
 *   one that came from elsewhere (of several from elsewhere, all but one).
 * - A *loss*: a write that is neither the row's last one at home nor was anything made from it. A conflict at home must name it; under
 *   policy `home` home's own writes are never lost, whatever the conflicts say.
 *
 * Both may miss conflicts (an insert is made from nothing); what they name is one.
 */
import { homeWins } from '@lutra/model';
import type { LoggedConflict } from './conflict-log.js';
import type { Committed } from './history.js';
import type { Shape } from './shapes.js';
import { transactionOf } from './stamp.js';
import type { Stored } from './stored.js';

export interface Evidence {
  readonly committed: readonly Committed[];
  readonly shapes: readonly Shape[];
  /** Letter of the home region. */
  readonly home: string;
  /** What home logged, and what it holds now. */
  readonly logged: readonly LoggedConflict[];
  readonly stored: Stored;
}

export interface Chains {
  readonly forks: number;
  /** In words: forks and losses without a logged conflict. */
  readonly silent: readonly string[];
}

export function followChains({ committed, shapes, home, logged, stored }: Evidence): Chains {
  const index = new ConflictIndex(logged);
  const byName = new Map(shapes.map((shape) => [shape.name, shape]));
  const silent: string[] = [];
  const made = new Map<string, Committed[]>();
  for (const change of committed) {
    if (change.basis === null) continue;
    const id = `${change.table}|${byName.get(change.table)?.identity(change.key)}|${change.basis}`;
    made.set(id, [...(made.get(id) ?? []), change]);
  }
  let forks = 0;
  for (const [id, changes] of made) {
    const bySite = new Map(changes.map((change) => [change.site, change])); // of one site the last one
    if (bySite.size < 2) continue;
    forks += 1;
    const quiet = [...bySite].filter(([site, change]) => site !== home && !index.decided(change)).map(([, change]) => change);
    if (quiet.length > (bySite.has(home) ? 0 : 1))
      silent.push(`fork without a conflict at home: ${id} was changed by ${quiet.map(text).join()}`);
  }
  for (const change of committed) {
    const shape = byName.get(change.table);
    if (change.stamp === null || !shape) continue;
    const identity = shape.identity(change.to ?? change.key);
    const last = stored.get(change.table)?.get(identity)?.['stamp'] === change.stamp;
    if (last || made.has(`${change.table}|${identity}|${change.stamp}`)) continue;
    const final = change.site === home && homeWins(shape.rule);
    if (final || !index.names(change)) silent.push(`lost${final ? ' at home' : ' without a conflict at home'}: ${text(change)}`);
  }
  return { forks, silent };
}

/** Events of one row in one transaction may be taken together: a transaction stands for its stamps. */
class ConflictIndex {
  readonly #incoming = new Set<string>();
  readonly #named = new Set<string>();

  constructor(logged: readonly LoggedConflict[]) {
    for (const { table, op, before, after, existing, final } of logged) {
      if (!final) continue;
      if (after) this.#incoming.add(`${table}|${transactionOf(after)}`);
      if (op === 'd') this.#incoming.add(`${table}|d|${before}`);
      for (const stamp of [before, existing]) if (stamp) this.#named.add(`${table}|${transactionOf(stamp)}`);
    }
  }

  /** As the incoming one. */
  decided({ table, basis, stamp }: Committed): boolean {
    return stamp === null ? this.#incoming.has(`${table}|d|${basis}`) : this.#incoming.has(`${table}|${transactionOf(stamp)}`);
  }

  /** On either side. */
  names(change: Committed): boolean {
    return this.decided(change) || (change.stamp !== null && this.#named.has(`${change.table}|${transactionOf(change.stamp)}`));
  }
}

function text({ table, key, op, to, basis, stamp }: Committed): string {
  return `${table} ${key.join(' ')}${to ? ` → ${to.join(' ')}` : ''} ${op} ${basis ?? 'nothing'} → ${stamp ?? 'nothing'}`;
}
