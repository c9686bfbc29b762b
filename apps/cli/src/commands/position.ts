import type { PipelinePosition } from '@lutra/client';
import { count, time } from '../output/format.js';
import type { Output } from '../output/output.js';
import type { Verb } from '../verb.js';

export const verb: Verb = {
  name: 'position',
  summary: 'where pipelines stand: the checkpoint, the topic, what is captured',
  args: [
    { syntax: '<channel>', what: 'its name', named: 'channel' },
    { syntax: '[pipeline]', what: 'all if left out', named: 'pipeline' },
  ],
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

export function showPosition(out: Output, { pipeline, uid, checkpoint, topic, captured, recordsBehind, skip }: PipelinePosition): void {
  out.toned(out.tone(pipeline, 'strong'));
  const lines: readonly (readonly [string, string])[] = [
    ['uid', uid],
    [
      'applied',
      checkpoint ? `seq ${checkpoint.seq} of log ${checkpoint.log}, committed ${time(checkpoint.sourceUs / 1000)}` : 'nothing yet',
    ],
    ['gtid', checkpoint?.gtid ?? '-'],
    ...(checkpoint && checkpoint.replayUntil >= 0 ? [['replays', `in safe mode up to seq ${checkpoint.replayUntil}`] as const] : []),
    ['topic', topic ? `${topic.name}, offsets ${topic.start} to ${topic.end}` : 'none yet'],
    ['captured', captured ? `seq ${captured.seq}, ${captured.position.file}:${captured.position.pos}` : 'nothing yet'],
    ['behind', recordsBehind === null ? 'unknown' : `${count(recordsBehind)} records`],
    ...(skip ? [['skips', `seq ${skip.seq}: ${skip.reason}`] as const] : []),
  ];
  for (const [title, text] of lines) out.line(`  ${title.padEnd(9)}${text}`);
}
