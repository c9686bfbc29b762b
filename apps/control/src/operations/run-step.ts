/** One look at an operation: what its step says, and what becomes of the operation by it. Pure but for what the steps reach. */
import { toSyncError } from '@lutra/model';
import type { OperationDocument, OperationStep } from '@lutra/model';
import { barrierBack, barrierOn } from './barrier-step.js';
import { check } from './check-step.js';
import { fence, open, prepared } from './fence-step.js';
import { confirmed, counts, home, pause } from './other-steps.js';
import type { Step, StepContext, StepResult } from './step-context.js';
import { nextStep } from './steps.js';

const steps: Readonly<Record<OperationStep, Step>> = {
  check,
  confirm: confirmed('confirm', (from, to) => `clients are to write at ${to} instead of ${from}`),
  pause,
  fence,
  prepared,
  'barrier-back': barrierBack,
  barrier: barrierOn,
  counts,
  home,
  'confirm-open': confirmed('confirm-open', (from, to) => `${to} is to take writes; until then an abort opens ${from} again`),
  open,
};

/** The operation after one look. The same object: nothing has changed. */
export async function afterStep(context: StepContext): Promise<OperationDocument> {
  const { operation, io } = context;
  const result = await steps[operation.step](context).catch((error: unknown): StepResult => ({
    kind: 'waits',
    what: toSyncError(error).message,
    fix: null,
  }));
  if (result.kind === 'back') return closedAnew(operation, result.what, io.now());
  const facts = result.kind === 'waits' ? operation.facts : { ...operation.facts, ...result.facts };
  if (result.kind === 'facts') return { ...operation, facts };
  if (result.kind === 'waits') return waiting(operation, result, io.now());
  const next = nextStep(operation.kind, operation.step);
  const carried = {
    ...operation,
    facts,
    waitsFor: null,
    steps: [...operation.steps, { step: operation.step, what: result.what, at: io.now() }],
  };
  return next ? { ...carried, step: next } : { ...carried, state: 'done', endedAt: io.now() };
}

/** What was proven for the time before is asked again, and a person too. */
function closedAnew(operation: OperationDocument, what: string, at: number): OperationDocument {
  const { barriers: _, applied: __, position: ___, counts: ____, ...facts } = operation.facts;
  const fences = Object.fromEntries(Object.entries(facts.fences).map(([endpoint, { started: _____, ...fence }]) => [endpoint, fence]));
  const steps = [...operation.steps, { step: operation.step, what: `${what}: all is done again from its fence on`, at }];
  const confirmed = operation.confirmed.filter((step) => step !== 'confirm-open');
  return { ...operation, step: 'fence', steps, confirmed, facts: { ...facts, fences }, waitsFor: null };
}

function waiting(operation: OperationDocument, { what, fix }: Extract<StepResult, { kind: 'waits' }>, now: number): OperationDocument {
  const { waitsFor } = operation;
  if (waitsFor?.what === what && waitsFor.fix === fix) return operation;
  // Progress within one step keeps its begin.
  return { ...operation, waitsFor: { what: what.slice(0, 4000), fix, since: waitsFor?.since ?? now } };
}

/** Takes back what was done, in reverse. Null: nothing is left to take back. */
export async function afterAbort({ operation, channel, io }: StepContext): Promise<OperationDocument> {
  const { facts } = operation;
  try {
    if (facts.home !== undefined && channel.conflicts.home !== (facts.home ?? undefined)) await io.setHome(facts.home ?? undefined);
    if (facts.paused) await io.setPaused(facts.paused, false);
    for (const asked of Object.values(facts.barriers ?? {})) await io.withdraw(asked.id);
    for (const [endpoint, before] of Object.entries(facts.fences)) {
      const look = before.byUs && !before.readOnly ? await io.look(endpoint) : null;
      if (look?.readOnly && !(await io.setReadOnly(endpoint, false)))
        return waiting(
          operation,
          { kind: 'waits', what: `${endpoint} is read only still`, fix: `as an administrator at ${endpoint}: SET PERSIST read_only = OFF` },
          io.now(),
        );
    }
  } catch (error) {
    return waiting(operation, { kind: 'waits', what: toSyncError(error).message, fix: null }, io.now());
  }
  return { ...operation, state: 'aborted', waitsFor: null, endedAt: io.now() };
}
