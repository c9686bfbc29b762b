import { acceptOption, reasonOf, reasonOption, requireConsent } from '../consent.js';
import { suspendedTables, tableArguments } from '../table-suspension.js';
import type { Verb } from '../verb.js';

export const verb: Verb = {
  name: 'suspend',
  summary: 'suspend tables in a pipeline: nothing of them is applied any more',
  details: 'With what foreign keys of the target tie to them. They come back by a seed: lutra resume.',
  args: tableArguments,
  options: [reasonOption, acceptOption],
  examples: [['lutra suspend orders to-ca shop.orders --reason "a script is fixing its rows"', 'asks, and says who suspends what']],
  async run(run) {
    const { path, tables } = suspendedTables(run);
    const reason = await reasonOf(run);
    await requireConsent(
      run,
      `Suspend ${tables.join(', ')} in ${path.channel}.${path.pipeline}? They are copied anew when they come back.`,
    );
    const answer = await run.client.call('POST /api/v1/channels/{channel}/pipelines/{pipeline}/tables/suspend', {
      path,
      body: { tables, reason },
    });
    run.out.answer(answer, () => run.out.line('lutra status shows them once the pipeline has come between two transactions'));
  },
};
