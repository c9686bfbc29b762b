import { parseObject } from '../json-option.js';
import { reasonOption } from '../consent.js';
import { usageError } from '../exit-codes.js';
import { showProblems } from '../output/problems.js';
import { pipelineArguments } from '../pipelines.js';
import type { Verb } from '../verb.js';

export const verb: Verb = {
  name: 'resync',
  summary: 'send single rows again, as they are at the source',
  details: 'For whole tables: lutra seed start. For rows that differ: lutra verify, lutra repair.',
  args: [...pipelineArguments, { syntax: '<table>', what: 'schema.table at the source' }],
  options: [
    { flags: '--key <json>', what: 'primary key of a row: {"id": 7}; may be given several times', kind: 'list' },
    { flags: '--dry-run', what: 'only say what it would meet' },
    reasonOption,
  ],
  examples: [['lutra resync orders to-ca shop.orders --key \'{"id": 7}\'', 'one row']],
  async run({ args: [channel = '', pipeline = '', table = ''], client, options, out }) {
    const keys = options.list('key')?.map((text) => ({ table, key: parseObject(text, '--key') }));
    if (!keys) throw usageError('--key is needed');
    const reason = options.text('reason');
    const answer = await client.call('POST /api/v1/channels/{channel}/pipelines/{pipeline}/seed', {
      path: { channel, pipeline },
      query: { dryRun: options.flag('dryRun') },
      body: { keys, ...(reason === undefined ? {} : { reason }) },
    });
    out.answer(answer, () => {
      showProblems(out, answer.problems);
      out.line(
        answer.dryRun
          ? `${keys.length} rows would be sent again`
          : `${answer.entries} rows are to be sent again: entries of lutra.resync at the source`,
      );
    });
  },
};
