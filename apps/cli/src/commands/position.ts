import type { PipelinePosition } from '@lutra/client';
import { channelArgument } from '../pipelines.js';
import { showPosition } from '../position-view.js';
import type { Verb } from '../verb.js';

export const verb: Verb = {
  name: 'position',
  summary: 'where pipelines stand: the checkpoint, the topic, what is captured',
  args: [channelArgument, { syntax: '[pipeline]', what: 'all if left out', named: 'pipeline' }],
  async run({ args: [channel = '', pipeline], client, out }) {
    const names =
      pipeline === undefined
        ? (await client.call('GET /api/v1/channels/{name}', { path: { name: channel } })).pipelines.map(({ name }) => name)
        : [pipeline];
    const answers: PipelinePosition[] = [];
    for (const name of names)
      answers.push(
        await client.call('GET /api/v1/channels/{channel}/pipelines/{pipeline}/position', { path: { channel, pipeline: name } }),
      );
    out.answer(pipeline === undefined ? answers : answers[0], () => answers.forEach((answer) => showPosition(out, answer)));
  },
};
