/** What a check found. A check returns the whole list, so that an operator fixes all of it in one go. */
export interface Problem {
  /** Stable, kebab-case. */
  readonly id: string;
  readonly severity: 'error' | 'warning';
  readonly what: string;
  /** The statement, or the step, that fixes it. */
  readonly fix: string | null;
}

export function problem(severity: Problem['severity'], id: string, what: string, fix: string | null): Problem {
  return { id, severity, what, fix };
}
