/** Schema changes at the target. */
import { SyncError } from '@lutra/model';
import type { Router } from '@lutra/model';
import type { LoaderRun, Owned } from '../loader-run.js';
import type { DdlTarget } from './carry-out.js';

export function ddlTargetOf({ work }: LoaderRun, _: Owned, { router }: { readonly router: Router }): DdlTarget {
  const nobody = (): never => {
    throw new SyncError('INTERNAL', `pipeline ${work.id}: this build carries no schema change out`);
  };
  return {
    look: async () => 'new',
    plan: async ({ sql, tables }) => ({ sql, tables: tables.flatMap((table) => router(table) ?? []) }),
    isMet: async () => false,
    run: async () => nobody(),
    settle: async () => nobody(),
  };
}
