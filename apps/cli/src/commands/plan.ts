import { documentOf, documentOptions, exitOf, showPlan } from '../plan-view.js';
import { planned } from '../planning.js';
import type { Verb } from '../verb.js';

export const verb: Verb = {
  name: 'plan',
  summary: 'what a lutra.yaml would change, and what that does to what runs',
  details: 'Writes nothing. Exit code 8: it would change something; 3: something is in its way.',
  options: documentOptions,
  examples: [['lutra plan -f lutra.yaml', 'shows changes, consequences and problems, with line and column']],
  async run(run) {
    const body = await documentOf(run);
    const plan = await planned(run, () => run.client.call('POST /api/v1/plan', { body }));
    run.out.answer(plan, () => showPlan(run.out, plan));
    return exitOf(plan);
  },
};
