/** A change that no policy decides about: its table flows one way, or its keys cannot be compared. */
import { differing, planRows, StatementBuilder } from '@lutra/mysql';
import type { ApplyConnection, Change } from '@lutra/mysql';
import type { Concurrent } from '../detect/concurrency.js';
import type { ConflictTable } from '../detect/table-book.js';
import { writeWhole } from '../../seed/missing-rows.js';
import type { RowsToCome } from '../../seed/rows-to-come.js';
import type { LockedRows } from './locked-rows.js';
import { stoppedAt } from './step.js';

export interface UndecidedOptions {
  readonly connection: Pick<ApplyConnection, 'within' | 'attempt' | 'run'>;
  readonly toCome: RowsToCome;
  /** What is written here, they do not know. */
  readonly rows: Pick<LockedRows, 'discard'>;
}

/** `table`: null one way. @throws SyncError ROW_CONFLICT */
export async function applyUndecided(
  { connection, toCome, rows }: UndecidedOptions,
  change: Change,
  { table, concurrent }: { readonly table: ConflictTable | null; readonly concurrent: Concurrent },
): Promise<void> {
  const unnamed = '(its keys cannot be compared)';
  if (table && concurrent.primary !== null) throw stoppedAt(table, { type: 'both sides changed it', key: unnamed });
  rows.discard();
  if (table === null && (await toCome.has(change)))
    return writeWhole(connection, change, { plan: planRows(change.source, change.target), toCome });
  // As always; where the target's changes come back, only to a row that is what it must be.
  const builder = new StatementBuilder({ exact: table !== null });
  await builder.prepare(change);
  builder.add(change);
  const text = builder.take();
  const results = await connection.run(text);
  if (table && (await differing(text, results)).length > 0)
    throw stoppedAt(table, { type: 'the row is not what the source changed', key: unnamed });
}
