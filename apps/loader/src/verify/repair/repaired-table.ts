/** What is said of a table when its rows were repaired and asked for again. Pure. */
import type { VerifiedTable } from '@lutra/model';
import { verdictWith } from '../files/verify-files.js';
import { beyond, leavesOpen, onlyAtTarget } from '../verify-table.js';
import type { FoundCounts } from './found-rows.js';

export interface AfterRepair {
  /** Of the whole table. */
  readonly counts: FoundCounts;
  /** Null: nobody asked. */
  readonly probed: (Pick<VerifiedTable, 'asOf' | 'log' | 'seq'> & { readonly unanswered: string | null }) | null;
  readonly mayBeExtra: boolean;
}

/** Equal only if the verification has left nothing open beside the rows. */
export function repairedTable(table: VerifiedTable, { counts, probed, mayBeExtra }: AfterRepair): VerifiedTable {
  const { different, 'missing-here': missingHere, 'missing-there': onlyHere } = counts;
  const now = { ...table, different, missingHere, ...onlyAtTarget(onlyHere, mayBeExtra) };
  if (!probed) return now;
  const notes = [...(probed.unanswered === null ? [] : [probed.unanswered]), ...table.notes.filter((note) => note !== probed.unanswered)];
  if (different + missingHere + onlyHere > 0) return { ...now, notes };
  if (table.ranges > 0) return { ...now, ...beyond(now), notes: [...beyond(now).notes, ...table.notes] };
  if (notes.some(leavesOpen)) return { ...now, verdict: 'unsettled', notes };
  return { ...now, verdict: verdictWith({ ...now, verdict: 'equal', notes }), asOf: probed.asOf, log: probed.log, seq: probed.seq };
}
