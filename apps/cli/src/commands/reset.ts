import { acceptOption, reasonOf, reasonOption, withConsent } from '../consent.js';
import { showProblems } from '../output/problems.js';
import { healOption, healing, startOf, startOptions } from '../source-start.js';
import type { Verb } from '../verb.js';

export const verb: Verb = {
  name: 'reset',
  summary: 'delete the log of an endpoint and begin a new one',
  details: 'For a topic that is damaged beyond use. All channels that read the endpoint must be stopped; every reader starts again.',
  args: [{ syntax: '<endpoint>', what: 'its name', named: 'endpoint' }],
  options: [...startOptions, healOption, reasonOption, acceptOption],
  examples: [['lutra reset orders-hz --now', 'says what it means, and asks']],
  async run(run) {
    const {
      args: [endpoint = ''],
      client,
      options,
      out,
    } = run;
    const start = startOf(options);
    const reason = await reasonOf(run);
    const send = (accept: boolean) =>
      client.call('POST /api/v1/endpoints/{endpoint}/reset', { path: { endpoint }, body: { start, reason, accept, ...healing(options) } });
    const answer = await withConsent(run, `Delete the log of ${endpoint}?`, send);
    out.answer(answer, () => {
      showProblems(out, answer.consequences);
      out.line(`the topic ${answer.topic} is gone: the next start of a channel makes a new log`);
    });
  },
};
