/**
 * A schema change of the log, behind the barrier: all that came before it is committed at the target. It is carried out, or passed, or its
 * pipeline holds at it, until a person answers, the configuration says something else, or the target shows what it does already. Nothing
 * behind it is applied before. What came before is asked first (lutra.ddl): a record may come twice, and a loader may have ended at it.
 *
 * An order to `run` is taken away before it is carried out. Counter-example for behind it: the statement runs, the loader is killed, and
 * nothing says whether it ran. The order, which answered another question, would run it once more. docs/decisions/0034-ddl.md.
 */
import type { DdlRecord } from '@lutra/model';
import type { RecordPosition } from '../read/log-reader.js';
import { isRefusal } from './carry-out.js';
import type { DdlAt, DdlDecision, DdlPlan, DdlRefusal, DdlState, DdlTarget } from './carry-out.js';
import type { Concern } from './concern.js';
import { notHomeText, policyText, undecidedText, unknownText } from './hold.js';
import type { Held } from './hold.js';
import { misfitText, recipeOf } from './recipe.js';
import type { DdlRule } from './rule.js';

export interface Came {
  readonly record: DdlRecord;
  readonly position: RecordPosition;
}

/** passed: nothing was written · behind: the checkpoint at the target is behind it, and the target's tables may be others */
export type Outcome = 'passed' | 'behind';

export type Phase = 'applied' | 'done' | 'skipped' | 'ignored' | 'seeded';

export interface DdlPorts {
  /** Of now: an edit that is taken makes others. */
  target(): DdlTarget;
  concernOf(record: DdlRecord): Concern;
  ruleOf(record: DdlRecord): DdlRule;
  /** Of a statement that a person runs where its tables are at home. @throws SyncError CAPTURE_BEHIND, CONFLICT_HISTORY_LOST, KAFKA_* */
  ownOf(record: DdlRecord): Promise<Own>;
  /** Of a person, about this record; null: there is none, or nobody can say. */
  order(at: RecordPosition): Promise<DdlDecision | null>;
  removeOrder(at: RecordPosition): Promise<void>;
  /** The two sides may differ from here on: kept until a person confirms it. */
  omitted(came: Came, kind: 'ddl' | 'skip'): Promise<void>;
  tell(came: Came, phase: Phase): void;
  /** It holds, or holds for another reason. */
  holds(came: Came, held: Held): Promise<void>;
  /** Takes an edit that is due. True: there was one. */
  edited(): Promise<boolean>;
  /** So long, or until another configuration is offered. @throws SyncError ABORTED */
  wait(ms: number): Promise<void>;
}

type Decided = Outcome | Held;
type Own = NonNullable<DdlAt['own']>;

export interface DdlTimes {
  /** Between two looks at what a person says. */
  readonly pollMs: number;
  /** Between two looks at what the target shows. */
  readonly metMs: number;
}

const defaultTimes: DdlTimes = { pollMs: 1_000, metMs: 5_000 };

export class DdlStage {
  readonly #ports: DdlPorts;
  readonly #times: DdlTimes;

  constructor(ports: DdlPorts, times: DdlTimes = defaultTimes) {
    this.#ports = ports;
    this.#times = times;
  }

  /** @param ahead a person has said it before. @throws SyncError ABORTED, TARGET_*, FENCED */
  async come(came: Came, ahead: DdlDecision | null): Promise<Outcome> {
    let decided = ahead ? await this.#answered(came, ahead) : await this.#decide(came, null);
    while (typeof decided !== 'string') {
      await this.#ports.holds(came, decided);
      decided = await this.#next(came, decided);
    }
    return decided;
  }

  async #decide(came: Came, decision: DdlDecision | null, own: Own | null = null): Promise<Decided> {
    const { target, concernOf, ruleOf, omitted, tell } = this.#ports;
    const { record } = came;
    const concern = concernOf(record);
    if (concern === 'none') return 'passed';
    const state = await target().look(record);
    if (state === 'done' || state === 'skipped') return 'passed';
    if (concern === 'shadows') return this.#keep(came);
    if (decision?.answer === 'seed') return this.#seed(came, decision);
    if (decision && decision.answer !== 'run') return this.#conclude(came, decision.answer === 'done' ? 'done' : 'skipped', decision);
    const rule = ruleOf(record);
    if (state === 'open' || rule.does !== 'ignore' || decision) return this.#planned(came, { state, rule, concern, decision, own });
    await omitted(came, 'ddl');
    tell(came, 'ignored');
    return 'passed';
  }

  async #planned(came: Came, { state, concern, ...known }: Known): Promise<Decided> {
    const { record } = came;
    const { rule, decision } = known;
    const target = this.#ports.target();
    const plan = concern === 'unknown' ? unknown(record) : await target.plan(record);
    if (plan === 'nothing') return 'passed';
    if (plan === 'shadows') return this.#keep(came);
    const isOpen = state === 'open';
    if (isRefusal(plan)) {
      if (await this.#shows(record, plan)) return this.#conclude(came, 'done', null);
      if (plan.isLeft && rule.does === 'apply' && !isOpen) return this.#conclude(came, 'skipped', null);
      return isOpen
        ? { reason: 'undecided', message: `${undecidedText} ${plan.message}`, plan: null, rule }
        : { ...told(plan), plan: null, rule };
    }
    if (decision && plan.barred === undefined) return this.#run(came, plan, known);
    if (await target.isMet(record, plan)) return this.#conclude(came, 'done', null);
    if (isOpen) return { reason: 'undecided', message: undecidedText, plan, rule };
    if (plan.held) return { ...plan.held, plan, rule };
    return (await this.#hindrance(record, plan, rule)) ?? this.#run(came, plan, known);
  }

  /** Why it is not carried out by itself; null: it is. */
  async #hindrance(record: DdlRecord, plan: DdlPlan, rule: DdlRule): Promise<Held | null> {
    const { does, bothWays, elsewhere } = rule;
    const held = (reason: 'policy' | 'not-home', ...texts: readonly (string | undefined)[]): Held => {
      const message = texts.filter((text) => text !== undefined).join(' ');
      return { reason, message, plan, rule };
    };
    const recipe = bothWays && !record.compatible ? recipeOf(record) : undefined;
    if (elsewhere) return held('not-home', notHomeText(elsewhere), recipe, plan.barred);
    if (does !== 'apply') return held('policy', policyText(record), recipe, plan.barred);
    if (recipe !== undefined || plan.barred !== undefined) return held('policy', recipe, plan.barred);
    const misfit = bothWays ? await this.#ports.target().misfits(record, plan) : null;
    return misfit && held('policy', misfitText(misfit));
  }

  async #run(came: Came, plan: DdlPlan, { rule, decision, own }: Pick<Known, 'rule' | 'decision' | 'own'>): Promise<Decided> {
    const { record, position } = came;
    const refusal = await this.#ports.target().run(record, plan, { position, decision, own });
    if (refusal) return { reason: refusal.reason, message: refusal.message, plan, rule, ways: refusal.ways };
    this.#ports.tell(came, 'applied');
    return 'behind';
  }

  async #seed(came: Came, decision: DdlDecision): Promise<Decided> {
    const { target, ruleOf, tell } = this.#ports;
    const { record, position } = came;
    const refusal = await target().seed(record, { position, decision });
    if (refusal) return { ...told(refusal), plan: null, rule: ruleOf(record), isAnswered: true };
    tell(came, 'seeded');
    return 'behind';
  }

  /** Also what cannot run here, for want of a right or of a word, may have been done. */
  async #shows(record: DdlRecord, { here }: DdlRefusal): Promise<boolean> {
    return here !== undefined && this.#ports.target().isMet(record, here);
  }

  /** For the rename that puts the shadow in the place of its table. */
  async #keep({ record, position }: Came): Promise<Decided> {
    await this.#ports.target().conclude(record, 'shadow', { position, decision: null });
    return 'behind';
  }

  async #conclude(came: Came, state: 'done' | 'skipped', decision: DdlDecision | null): Promise<Decided> {
    const { target, omitted, tell } = this.#ports;
    if (state === 'skipped') await omitted(came, 'skip');
    await target().conclude(came.record, state, { position: came.position, decision });
    tell(came, state);
    return 'behind';
  }

  /** Until something else is to be said of it. */
  async #next(came: Came, held: Held): Promise<Decided> {
    const { wait, edited, ruleOf, order } = this.#ports;
    const { pollMs, metMs } = this.#times;
    for (let lookedAt = performance.now(); ;) {
      await wait(pollMs);
      if ((await edited()) || !isSameRule(ruleOf(came.record), held.rule)) return this.#decide(came, null);
      const decision = await order(came.position);
      if (decision) return this.#answered(came, decision);
      if (performance.now() - lookedAt < metMs) continue;
      lookedAt = performance.now();
      const now = await this.#look(came, held);
      if (typeof now === 'string' || !isSame(now, held)) return now;
    }
  }

  async #answered(came: Came, decision: DdlDecision): Promise<Decided> {
    const { removeOrder, ruleOf, ownOf } = this.#ports;
    const isRun = decision.answer === 'run';
    const own = isRun && ruleOf(came.record).elsewhere?.isHere === true ? await ownOf(came.record) : null;
    if (isRun) await removeOrder(came.position);
    const decided = await this.#decide(came, decision, own);
    if (!isRun) await removeOrder(came.position);
    return decided;
  }

  /** Somebody may have changed the target. What it refused is decided anew once it takes it; what failed there is not tried by itself. */
  async #look(came: Came, held: Held): Promise<Decided> {
    const { target, concernOf } = this.#ports;
    const { record } = came;
    if (concernOf(record) === 'unknown' || held.isAnswered) return held;
    const plan = await target().plan(record);
    if (plan === 'nothing') return 'passed';
    if (plan === 'shadows') return this.#keep(came);
    if (isRefusal(plan)) {
      if (await this.#shows(record, plan)) return this.#conclude(came, 'done', null);
      return { ...held, ...(held.plan === null && held.reason !== 'undecided' ? told(plan) : { plan: null }) };
    }
    if (held.plan === null) return this.#decide(came, null);
    return (await target().isMet(record, plan)) ? this.#conclude(came, 'done', null) : { ...held, plan };
  }
}

interface Known {
  readonly state: DdlState;
  readonly rule: DdlRule;
  readonly concern: Concern;
  readonly decision: DdlDecision | null;
  readonly own: Own | null;
}

function unknown(record: DdlRecord): DdlRefusal {
  return { reason: 'unknown', message: unknownText(record) };
}

function told({ reason, message, ways, enters }: DdlRefusal): Pick<Held, 'reason' | 'message' | 'ways' | 'enters'> {
  return { reason, message, ways, enters };
}

function isSameRule(one: DdlRule, other: DdlRule): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function isSame(one: Held, other: Held): boolean {
  return (
    one.reason === other.reason &&
    one.message === other.message &&
    one.plan?.sql === other.plan?.sql &&
    one.plan?.barred === other.plan?.barred
  );
}
