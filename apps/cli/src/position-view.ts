/** Where a pipeline stands, for people. */
import type { PipelinePosition } from '@lutra/client';
import { count, time } from './output/format.js';
import type { Output } from './output/output.js';

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
