/** Where it is told who did what. A change of the configuration is told by its history node, and not here. */
import type { AuditEntry } from '@lutra/model';

export const AUDIT = Symbol('audit');

/** What the writer adds: a number of its own, the time, and which revisions the request made. */
export type AuditNote = Omit<AuditEntry, 'v' | 'id' | 'at' | 'revisions'>;

export interface Audit {
  /** At once, whatever becomes of it; never throws. To be called while the request is answered: configuration/author.ts knows which. */
  note(note: AuditNote): void;
}
