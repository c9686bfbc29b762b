/** What stands in the way, as a list: an operator fixes all of it in one go instead of meeting one error after the other. */
import { SyncError, errorTable } from '@lutra/model';
import type { ErrorCode } from '@lutra/model';
import type { Problem } from '@lutra/mysql';

export type { Problem };

/**
 * A refusal with its whole list. Its message leaves warnings out where there are errors: they are in nobody's way. Code CONFIG_INVALID: the
 * request itself is wrong; CONFIG_CONFLICT: it does not fit what is there.
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

/** Under which an error is in a list of problems. */
export function problemId(code: string): string {
  return code.toLowerCase().replaceAll('_', '-');
}

/** The server, or one that its tables are compared with, gave an error instead of an answer: its tables were not looked at. */
const unasked = new Set([
  ...(Object.keys(errorTable) as ErrorCode[]).filter((code) => /^(INTERNAL|(SOURCE|TARGET|SECRET|CONFIG)_.*)$/.test(code)).map(problemId),
  'source-not-compared',
]);

export function isUnasked({ id }: Problem): boolean {
  return unasked.has(id);
}

/** The errors of `found` that were not there before; that a server cannot be asked counts always. */
export function newProblems(known: readonly Problem[], found: readonly Problem[]): readonly Problem[] {
  const isKnown = ({ id, what }: Problem): boolean => known.some((old) => old.id === id && old.what === what);
  return errorsOf(found).filter((problem) => isUnasked(problem) || !isKnown(problem));
}
