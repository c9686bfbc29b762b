/**
 * Rows that are written once more elsewhere without the session of their source: by a resolution, or behind the next capture, which reads
 * the loader's session from the binlog. What a server computes under that session would differ there for good, and nothing would tell.
 */
import { SyncError } from '@lutra/model';
import type { SourceSession } from '@lutra/model';
import { computedElsewise } from '@lutra/mysql';
import type { Change, TargetTable } from '@lutra/mysql';

export class OwnSession {
  readonly #why: string;
  /** In which the table computes nothing otherwise than in the loader's own. */
  readonly #same = new WeakMap<TargetTable, WeakSet<SourceSession>>();

  /** `why`: ends the sentence that begins with what differs. */
  constructor(why: string) {
    this.#why = why;
  }

  /** Before anything of the change takes effect. @throws SyncError SESSION_UNSUPPORTED */
  require({ target, under }: Pick<Change, 'target' | 'under'>): void {
    const session = under?.session ?? null;
    if (session === null || target.computed.length === 0) return;
    let same = this.#same.get(target);
    if (!same) this.#same.set(target, (same = new WeakSet()));
    if (same.has(session)) return;
    const what = computedElsewise(target, session);
    if (what === null) return void same.add(session);
    throw new SyncError('SESSION_UNSUPPORTED', `${what} in the source's session; ${this.#why}`, {
      details: { database: target.database, table: target.name },
    });
  }
}
