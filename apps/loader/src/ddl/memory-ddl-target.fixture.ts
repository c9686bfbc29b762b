/** A target of schema changes that keeps in memory what lutra.ddl would say. What a statement does, a test says. */
import type { DdlRecord } from '@lutra/model';
import type { DdlPlace, DdlPlan, DdlRefusal, DdlState, DdlTarget } from './carry-out.js';

type Settled = Exclude<DdlState, 'new' | 'open'>;

export interface MemoryDdlOptions {
  /** The statement, under its witness. */
  carryOut?(sql: string): Promise<void>;
  /** The transaction behind it, with the checkpoint. */
  commit?(at: DdlPlace): Promise<void>;
}

export class MemoryDdlTarget implements DdlTarget {
  /** By the id of the record. */
  readonly states = new Map<string, DdlState>();
  /** All that was done, in its order: `run ALTER …`, `done g:1 by ann`. */
  readonly done: string[] = [];
  /** In the names of the target. */
  translate: (record: DdlRecord) => DdlPlan | DdlRefusal | 'nothing' = ({ sql, tables }) => ({ sql, tables });
  /** Of the next runs. */
  refusals: DdlRefusal[] = [];
  isThere: (record: DdlRecord) => boolean = () => false;
  readonly #options: MemoryDdlOptions;

  constructor(options: MemoryDdlOptions = {}) {
    this.#options = options;
  }

  async look({ id }: DdlRecord): Promise<DdlState> {
    return this.states.get(id) ?? 'new';
  }

  async plan(record: DdlRecord): Promise<DdlPlan | DdlRefusal | 'nothing'> {
    return this.translate(record);
  }

  async isMet(record: DdlRecord): Promise<boolean> {
    return this.isThere(record);
  }

  async run(record: DdlRecord, { sql }: DdlPlan, at: DdlPlace): Promise<DdlRefusal | null> {
    this.done.push(`run ${sql}${byOf(at)}`);
    const refusal = this.refusals.shift();
    if (refusal) return refusal;
    this.states.set(record.id, 'open');
    await this.#options.carryOut?.(sql);
    return this.#end(record, 'done', at);
  }

  async settle(record: DdlRecord, state: Settled, at: DdlPlace): Promise<void> {
    this.done.push(`${state} ${record.id}${byOf(at)}`);
    await this.#end(record, state, at);
  }

  async #end({ id }: DdlRecord, state: Settled, at: DdlPlace): Promise<null> {
    await this.#options.commit?.(at);
    this.states.set(id, state);
    return null;
  }
}

function byOf({ decision }: DdlPlace): string {
  return decision ? ` by ${decision.by}` : '';
}
