/** What carrying a schema change out at the target takes, whoever decides that it is done. Decision 0034, rules 1 to 13. */
import type { DdlAnswer, DdlHoldReason, DdlRecord, TableName } from '@lutra/model';
import type { RecordPosition } from '../read/log-reader.js';

/** What lutra.ddl and the target say of a record. open: an intent, and nobody knows yet whether it ran. */
export type DdlState = 'new' | 'open' | 'done' | 'skipped';

/** Why a record cannot be carried out by itself, and what to do. */
export interface DdlRefusal {
  readonly reason: Exclude<DdlHoldReason, 'policy'>;
  readonly message: string;
  /** How it is said here, where that is known: the target may show it already. */
  readonly here?: DdlPlan;
  /** Answers that would be taken; left out: `done`, `skip`, and `run` where a plan is known. */
  readonly ways?: readonly DdlAnswer[];
  /** Of `entered`: by their names at the source. */
  readonly enters?: readonly TableName[];
  /** The target may keep what it has, and people are told: no row of it comes any more. */
  readonly isLeft?: boolean;
}

/** As it would run here. */
export interface DdlPlan {
  readonly sql: string;
  /** That it changes, by their names here. */
  readonly tables: readonly TableName[];
  /** What an online tool ended with: what it did to its shadow, each a statement of its own. Left out: `sql` is one. */
  readonly parts?: readonly DdlPart[];
  /** A person decides, whatever the policy says. */
  readonly held?: { readonly reason: 'online-change'; readonly message: string };
  /** Why it must not run here, not even by a person's word; left out: it may. */
  readonly barred?: string | undefined;
}

export interface DdlPart {
  readonly sql: string;
  /** As if the source had done it to the table itself. */
  readonly record: DdlRecord;
}

/** Of a person. */
export interface DdlDecision {
  readonly answer: DdlAnswer;
  readonly by: string;
  readonly reason: string;
}

/** narrower: a column that it defines anew does not only become wider · key: a key goes with what it drops */
export interface Misfit {
  readonly what: 'narrower' | 'key';
  readonly why: string;
}

export interface DdlTarget {
  /** An open intent is decided here where its witness says; what stays `open` has no witness. */
  look(record: DdlRecord): Promise<DdlState>;
  /**
   * In the names of the target, and taken by its PREPARE. `nothing`: none of its tables is this pipeline's; `shadows`: it is a step of an
   * online tool, and nothing is done here.
   */
  plan(record: DdlRecord): Promise<DdlPlan | DdlRefusal | 'nothing' | 'shadows'>;
  /** All clauses are there already, or the table is (CREATE), or is gone (DROP): there is nothing to do. */
  isMet(record: DdlRecord, plan: DdlPlan): Promise<boolean>;
  /** Why rows of before would not fit what a compatible statement makes of the table that is here; null: they do. */
  misfits(record: DdlRecord, plan: DdlPlan): Promise<Misfit | null>;
  /** Intent, statement, done. Behind the barrier: nothing of what came before is under way. Null: it ran; the checkpoint is behind it. */
  run(record: DdlRecord, plan: DdlPlan, at: DdlAt): Promise<DdlRefusal | null>;
  /**
   * What the target has of tables that enter is put aside, and nothing of them is applied before their seed begins. May be asked for once
   * more, after whatever became of it. Null: it is so; the checkpoint is behind it.
   */
  seed(record: DdlRecord, at: DdlAt): Promise<DdlRefusal | null>;
  /** It does not run, or need not: its row in lutra.ddl, and the checkpoint behind it. */
  conclude(record: DdlRecord, state: DdlConclusion, at: DdlAt): Promise<void>;
}

/** shadow: a step of an online tool, kept */
export type DdlConclusion = 'done' | 'skipped' | 'shadow';

export interface DdlAt {
  readonly position: RecordPosition;
  /** Null: it is done by itself. */
  readonly decision: DdlDecision | null;
  /** It is the target's own from here on: what its capture publishes. Left out: it is a copy. */
  readonly own?: Pick<DdlRecord, 'origin' | 'path'> | null;
}

export function isRefusal(of: DdlPlan | DdlRefusal): of is DdlRefusal {
  return 'reason' in of;
}
