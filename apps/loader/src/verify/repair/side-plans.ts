/**
 * How rows of a pair of tables that flows both ways are read and written. Rows and keys are as the pipeline's source has them in its row
 * events, on both sides, as in lutra.difference; but a resolution record has the names and types of the other end, whose loader reads it.
 */
import type { Row } from '@lutra/model';
import { asSource, planRows } from '@lutra/mysql';
import type { DigestedSide, RowPlan, TargetTable } from '@lutra/mysql';

export interface SidePlans {
  readonly homeTable: TargetTable;
  /** Rows as they are at home, and at the other end. */
  readonly home: RowPlan;
  readonly away: RowPlan;
  /** Home's rows as the other end knows them. */
  readonly told: RowPlan;
  /** For comparing one side with the other. */
  readonly common: RowPlan;
  toldKey(key: Row): Row;
}

/** @throws SyncError as planRows() */
export function sidePlans({ from, to, home }: { from: TargetTable; to: TargetTable; home: DigestedSide }): SidePlans {
  const schema = asSource(from);
  const atSource = planRows(schema, plain(from));
  const atTarget = planRows(schema, to);
  const isSource = home === 'source';
  const told = isSource ? planRows(asSource(to), plain(from)) : atTarget;
  return {
    homeTable: isSource ? from : to,
    home: isSource ? atSource : atTarget,
    away: isSource ? atTarget : atSource,
    told,
    common: atTarget,
    toldKey: (key) => {
      const values = new Map(Object.entries(key).map(([name, value]) => [name.toLowerCase(), value]));
      return Object.fromEntries(told.table.key.map(({ name }) => [name, values.get(name.toLowerCase()) ?? null]));
    },
  };
}

/** What the server computes is in its row events, too. */
function plain(table: TargetTable): TargetTable {
  return { ...table, columns: table.columns.map((column) => ({ ...column, generated: false })) };
}
