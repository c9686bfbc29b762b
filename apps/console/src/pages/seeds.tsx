/** Seeds of a channel's pipelines: progress, and a new one with what it would read. */
import type { Answer } from '@lutra/client';
import { useRead, write } from '../api/client.js';
import { Act } from '../parts/act.js';
import { Loaded, Section } from '../parts/page.js';
import { Problems } from '../parts/problems.js';
import { Facts } from '../parts/table.js';
import { useWords } from '../text/context.js';
import type { OfChannel, Pipeline } from './channel.js';

const seedKey = 'POST /api/v1/channels/{channel}/pipelines/{pipeline}/seed';

export function Seeds({ channel }: OfChannel) {
  return channel.pipelines.map((pipeline) => <Seed key={pipeline.name} channel={channel.name} pipeline={pipeline} />);
}

function Seed({ channel, pipeline }: { readonly channel: string; readonly pipeline: Pipeline }) {
  const { t, format } = useWords();
  const words = t.equality;
  const path = { channel, pipeline: pipeline.name };
  const seed = useRead('GET /api/v1/channels/{channel}/pipelines/{pipeline}/seed', { path }, { everyMs: 3_000 });
  const look = async (): Promise<React.ReactNode> => {
    const { tables, rows, bytes, problems } = await write(seedKey, { path, query: { dryRun: true }, body: {} });
    return (
      <>
        <p>{words.seeding(format.count(rows), format.bytes(bytes), tables.length)}</p>
        <Problems problems={problems} />
      </>
    );
  };
  const order = (
    <Act
      name={words.seed}
      right="channel.seed"
      needsReason
      about={<p>{words.seedAbout}</p>}
      look={look}
      onDo={(reason) => write(seedKey, { path, body: { reason } })}
    />
  );
  return (
    <Section title={`${words.seeds}: ${pipeline.name}`} actions={order}>
      <Loaded from={seed}>{(found) => <Progress of={found} />}</Loaded>
    </Section>
  );
}

function Progress({
  of: { order, rows, tables, activity },
}: {
  readonly of: Answer<'GET /api/v1/channels/{channel}/pipelines/{pipeline}/seed'>;
}) {
  const { t, format } = useWords();
  const words = t.equality;
  if (order === null) return <p className="soft">{words.noSeed}</p>;
  return (
    <>
      <Facts
        rows={[
          [t.common.state, activity?.state ?? (tables.seeding === 0 ? t.common.done : order.state)],
          [words.rows, format.count(rows)],
          [words.table, t.common.of(format.count(tables.done), format.count(tables.done + tables.seeding + tables.cancelled))],
          [words.eta, activity?.etaMs == null ? '–' : format.duration(activity.etaMs)],
        ]}
      />
      {activity?.waitingFor != null && (
        <p className="report warn">
          {words.waits}: {activity.waitingFor}
        </p>
      )}
      <Problems
        problems={(activity?.refused ?? []).map(({ database, table, code, message }) => ({
          id: code,
          severity: 'error' as const,
          what: message,
          fix: null,
          table: `${database}.${table}`,
        }))}
      />
    </>
  );
}
