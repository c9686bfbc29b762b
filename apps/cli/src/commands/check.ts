import { exitCodes } from '../exit-codes.js';
import { showProblems } from '../output/problems.js';
import { jsonOf } from '../output/text.js';
import type { Verb } from '../verb.js';

export const verb: Verb = {
  name: 'check',
  summary: 'check the database servers for the channels that use them',
  details: 'It only reads. The exit code is 3 if a server has a problem that refuses a start; warnings do not count.',
  args: [{ syntax: '[endpoint...]', what: 'all if left out', named: 'endpoint' }],
  examples: [['lutra check orders-hz', 'what is wrong with one server, and the statement that fixes it']],
  async run({ args, client, out }) {
    const names = args.length > 0 ? args : (await client.call('GET /api/v1/endpoints')).map(({ name }) => name);
    const results: Record<string, unknown> = {};
    let good = true;
    for (const name of names) {
      const result = await client.call('POST /api/v1/endpoints/{name}/check', { path: { name } });
      results[name] = result;
      good &&= result.ok;
      if (out.isJson) continue;
      out.toned(result.ok ? out.tone(`✓ ${name}`, 'good') : out.tone(`✗ ${name}`, 'bad'));
      showProblems(out, result.problems);
    }
    if (out.isJson) out.raw(`${jsonOf(args.length === 1 ? results[args[0] ?? ''] : results, 2)}\n`);
    return good ? exitCodes.ok : exitCodes.checksFailed;
  },
};
