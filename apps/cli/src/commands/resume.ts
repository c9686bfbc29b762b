import { reasonOf, reasonOption } from '../consent.js';
import { showProblems } from '../output/problems.js';
import { suspendedTables, tableArguments } from '../table-suspension.js';
import type { Verb } from '../verb.js';

export const verb: Verb = {
  name: 'resume',
  summary: 'bring tables back that a person has suspended in a pipeline',
  details: 'They are seeded, compared and repaired; lutra seed show says how far that is.',
  args: tableArguments,
  options: [reasonOption],
  examples: [['lutra resume orders to-ca shop.orders --reason "its rows are fixed"', 'orders the seed']],
  async run(run) {
    const { path, tables } = suspendedTables(run);
    const body = { tables, reason: await reasonOf(run) };
    const answer = await run.client.call('POST /api/v1/channels/{channel}/pipelines/{pipeline}/tables/resume', { path, body });
    run.out.answer(answer, () => {
      showProblems(run.out, answer.problems);
      if (answer.seed !== null) run.out.line(`seed ${answer.seed} brings them back; verification ${answer.verification ?? '-'} follows`);
    });
  },
};
