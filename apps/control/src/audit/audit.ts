/** Where it is told who did what. A change of the configuration is told by its history node, and not here. */
import type { AuditEntry } from '@lutra/model';

export const AUDIT = Symbol('audit');

export interface Audit {
  /** At once, whatever becomes of it; never throws. `id`, `v` and `at` are made here. */
  note(entry: Omit<AuditEntry, 'v' | 'id' | 'at'>): void;
}
