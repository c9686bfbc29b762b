/** What stands in the way, as a list: a person mends all of it in one go instead of meeting one error after the other. */
import { SyncError } from '@lutra/model';
import type { ErrorCode } from '@lutra/model';
import type { Problem } from '@lutra/mysql';

export type { Problem };

/**
 * A refusal with its whole list. Its message leaves warnings out where there are errors: they are in nobody's way. Code CONFIG_INVALID: the request
 * itself is wrong; CONFIG_CONFLICT: it does not fit what is there.
 */
export class RefusedError extends SyncError {
  readonly problems: readonly Problem[];

  constructor(code: Extract<ErrorCode, 'CONFIG_INVALID' | 'CONFIG_CONFLICT'>, what: string, problems: readonly Problem[]) {
    const errors = errorsOf(problems);
    super(code, `${what}: ${(errors.length > 0 ? errors : problems).map((problem) => problem.what).join('; ')}`);
    this.problems = problems;
  }
}

export function errorsOf<T extends Problem>(problems: readonly T[]): readonly T[] {
  return problems.filter((problem) => problem.severity === 'error');
}
