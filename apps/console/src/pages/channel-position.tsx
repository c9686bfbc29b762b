/** Where each pipeline stands, and the ways to set it elsewhere: each shows first what it would do. */
import { useState } from 'react';
import { call, useRead, write } from '../api/client.js';
import { Act } from '../parts/act.js';
import { CheckField, SelectField, TextField } from '../parts/field.js';
import { Loaded, Section } from '../parts/page.js';
import { Problems } from '../parts/problems.js';
import { Facts } from '../parts/table.js';
import { useWords } from '../text/context.js';
import type { OfChannel, Pipeline } from './channel.js';
import { lookAhead } from './channel-actions.js';
import { PositionText } from './channel-flow.js';

interface OfPipeline {
  readonly channel: string;
  readonly pipeline: Pipeline;
}

export function ChannelPosition({ channel }: OfChannel) {
  return (
    <>
      {channel.pipelines.map((pipeline) => (
        <PipelinePosition key={pipeline.name} channel={channel.name} pipeline={pipeline} />
      ))}
    </>
  );
}

function PipelinePosition({ channel, pipeline }: OfPipeline) {
  const { t, format } = useWords();
  const words = t.channel.position;
  const path = { channel, pipeline: pipeline.name };
  const position = useRead('GET /api/v1/channels/{channel}/pipelines/{pipeline}/position', { path }, { everyMs: 5_000 });
  const of = { channel, pipeline };
  const actions = (
    <>
      <Skip {...of} />
      <Rewind {...of} />
      <Restart {...of} />
    </>
  );
  return (
    <Section title={pipeline.name} actions={actions}>
      <Loaded from={position}>
        {({ checkpoint, captured, topic, recordsBehind }) => (
          <Facts
            rows={[
              [
                words.checkpoint,
                checkpoint ? `seq ${format.count(checkpoint.seq)}, ${format.time(checkpoint.sourceUs / 1000)}` : words.noCheckpoint,
              ],
              ['GTID', checkpoint?.gtid ?? t.common.unknown],
              [words.captured, <PositionText key="captured" position={captured?.position ?? null} />],
              [words.topic, topic ? `${topic.name} (${format.count(topic.start)}–${format.count(topic.end)})` : t.common.none],
              [words.behind, recordsBehind === null ? t.common.unknown : format.count(recordsBehind)],
            ]}
          />
        )}
      </Loaded>
    </Section>
  );
}

/** Of what the pipeline stopped at: its error says the seq. */
function Skip({ channel, pipeline }: OfPipeline) {
  const { t } = useWords();
  const words = t.channel.position;
  const seq = pipeline.state === 'failed' ? pipeline.lastError?.details['seq'] : undefined;
  const at = typeof seq === 'number' ? seq : null;
  return (
    <Act
      name={words.skip}
      right="channel.recover"
      danger
      needsReason
      refusal={at === null ? words.noSkip : null}
      about={<p>{words.skipAbout(String(at))}</p>}
      onDo={(reason) =>
        write('POST /api/v1/channels/{channel}/pipelines/{pipeline}/skip', {
          path: { channel, pipeline: pipeline.name },
          body: { seq: at ?? -1, reason },
        })
      }
    />
  );
}

function Rewind({ channel, pipeline }: OfPipeline) {
  const { t, format } = useWords();
  const words = t.channel.position;
  const [minutes, setMinutes] = useState('10');
  const [time, setTime] = useState('');
  const key = 'POST /api/v1/channels/{channel}/pipelines/{pipeline}/rewind';
  const path = { channel, pipeline: pipeline.name };
  const look = async (reason: string): Promise<React.ReactNode> => {
    const to = new Date(Date.now() - Math.max(0, Number(minutes) || 0) * 60_000).toISOString();
    const found = await call(key, { path, query: { dryRun: true }, body: { to: { time: to }, reason } });
    setTime(to);
    if (!('dryRun' in found)) return null;
    return (
      <>
        <p>{found.consequence}</p>
        <p>{words.effect(format.count(found.records), format.count(found.transactions))}</p>
        <Problems problems={found.problems} />
      </>
    );
  };
  return (
    <Act
      name={words.rewind}
      right="channel.recover"
      danger
      needsReason
      refusal={pipeline.desired === 'stopped' ? null : words.onlyStopped}
      about={
        <div className="stack">
          <p>{words.rewindAbout}</p>
          <TextField label={words.rewindTo} type="number" value={minutes} onChange={setMinutes} />
        </div>
      }
      look={look}
      onDo={(reason) => write(key, { path, body: { to: { time }, reason } })}
    />
  );
}

function Restart({ channel, pipeline }: OfPipeline) {
  const { t } = useWords();
  const words = t.channel.position;
  const [at, setAt] = useState<'start' | 'end'>('end');
  const [verifies, setVerifies] = useState(true);
  const key = 'POST /api/v1/channels/{channel}/pipelines/{pipeline}/restart';
  const path = { channel, pipeline: pipeline.name };
  // oxlint-disable-next-line unicorn/no-thenable -- a text is no function
  const bodyOf = (reason: string) => ({ at, reason, ...(verifies && { then: 'verify-and-repair' as const }) });
  return (
    <Act
      name={words.restart}
      right="channel.recover"
      danger
      needsReason
      refusal={pipeline.desired === 'stopped' ? null : words.onlyStopped}
      about={
        <div className="stack">
          <p>{words.restartAbout}</p>
          <SelectField
            label={words.restartAt}
            value={at}
            onChange={(value) => setAt(value === 'start' ? 'start' : 'end')}
            options={[
              ['end', words.end],
              ['start', words.start],
            ]}
          />
          <CheckField label={words.thenVerify} value={verifies} onChange={setVerifies} />
        </div>
      }
      look={(reason) => lookAhead(call(key, { path, body: bodyOf(reason) }))}
      onDo={(reason) => write(key, { path, body: { ...bodyOf(reason), accept: true } })}
    />
  );
}
