/** Whether a row is what lutra.difference shows of it. */
import { recordedRow, rowFromJson } from '@lutra/model';
import type { Row } from '@lutra/model';
import { identicalRows } from '@lutra/mysql';
import type { RowPlan } from '@lutra/mysql';

/** A large row is recorded without its large values: only how long they were can be compared. */
export async function isAsRecorded(plan: RowPlan, row: Row | null, recorded: string | null): Promise<boolean> {
  if (row === null || recorded === null) return row === null && recorded === null;
  if (!isCut(recorded)) return identicalRows(plan, row, rowFromJson(recorded));
  const [now, then] = [recordedRow(row), JSON.parse(recorded) as Readonly<Record<string, unknown>>];
  return plan.table.columns.every(({ name }) => JSON.stringify(now[name] ?? null) === JSON.stringify(then[name] ?? null));
}

function isCut(recorded: string | null): boolean {
  if (recorded === null || !recorded.includes('["cut"')) return false;
  return Object.values(JSON.parse(recorded) as Readonly<Record<string, unknown>>).some(
    (value) => Array.isArray(value) && value[0] === 'cut',
  );
}
