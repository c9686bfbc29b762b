/** Where it is told who did what. A change of the configuration is told by its history node, and not here. */
import type { AuditEntry } from '@lutra/model';

export const AUDIT = Symbol('audit');

/** What the writer adds: a number of its own, and the time. */
export type AuditNote = Omit<AuditEntry, 'v' | 'id' | 'at'>;

export interface Audit {
  /** At once, whatever becomes of it; never throws. `revisions`: of the configuration, that the request made. */
  note(note: AuditNote): void;
}
