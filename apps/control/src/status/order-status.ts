/** Seeds and verifications as the status of a channel shows them. Pure. */
import { tableName } from '@lutra/model';
import type { PipelineDocument, SeedOrder, SeedProgress, VerificationOrder, VerificationResult } from '@lutra/model';
import { handledRows, tableStates } from '../seeds/seed-progress.js';
import { verdictText } from '../verifications/verdict-text.js';
import type { SeedStatus, VerificationStatus } from './orders.schema.js';

const mostTables = 20;

/** @param progress whichever is there: of an earlier order it says nothing */
export function seedStatus(order: SeedOrder, progress: SeedProgress | null, pipelines: readonly PipelineDocument[]): SeedStatus {
  const own = progress?.request === order.id ? progress : null;
  return {
    id: order.id,
    state: order.state,
    tables: tableStates(own),
    rows: handledRows(own),
    clashes: (own?.tables ?? []).reduce((sum, { clashes }) => sum + clashes, 0),
    after: order.after.map((uid) => pipelines.find((pipeline) => pipeline.uid === uid)?.name ?? uid),
  };
}

export function verificationStatus(order: VerificationOrder, result: VerificationResult | null): VerificationStatus {
  const own = result?.request === order.id ? result : null;
  const tables = { equal: 0, different: 0, unsettled: 0, refused: 0, open: 0 };
  for (const { verdict } of own?.tables ?? []) tables[verdict ?? 'open'] += 1;
  const others = (own?.tables ?? []).filter(({ verdict }) => verdict !== 'equal').slice(0, mostTables);
  return {
    id: order.id,
    state: order.state,
    pass: own?.pass ?? 0,
    waitingFor: own?.waitingFor ?? null,
    rowsDone: own?.rowsDone ?? 0,
    rowsEstimated: own?.rowsEstimated ?? null,
    endedAt: own?.endedAt ?? null,
    tables,
    repair: own?.repair ?? null,
    notEqual: others.map((table) => ({
      pipeline: table.pipeline,
      table: tableName({ database: table.database, name: table.table }),
      verdict: table.verdict,
      text: verdictText(table),
    })),
  };
}
