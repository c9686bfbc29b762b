/** Who says CONFIG_REGRESSED, and the highest revision that is known anywhere: from what processes say about themselves. Pure. */
import type { Regression, RevisionMark, TreeRevision, WorkStatus } from '@lutra/model';
import type { Regressed } from './revision.schemas.js';

export function regressedAmong(workers: readonly WorkStatus[], control: Regression | null): readonly Regressed[] {
  const own = control && ({ app: 'control', name: null, instance: null, is: 'working', known: markOf(control.known) } as const);
  return [...workers.flatMap((worker) => regressedOf(worker) ?? []), ...(own ? [own] : [])];
}

function regressedOf({ app, name, instance, state, configuration, lastError }: WorkStatus): Regressed | null {
  const who = { app, name, instance };
  if (state === 'failed' && lastError?.code === 'CONFIG_REGRESSED') return { ...who, is: 'stopped', known: detailsOf(lastError.details) };
  return configuration?.regressed ? { ...who, is: 'working', known: markOf(configuration) } : null;
}

export function highestRevision(
  tree: TreeRevision | null,
  known: RevisionMark | null,
  { workers, regressed }: { readonly workers: readonly WorkStatus[]; readonly regressed: readonly Regressed[] },
): number {
  const marks = [tree, known, ...workers.map(({ configuration }) => configuration), ...regressed.map((one) => one.known)];
  return Math.max(0, ...marks.map((mark) => mark?.revision ?? 0));
}

function markOf(mark: RevisionMark | null): Regressed['known'] {
  return mark && { revision: mark.revision, write: mark.write };
}

/** What the log or the checkpoint knows. */
function detailsOf({ known, knownWrite }: Readonly<Record<string, unknown>>): Regressed['known'] {
  return typeof known === 'number' && typeof knownWrite === 'string' ? { revision: known, write: knownWrite } : null;
}
