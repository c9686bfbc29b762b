/** What a check found. A check returns the whole list, so that a person mends all of it in one go. */
export interface Problem {
  /** Stable, kebab-case. */
  readonly id: string;
  readonly severity: 'error' | 'warning';
  readonly what: string;
  /** The statement, or the step, that mends it. */
  readonly mend: string | null;
}

export function problem(severity: Problem['severity'], id: string, what: string, mend: string | null): Problem {
  return { id, severity, what, mend };
}
