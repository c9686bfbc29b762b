/** A target of schema changes that keeps in memory what lutra.ddl would say. What a statement does, a test says. */
import type { DdlRecord } from '@lutra/model';
import type { Owned } from '../loader-run.js';
import type { DdlAt, DdlConclusion, DdlPlan, DdlRefusal, DdlState, DdlTarget, Misfit } from './carry-out.js';

type Settled = Exclude<DdlState, 'new' | 'open'>;

export interface MemoryDdlOptions {
  /** The statement. */
  carryOut?(sql: string): Promise<void>;
  /** Whether it ran, after an intent. Left out: there is no witness. */
  witness?(sql: string): boolean;
}

export class MemoryDdlTarget implements DdlTarget {
  /** By the id of the record. */
  readonly states = new Map<string, DdlState>();
  /** All that was done, in its order: `run ALTER …`, `done g:1 by ann`. */
  readonly done: string[] = [];
  /** In the names of the target. */
  translate: (record: DdlRecord) => DdlPlan | DdlRefusal | 'nothing' | 'shadows' = ({ sql, tables }) => ({ sql, tables });
  /** Of the next runs. */
  refusals: DdlRefusal[] = [];
  /** Is carried out in front of each. */
  beforehand = '';
  isThere: (record: DdlRecord) => boolean = () => false;
  misfit: Misfit | null = null;
  /** A run that has ended must not move the checkpoint of the next one: its fence sees to that. */
  #commit: (record: DdlRecord, at: DdlAt) => Promise<void> = async () => undefined;
  readonly #options: MemoryDdlOptions;

  constructor(options: MemoryDdlOptions = {}) {
    this.#options = options;
  }

  /** As a run owns the pipeline: with its checkpoint in the target. */
  behind({ writer, checkpoint }: Owned): this {
    this.#commit = ({ origin, path }, { position: { log: logId, logEpoch, seq, nextOffset } }) =>
      writer.commit({ sql: '', marks: [] }, { ...checkpoint, logId, logEpoch, seq, nextOffset, origin, path });
    return this;
  }

  async look({ id, sql }: DdlRecord): Promise<DdlState> {
    const state = this.states.get(id) ?? 'new';
    if (state !== 'open' || !this.#options.witness) return state;
    return this.#options.witness(sql) ? 'done' : 'new';
  }

  async plan(record: DdlRecord): Promise<DdlPlan | DdlRefusal | 'nothing' | 'shadows'> {
    return this.translate(record);
  }

  async isMet(record: DdlRecord): Promise<boolean> {
    return this.isThere(record);
  }

  async misfits(): Promise<Misfit | null> {
    return this.misfit;
  }

  async run(record: DdlRecord, { sql }: DdlPlan, at: DdlAt): Promise<DdlRefusal | null> {
    this.done.push(`run ${sql}${byOf(at)}`);
    const refusal = this.refusals.shift();
    if (refusal) return refusal;
    this.states.set(record.id, 'open');
    for (const text of [this.beforehand, sql]) if (text !== '') await this.#options.carryOut?.(text);
    return this.#end(record, 'done', at);
  }

  async seed(record: DdlRecord, at: DdlAt): Promise<DdlRefusal | null> {
    this.done.push(`seed ${record.id}${byOf(at)}`);
    return this.refusals.shift() ?? this.#end(record, 'done', at);
  }

  async conclude(record: DdlRecord, state: DdlConclusion, at: DdlAt): Promise<void> {
    this.done.push(`${state} ${record.id}${byOf(at)}`);
    await this.#end(record, state === 'skipped' ? state : 'done', at);
  }

  async #end(record: DdlRecord, state: Settled, at: DdlAt): Promise<null> {
    await this.#commit(record, at);
    this.states.set(record.id, state);
    return null;
  }
}

function byOf({ decision, own }: DdlAt): string {
  return `${decision ? ` by ${decision.by}` : ''}${own ? ` as of ${own.origin} (${own.path.join()})` : ''}`;
}
