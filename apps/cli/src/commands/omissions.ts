import { reasonOf, reasonOption } from '../consent.js';
import { time } from '../output/format.js';
import { channelArgument } from '../pipelines.js';
import type { Verb } from '../verb.js';

const show: Verb = {
  name: 'show',
  summary: 'what was not replicated, and nobody has confirmed',
  args: [channelArgument],
  async run({ args: [channel = ''], client, out }) {
    const { omissions } = await client.call('GET /api/v1/channels/{name}/status', { path: { name: channel } });
    out.answer(omissions, () => {
      if (omissions.count === 0) return out.line('nothing was left out');
      out.line(`${omissions.count}: ${omissions.summary ?? ''}`);
      for (const { at, of, what } of omissions.items) out.paragraph(`${time(at)}  ${of}: ${what}`, '  ');
    });
  },
};

const confirm: Verb = {
  name: 'confirm',
  summary: 'say that what was left out was dealt with',
  args: [channelArgument],
  options: [
    { flags: '--count <number>', what: 'how many were looked at: what came since is not confirmed unseen', kind: 'number', required: true },
    { flags: '--by <name>', what: 'who says so', required: true },
    reasonOption,
  ],
  examples: [
    ['lutra omissions confirm orders --count 3 --by ada --reason "applied by hand"', 'the three that lutra omissions show listed'],
  ],
  async run(run) {
    const {
      args: [channel = ''],
      client,
      options,
      out,
    } = run;
    const body = { count: options.number('count') ?? 0, by: options.text('by') ?? '', reason: await reasonOf(run) };
    const answer = await client.call('POST /api/v1/channels/{name}/omissions/confirm', { path: { name: channel }, body });
    out.answer(answer, () => out.line(answer.count === 0 ? 'all are confirmed' : `${answer.count} are left`));
  },
};

export const verb: Verb = { name: 'omissions', summary: 'what was not replicated: show, confirm', verbs: [show, confirm] };
