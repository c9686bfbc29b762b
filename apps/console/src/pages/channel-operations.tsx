/** Drain, switch-over, fail-back, failover: the steps, what the operation waits for, and the person's word where it asks. */
import { ApiError } from '@lutra/client';
import type { Answer } from '@lutra/client';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { call, write } from '../api/client.js';
import { Act } from '../parts/act.js';
import { SelectField } from '../parts/field.js';
import { Loaded, Section } from '../parts/page.js';
import { Table } from '../parts/table.js';
import { useWords } from '../text/context.js';
import type { OfChannel } from './channel.js';

type Operation = Answer<'GET /api/v1/channels/{channel}/operation'>;
type Kind = Operation['kind'];

/** null: none was begun. */
async function newest(channel: string): Promise<Operation | null> {
  try {
    return await call('GET /api/v1/channels/{channel}/operation', { path: { channel } });
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}

export function ChannelOperations({ channel }: OfChannel) {
  const { t } = useWords();
  const words = t.channel.operations;
  const operation = useQuery({ queryKey: ['operation', channel.name], queryFn: () => newest(channel.name), refetchInterval: 2_000 });
  return (
    <Section title={t.channel.tabs.operations} actions={<Begin channel={channel} />}>
      <p className="soft">{words.about}</p>
      <Loaded from={operation}>{(found) => (found ? <Shown operation={found} /> : <p className="soft">{words.none}</p>)}</Loaded>
    </Section>
  );
}

function Begin({ channel }: OfChannel) {
  const { t } = useWords();
  const words = t.channel.operations;
  const [kind, setKind] = useState<Kind>('drain');
  const path = { channel: channel.name };
  const key = 'POST /api/v1/channels/{channel}/operation';
  const look = async (reason: string): Promise<React.ReactNode> => {
    const found = await call(key, { path, query: { dryRun: true }, body: { kind, reason } });
    if (!('found' in found)) return null;
    return (
      <>
        <p>{words.way(found.from, found.to)}</p>
        <p>{found.found}</p>
        {found.fix !== null && <p>{found.fix}</p>}
        <p>
          {words.steps}: {found.steps.join(' → ')}
        </p>
      </>
    );
  };
  return (
    <Act
      name={words.begin}
      right="channel.operate"
      danger
      needsReason
      about={
        <div className="stack">
          <p>{words.beginAbout}</p>
          <SelectField label={words.kind} value={kind} onChange={(value) => setKind(value as Kind)} options={Object.entries(words.kinds)} />
        </div>
      }
      look={look}
      onDo={(reason) => write(key, { path, body: { kind, reason } })}
    />
  );
}

function Shown({ operation }: { readonly operation: Operation }) {
  const { t } = useWords();
  const words = t.channel.operations;
  const { id, kind, from, to, state, step, steps, waitsFor, mayAbort, channel, confirmed } = operation;
  const path = { channel };
  const asks = state === 'running' && (step === 'confirm' || step === 'confirm-open') && !confirmed.includes(step);
  return (
    <div className="stack">
      <div className="row apart">
        <p>
          <strong>{words.kinds[kind]}</strong> {words.way(from, to)}: {state}
        </p>
        <div className="row">
          {asks && (
            <Act
              name={words.confirm}
              right="channel.operate"
              about={<p>{words.confirmAbout(step)}</p>}
              onDo={() => write('POST /api/v1/channels/{channel}/operation/confirm', { path, body: { id, step } })}
            />
          )}
          {state === 'running' && (
            <Act
              name={words.abort}
              right="channel.operate"
              needsReason
              danger
              refusal={mayAbort ? null : words.tooLate}
              about={<p>{words.abortAbout}</p>}
              onDo={(reason) => write('POST /api/v1/channels/{channel}/operation/abort', { path, body: { id, reason } })}
            />
          )}
        </div>
      </div>
      {waitsFor && (
        <p className="report warn">
          {words.waits}: {waitsFor.what} {waitsFor.fix}
        </p>
      )}
      <Steps steps={steps} />
    </div>
  );
}

function Steps({ steps }: Pick<Operation, 'steps'>) {
  const { t, format } = useWords();
  const words = t.channel.operations;
  return (
    <Table
      label={words.steps}
      rows={steps}
      keyOf={(one) => `${one.step} ${one.at}`}
      columns={[
        { title: words.step, cell: (one) => one.step },
        { title: t.channel.history.what, cell: ({ what }) => what },
        { title: words.done, cell: ({ at }) => format.time(at) },
      ]}
    />
  );
}
