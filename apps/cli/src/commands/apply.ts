import { applyOptions, applyPlan } from '../applying.js';
import { documentOf, documentOptions } from '../plan-view.js';
import { planned } from '../planning.js';
import type { Verb } from '../verb.js';

export const verb: Verb = {
  name: 'apply',
  summary: 'make the configuration what a lutra.yaml says',
  details:
    'Shows the plan and asks, on a terminal. A script gives the hash of the plan that somebody has seen. What is not in the document stays, unless --prune.',
  options: [...documentOptions, ...applyOptions],
  examples: [
    ['lutra apply -f lutra.yaml --reason "orders to california"', 'shows the plan, asks, applies'],
    ['lutra apply -f lutra.yaml --hash "$(lutra plan -f lutra.yaml --json | jq -r .hash)"', 'in a script that trusts its document'],
  ],
  async run(run) {
    const body = await documentOf(run);
    const plan = await planned(run, () => run.client.call('POST /api/v1/plan', { body }));
    return applyPlan(run, plan, body);
  },
};
