import { acceptOption, reasonOf, reasonOption, requireConsent } from '../consent.js';
import { pipelineArguments } from '../pipelines.js';
import { showPosition } from '../position-view.js';
import type { Verb } from '../verb.js';

export const verb: Verb = {
  name: 'rewind',
  summary: 'apply a part of the log once more',
  details: 'For rows that were changed or lost at the target. Until the replay has finished, the target shows old versions of rows.',
  args: pipelineArguments,
  options: [
    {
      flags: '--seq <number>',
      what: 'everything behind it is applied again; -1: all that the topic holds',
      kind: 'number',
      required: true,
    },
    { flags: '--overwrite', what: 'also where other pipelines write the same tables: their changes since then are lost at the target' },
    reasonOption,
    acceptOption,
  ],
  examples: [['lutra rewind orders to-ca --seq 4711', 'asks for the reason, and asks']],
  async run(run) {
    const {
      args: [channel = '', pipeline = ''],
      client,
      options,
      out,
    } = run;
    const path = { channel, pipeline };
    const seq = options.number('seq') ?? 0;
    const reason = await reasonOf(run);
    await requireConsent(run, `Apply everything behind seq ${seq} once more at the target of ${channel}.${pipeline}?`);
    const body = { seq, reason, ...(options.flag('overwrite') ? { overwrite: true } : {}) };
    const answer = await client.call('POST /api/v1/channels/{channel}/pipelines/{pipeline}/rewind', { path, body });
    out.answer(answer, () => showPosition(out, answer));
  },
};
