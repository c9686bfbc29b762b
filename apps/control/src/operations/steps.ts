/** Which steps an operation has, in their order. */
import type { OperationKind, OperationStep } from '@lutra/model';

const moving: readonly OperationStep[] = [
  'check',
  'confirm',
  'fence',
  'prepared',
  'barrier-back',
  'barrier',
  'counts',
  'home',
  'confirm-open',
  'open',
];

export const stepsOf: Readonly<Record<OperationKind, readonly OperationStep[]>> = {
  drain: ['check', 'fence', 'prepared', 'barrier-back', 'barrier', 'counts'],
  'switch-over': moving,
  'fail-back': moving,
  failover: ['check', 'confirm', 'pause', 'home', 'confirm-open', 'open'],
};

/** The step behind this one; null: it is the last. */
export function nextStep(kind: OperationKind, step: OperationStep): OperationStep | null {
  const steps = stepsOf[kind];
  return steps[steps.indexOf(step) + 1] ?? null;
}

/** From `open` on clients may have written at the new place, so nothing is taken back any more. */
export function mayAbort(step: OperationStep): boolean {
  return step !== 'open';
}
