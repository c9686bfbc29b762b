import { acceptOption, reasonOf, reasonOption, withConsent } from '../consent.js';
import { usageError } from '../exit-codes.js';
import { showProblems } from '../output/problems.js';
import type { Verb } from '../verb.js';

export const verb: Verb = {
  name: 'follow',
  summary: 'go on with a standby of an endpoint that was promoted',
  details:
    'Lutra promotes nobody. The log goes on from its GTID set, so the standby must have all of it. The old server is a standby from then on.',
  args: [{ syntax: '<endpoint>', what: 'its name', named: 'endpoint' }],
  options: [{ flags: '--to <host:port>', what: 'one of its standbys', required: true }, reasonOption, acceptOption],
  examples: [['lutra follow orders-hz --to db2.hz:3306 --reason "db1 is gone"', 'checks the standby first']],
  async run(run) {
    const { args, client, options, out } = run;
    const [endpoint = ''] = args;
    const to = serverOf(options.text('to') ?? '');
    const reason = await reasonOf(run);
    const answer = await withConsent(run, `Let ${endpoint} follow to ${to.host}:${to.port}?`, (accept) =>
      client.call('POST /api/v1/endpoints/{endpoint}/follow', { path: { endpoint }, body: { to, reason, accept } }),
    );
    out.answer(answer, () => {
      out.line(`${answer.endpoint} is at ${answer.host}:${answer.port}`);
      showProblems(out, answer.consequences);
    });
  },
};

function serverOf(text: string): { readonly host: string; readonly port: number } {
  const [, host, port] = /^\[?([^\]]+?)\]?(?::(\d{1,5}))?$/.exec(text) ?? [];
  if (!host) throw usageError(`--to ${text}: host:port is needed`);
  return { host, port: Number(port ?? 3306) };
}
