/** What a step is in SQL, there and back. Pure. A password stands in no text that is shown, hashed or stored. */
import type { Account, PreparedStep } from '@lutra/model';
import { quoteText } from '../literal.js';
import { lutraTables } from './lutra-tables.js';

export interface StepContext {
  readonly account: Account;
  readonly ssl: boolean;
  /** false: the user and its rights stay out of the binlog. */
  readonly binlog: boolean;
}

/** Stands for the password. */
export const hidden = "'…'";

export function accountText({ user, host }: Account): string {
  return `${quoteText(user)}@${quoteText(host)}`;
}

export function stepId(step: PreparedStep): string {
  switch (step.kind) {
    case 'database':
    case 'user':
      return step.kind;
    case 'table':
      return `table ${step.table}`;
    case 'grant':
      return `grant ${step.object}`;
    case 'setting':
      return `setting ${step.variable}`;
  }
}

/** @param password As a literal. */
export function doing(step: PreparedStep, { account, ssl }: StepContext, password = hidden): readonly string[] {
  switch (step.kind) {
    case 'database':
      return [lutraTables().database];
    case 'table':
      return lutraTables().tables.get(step.table) ?? [];
    case 'user':
      return [`CREATE USER IF NOT EXISTS ${accountText(account)} IDENTIFIED BY ${password}${ssl ? ' REQUIRE SSL' : ''}`];
    case 'grant':
      return [`GRANT ${step.privileges.join(', ')} ON ${step.object} TO ${accountText(account)}`];
    case 'setting':
      return [`SET PERSIST ${step.variable} = ${valueText(step.value)}`];
  }
}

export function undoing(step: PreparedStep, { account }: StepContext): readonly string[] {
  switch (step.kind) {
    case 'database':
      return ['DROP DATABASE IF EXISTS lutra'];
    case 'table':
      return [`DROP TABLE IF EXISTS lutra.${step.table}`];
    case 'user':
      return [`DROP USER IF EXISTS ${accountText(account)}`];
    case 'grant':
      return [`REVOKE ${step.privileges.join(', ')} ON ${step.object} FROM ${accountText(account)}`];
    case 'setting': {
      const { variable, was, persisted } = step;
      const kept = persisted === null ? `RESET PERSIST IF EXISTS ${variable}` : `SET PERSIST_ONLY ${variable} = ${valueText(persisted)}`;
      return [`SET GLOBAL ${variable} = ${valueText(was)}`, kept];
    }
  }
}

export function isOfUser({ kind }: PreparedStep): boolean {
  return kind === 'user' || kind === 'grant';
}

function valueText(value: string): string {
  return /^\d+$/.test(value) ? value : quoteText(value);
}

/** What was done before and what is missing now, as one list: who goes on after an interruption sees what was shown at the beginning. */
export function merged(done: readonly PreparedStep[], missing: readonly PreparedStep[]): readonly PreparedStep[] {
  const steps = new Map(done.map((step) => [stepId(step), step]));
  for (const step of missing) {
    const known = steps.get(stepId(step));
    if (known?.kind === 'grant' && step.kind === 'grant')
      steps.set(stepId(step), { ...known, privileges: [...new Set([...known.privileges, ...step.privileges])] });
    else if (known?.kind === 'setting' && step.kind === 'setting') steps.set(stepId(step), { ...known, value: step.value });
    else if (!known) steps.set(stepId(step), step);
  }
  return [...steps.values()].toSorted((one, other) => order.indexOf(one.kind) - order.indexOf(other.kind));
}

const order: readonly PreparedStep['kind'][] = ['setting', 'database', 'table', 'user', 'grant'];
