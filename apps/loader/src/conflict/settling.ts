/** What settling takes beside the rows: locks first, then a complete window, then each change; at last what was decided is written down. */
import type { RowEvent } from '@lutra/model';
import type { ApplyConnection, Change } from '@lutra/mysql';
import { concurrentWith } from './concurrency.js';
import { conflictText } from './conflict-record.js';
import type { Conflict } from './conflict-record.js';
import type { GuardOptions, Member } from './guard.js';
import { Settlement } from './settlement.js';

type Options = Pick<GuardOptions, 'key' | 'rules' | 'tables' | 'peers'>;

/** For a transaction of which `event` is a row. */
export function settlementIn(connection: ApplyConnection, { rules, tables, key, peers }: Options, event: RowEvent): Settlement {
  const { seen } = event.transaction;
  return new Settlement({
    connection,
    rules,
    tables,
    pipeline: key.pipeline,
    concurrent: (change, table) => concurrentWith(change, table, { seen, peers }),
  });
}

export async function settleAll(settlement: Settlement, { peers }: Options, changes: readonly Change[]): Promise<void> {
  await settlement.lock(changes);
  await peers.complete(true);
  for (const change of changes) await settlement.settle(change);
}

/** Into lutra.conflict, and as remedies; resolves to the conflicts. */
export async function writeDecisions(
  settlement: Settlement,
  { key, rules, peers }: Options,
  of: Pick<Member, 'event' | 'place'> & { readonly connection: ApplyConnection },
): Promise<readonly Conflict[]> {
  const conflicts = settlement.takeConflicts();
  const about = { pipeline: key.pipeline, place: of.place, event: of.event, final: rules.targetIsHome || peers.none };
  for (const conflict of conflicts) await of.connection.run(conflictText([conflict], about));
  await settlement.writeRemedies();
  return conflicts;
}
