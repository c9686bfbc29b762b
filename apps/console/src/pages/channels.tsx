/** All channels, with filters in the address. */
import { Link } from 'wouter';
import { useLive } from '../api/live.js';
import type { Status } from '../api/live.js';
import { useFilters } from '../parts/address.js';
import { Failure } from '../parts/failure.js';
import { SelectField, TextField } from '../parts/field.js';
import { Empty, Page, Section } from '../parts/page.js';
import { StateBadge } from '../parts/state.js';
import type { State } from '../parts/state.js';
import { Table } from '../parts/table.js';
import { useWords } from '../text/context.js';
import { mattersOfChannel } from './attention.js';

export function Channels() {
  const { t } = useWords();
  const { status, error } = useLive();
  const link = (
    <Link href="/new-channel" className="button">
      {t.nav.newChannel}
    </Link>
  );
  return (
    <Page title={t.nav.channels} about={t.channels.about} actions={link}>
      {status ? <List channels={status.channels} /> : error ? <Failure error={error} /> : <p className="loading">{t.common.loading}</p>}
    </Page>
  );
}

function List({ channels }: { readonly channels: Status['channels'] }) {
  const { t } = useWords();
  const [filters, setFilters] = useFilters({ q: '', state: '' });
  const found = channels.filter(
    ({ name, state }) => name.includes(filters.q.toLowerCase()) && (filters.state === '' || state === filters.state),
  );
  const states = Object.entries(t.states) as [State, string][];
  return (
    <Section title={t.nav.channels}>
      <div className="filters">
        <TextField label={t.channels.find} type="search" value={filters.q} onChange={(q) => setFilters({ q })} />
        <SelectField
          label={t.common.state}
          value={filters.state}
          onChange={(state) => setFilters({ state })}
          options={[['', t.common.all], ...states]}
        />
      </div>
      {found.length === 0 ? <Empty text={channels.length === 0 ? t.overview.none : t.channels.none} /> : <ChannelTable channels={found} />}
    </Section>
  );
}

function ChannelTable({ channels }: { readonly channels: Status['channels'] }) {
  const { t, format } = useWords();
  const greatest = ({ pipelines }: Status['channels'][number]): string => {
    const lags = pipelines.flatMap(({ lagMs }) => lagMs ?? []);
    return lags.length === 0 ? t.lag.none : format.duration(Math.max(...lags));
  };
  const rate = ({ pipelines }: Status['channels'][number]): number => pipelines.reduce((sum, { rowsPerSecond }) => sum + rowsPerSecond, 0);
  return (
    <Table
      label={t.nav.channels}
      rows={channels}
      keyOf={({ name }) => name}
      columns={[
        { title: t.common.name, cell: ({ name }) => <Link href={`/channels/${name}`}>{name}</Link> },
        { title: t.common.state, cell: ({ state }) => <StateBadge state={state} /> },
        { title: t.channels.desired, cell: ({ desired }) => t.states[desired] },
        {
          title: t.channels.pipelines,
          cell: ({ pipelines }) => pipelines.map(({ name }) => name).join(', '),
        },
        { title: t.lag.label, cell: greatest, number: true },
        { title: t.channels.rate, cell: (channel) => format.count(rate(channel)), number: true },
        { title: t.channels.needs, cell: (channel) => format.count(mattersOfChannel(channel, t).length), number: true },
      ]}
    />
  );
}
