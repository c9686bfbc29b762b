/** Seed, verify, repair: what was ordered for a channel, how far it is, and what differs. */
import type { Answer } from '@lutra/client';
import { useRead, write } from '../api/client.js';
import type { Status } from '../api/live.js';
import { useFilters } from '../parts/address.js';
import { Act } from '../parts/act.js';
import { Loaded, Page, Section } from '../parts/page.js';
import { ChannelPicker } from '../parts/picker.js';
import { Badge } from '../parts/state.js';
import { Table } from '../parts/table.js';
import { useWords } from '../text/context.js';
import { Differences } from './differences.js';
import { Seeds } from './seeds.js';

type Verification = Answer<'GET /api/v1/channels/{channel}/verify'>;
type Channel = Status['channels'][number];

export function Equality() {
  const { t } = useWords();
  const [filters, setFilters] = useFilters({ channel: '' });
  return (
    <Page title={t.nav.equality} about={t.equality.about}>
      <ChannelPicker value={filters.channel} onChange={(channel) => setFilters({ channel })}>
        {(channel) => (
          <>
            <Unequal unequal={channel.unequal} />
            <Verify channel={channel.name} />
            <Seeds channel={channel} />
          </>
        )}
      </ChannelPicker>
    </Page>
  );
}

function Unequal({ unequal }: Pick<Channel, 'unequal'>) {
  const { t, format } = useWords();
  const words = t.equality;
  if (!unequal || unequal.tables.length === 0) return null;
  return (
    <Section title={words.unequal}>
      <Table
        label={words.unequal}
        rows={unequal.tables}
        keyOf={({ pipeline, table, cause }) => `${pipeline} ${table} ${cause}`}
        columns={[
          { title: words.table, cell: ({ table }) => <code>{table}</code> },
          { title: t.pick.pipeline, cell: ({ pipeline }) => pipeline },
          { title: words.cause, cell: ({ cause, reason }) => `${cause}: ${reason}` },
          { title: words.since, cell: ({ since }) => format.time(since) },
        ]}
      />
    </Section>
  );
}

function Verify({ channel }: { readonly channel: string }) {
  const { t } = useWords();
  const words = t.equality;
  const path = { channel };
  const verification = useRead('GET /api/v1/channels/{channel}/verify', { path }, { everyMs: 3_000 });
  const isUnder = verification.data?.order?.state === 'running' && (verification.data.result?.endedAt ?? null) === null;
  const actions = (
    <>
      <Act
        name={words.verify}
        right="channel.seed"
        needsReason
        about={<p>{words.verifyAbout}</p>}
        onDo={(reason) => write('POST /api/v1/channels/{channel}/verify', { path, body: { reason } })}
      />
      {isUnder && (
        <Act
          name={words.cancel}
          right="channel.seed"
          about={<p>{words.cancelAbout}</p>}
          onDo={() => write('POST /api/v1/channels/{channel}/verify/{action}', { path: { channel, action: 'cancel' } })}
        />
      )}
      {verification.data?.order && <Repair channel={channel} of={verification.data} />}
    </>
  );
  return (
    <Section title={words.verify} actions={actions}>
      <Loaded from={verification}>{(found) => <Found channel={channel} of={found} />}</Loaded>
    </Section>
  );
}

function Repair({ channel, of: { order, result } }: { readonly channel: string; readonly of: Verification }) {
  const { t, format } = useWords();
  const words = t.equality;
  const key = 'POST /api/v1/channels/{channel}/verify/{id}/repair';
  const path = { channel, id: order?.id ?? '' };
  const hasDifferences = result?.tables.some(({ verdict }) => verdict === 'different') ?? false;
  const look = async (reason: string): Promise<React.ReactNode> => {
    const { tables } = await write(key, { path, body: { dryRun: true, reason } });
    const rows = tables.reduce((sum, table) => sum + table.missingHere + table.missingThere + table.different, 0);
    return <p>{words.repairs(tables.length, format.count(rows))}</p>;
  };
  return (
    <Act
      name={words.repair}
      right="channel.seed"
      danger
      needsReason
      refusal={hasDifferences ? null : words.noneDifferent}
      about={<p>{words.repairAbout}</p>}
      look={look}
      onDo={(reason) => write(key, { path, body: { reason } })}
    />
  );
}

function Found({ channel, of: { order, result } }: { readonly channel: string; readonly of: Verification }) {
  const { t, format } = useWords();
  const words = t.equality;
  if (!order) return <p className="soft">{words.noVerify}</p>;
  if (!result) return <p className="loading">{t.common.loading}</p>;
  const { rowsDone, rowsEstimated, endedAt, waitingFor } = result;
  return (
    <>
      {endedAt === null && (
        <p>
          {words.progress}: {t.common.of(format.count(rowsDone), rowsEstimated === null ? '?' : format.count(rowsEstimated))}
          <progress value={rowsDone} max={Math.max(rowsDone, rowsEstimated ?? 1)} aria-label={words.progress} />
        </p>
      )}
      {waitingFor !== null && (
        <p className="report warn">
          {words.waits}: {waitingFor}
        </p>
      )}
      <Verdicts tables={result.tables} />
      <Differences channel={channel} />
    </>
  );
}

function Verdicts({ tables }: { readonly tables: NonNullable<Verification['result']>['tables'] }) {
  const { t, format } = useWords();
  const words = t.equality;
  const tones = { equal: 'good', different: 'bad', unsettled: 'warn', refused: 'warn', open: 'calm' } as const;
  return (
    <Table
      label={words.verify}
      rows={tables}
      keyOf={({ pipeline, database, table }) => `${pipeline} ${database}.${table}`}
      columns={[
        { title: words.table, cell: ({ database, table }) => <code>{`${database}.${table}`}</code> },
        { title: t.pick.pipeline, cell: ({ pipeline }) => pipeline },
        {
          title: words.verdict,
          cell: ({ verdict, text }) => (
            <span title={text}>
              <Badge tone={tones[verdict ?? 'open']} text={words.verdicts[verdict ?? 'open']} />
            </span>
          ),
        },
        { title: words.rows, cell: ({ rows }) => format.count(rows), number: true },
        { title: words.different, cell: ({ different }) => format.count(different), number: true },
        {
          title: words.missing,
          cell: ({ missingHere, missingThere }) => `${format.count(missingHere)} / ${format.count(missingThere)}`,
          number: true,
        },
        { title: words.asOf, cell: ({ asOf }) => (asOf === null ? '' : format.time(asOf)) },
      ]}
    />
  );
}
