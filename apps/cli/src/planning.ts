/** A plan that was asked for. A document that cannot be read as one is told by line and column, as the problems of a plan are. */
import { ApiError } from '@lutra/client';
import { CliError, exitCodes } from './exit-codes.js';
import { lineOf } from './plan-view.js';
import type { Plan } from './plan-view.js';
import { showProblems } from './output/problems.js';
import type { Run } from './verb.js';

/** @throws CliError checksFailed */
export async function planned(run: Run, ask: () => Promise<Plan>): Promise<Plan> {
  try {
    return await ask();
  } catch (error) {
    const problems = error instanceof ApiError && error.code === 'CONFIG_INVALID' ? error.details['problems'] : undefined;
    if (!Array.isArray(problems) || run.out.isJson) throw error;
    const found = problems as Plan['problems'];
    showProblems(
      run.out,
      found.map((problem) => ({ ...problem, what: `${lineOf(problem)}${problem.pointer ? `${problem.pointer}: ` : ''}${problem.what}` })),
    );
    throw new CliError(exitCodes.checksFailed, 'the document cannot be taken');
  }
}
