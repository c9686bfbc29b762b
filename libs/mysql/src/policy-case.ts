/** One table of a pipeline with the rule that decides about it: what the checks of policies look at. */
import type { ConflictRule } from '@lutra/model';
import type { TargetColumn, TargetTable } from './target-definition.js';

export interface PolicyCase {
  readonly rule: ConflictRule;
  readonly from: TargetTable;
  readonly to: TargetTable;
  /** Both servers are MySQL, or both MariaDB. */
  readonly sameFlavor: boolean;
  /** What a foreign key does to children is in the binlog: of the source's server, of the target's. */
  readonly sourceLogsCascades: boolean;
  readonly targetLogsCascades: boolean;
  /** The table's changes at the target are replicated back. */
  readonly twoWay: boolean;
}

/** Names of columns have no case. */
export function columnOf(table: TargetTable, name: string): TargetColumn | undefined {
  return table.columns.find((column) => column.name.toLowerCase() === name.toLowerCase());
}
