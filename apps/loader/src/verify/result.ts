/** The result of a verification as a document: how it begins, how much of it fits, what an event tells of it. Pure. */
import { differingFiles, tableVerdicts, toSyncError } from '@lutra/model';
import type { VerificationOrder, VerificationResult, VerifiedFiles, VerifiedRoot, VerifiedTable } from '@lutra/model';

/** Nothing of it is done. Pass 0: it has not begun. */
export function begin(
  order: Pick<VerificationOrder, 'id'>,
  { pass, before }: { pass: number; before: VerificationResult | null },
): VerificationResult {
  return {
    request: order.id,
    pass,
    tables: before?.tables ?? [],
    ...(before?.roots && { roots: before.roots }),
    repair: before?.repair ?? null,
    waitingFor: null,
    rowsDone: 0,
    rowsEstimated: null,
    begunAt: Date.now(),
    endedAt: null,
    at: Date.now(),
  };
}

/** Of a failure, for people. */
export function why(thrown: unknown): string {
  const { code, message } = toSyncError(thrown);
  return `${code}: ${message}`.slice(0, 1_000);
}

/** What had not ended has ended. */
export function cancelled({ repair, ...result }: VerificationResult): VerificationResult {
  const endedAt = Date.now();
  const ended = repair?.endedAt === null ? { ...repair, waitingFor: 'cancelled', endedAt } : repair;
  return { ...result, repair: ended, waitingFor: 'cancelled', endedAt: result.endedAt ?? endedAt };
}

/** ZooKeeper takes 1,000,000 bytes. */
const mostBytes = 900_000;

/** Without notes where they are too many: verdicts and counts have room. */
export function fitting(result: VerificationResult): VerificationResult {
  if (Buffer.byteLength(JSON.stringify(result)) <= mostBytes) return result;
  const tables = result.tables.map((table) => (table.notes.length === 0 ? table : { ...table, notes: table.notes.slice(0, 1).map(cut) }));
  const shorter = { ...result, tables };
  if (Buffer.byteLength(JSON.stringify(shorter)) <= mostBytes) return shorter;
  return { ...result, tables: tables.map((table) => (table.verdict === 'equal' ? { ...table, notes: [] } : table)) };
}

function cut(note: string): string {
  return note.length > 80 ? `${note.slice(0, 80)}…` : note;
}

/** Of the pass. */
export function rowsOf({ tables, pass }: Pick<VerificationResult, 'tables' | 'pass'>): number {
  return tables.reduce((sum, table) => sum + (table.pass === pass ? table.rows : 0), 0);
}

export function sameTable(a: VerifiedTable, b: VerifiedTable): boolean {
  return a.pipeline === b.pipeline && a.database === b.database && a.table === b.table;
}

/** In place of what was said of it before. */
export function withRoot(roots: readonly VerifiedRoot[], root: VerifiedRoot): readonly VerifiedRoot[] {
  return [...roots.filter((each) => each.pipeline !== root.pipeline || each.root !== root.root), root];
}

/** Verdicts by number, for the metric. */
export function verdictCounts(tables: readonly VerifiedTable[]): readonly (readonly [string, number])[] {
  return tableVerdicts.map((verdict) => [verdict, tables.filter((table) => table.verdict === verdict).length]);
}

/** Files of a table by what was found, for the metric. */
export function fileCounts(files: VerifiedFiles): readonly (readonly [string, number])[] {
  const { named, missingHere, missingThere, missing, different, unsettled } = files;
  return [
    ['equal', Math.max(0, named - differingFiles(files) - unsettled)],
    ['missing-here', missingHere],
    ['missing-there', missingThere],
    ['missing', missing],
    ['different', different],
    ['unsettled', unsettled],
  ];
}
