/** The conflicts desk: counts by table, the list with its filters in the address, and one conflict with its versions. */
import type { Answer } from '@lutra/client';
import { Link } from 'wouter';
import { useRead } from '../api/client.js';
import type { Status } from '../api/live.js';
import { given, useFilters } from '../parts/address.js';
import { SelectField, TextField } from '../parts/field.js';
import { Empty, Loaded, Page, Section } from '../parts/page.js';
import { ChannelPicker } from '../parts/picker.js';
import { Table } from '../parts/table.js';
import { useWords } from '../text/context.js';
import { OneConflict } from './one-conflict.js';
import { keyText } from './row-text.js';
import { Unreachable } from './unreachable.js';

type Conflict = Answer<'GET /api/v1/channels/{channel}/conflicts'>['conflicts'][number];
type Query = NonNullable<Parameters<typeof useRead<'GET /api/v1/channels/{channel}/conflicts'>>[1]['query']>;

const none = { channel: '', pipeline: '', table: '', winner: '', id: '', before: '' };
type Filters = Readonly<Record<keyof typeof none, string>>;

export function Conflicts() {
  const { t } = useWords();
  const [filters, setFilters] = useFilters(none);
  return (
    <Page title={t.nav.conflicts} about={t.conflicts.about}>
      <ChannelPicker value={filters.channel} onChange={(channel) => setFilters({ ...none, channel })}>
        {(channel) =>
          filters.id === '' ? (
            <Desk channel={channel} filters={filters} onFilter={(changes) => setFilters({ before: '', ...changes })} />
          ) : (
            <OneConflict channel={channel.name} pipeline={filters.pipeline} id={filters.id} />
          )
        }
      </ChannelPicker>
    </Page>
  );
}

interface DeskProps {
  readonly channel: Status['channels'][number];
  readonly filters: Filters;
  readonly onFilter: (changes: Partial<Filters>) => void;
}

function Desk({ channel, filters, onFilter }: DeskProps) {
  const { t } = useWords();
  const words = t.conflicts;
  const [schema, table] = filters.table.includes('.') ? filters.table.split('.', 2) : [undefined, filters.table];
  const query: Query = {
    pipeline: given(filters.pipeline),
    schema,
    table: given(table ?? ''),
    winner: given(filters.winner) as Query['winner'],
  };
  const winners = Object.entries(words.winners);
  return (
    <>
      <Counts channel={channel.name} query={query} onTable={(name) => onFilter({ table: name })} />
      <Section title={words.list}>
        <div className="filters">
          <SelectField
            label={t.pick.pipeline}
            value={filters.pipeline}
            onChange={(pipeline) => onFilter({ pipeline })}
            options={[['', t.pick.all], ...channel.pipelines.map(({ name }) => [name, name] as const)]}
          />
          <TextField label={words.table} value={filters.table} onChange={(name) => onFilter({ table: name })} placeholder="schema.table" />
          <SelectField
            label={words.winner}
            value={filters.winner}
            onChange={(winner) => onFilter({ winner })}
            options={[['', t.pick.all], ...winners]}
          />
        </div>
        <List
          channel={channel.name}
          query={{ ...query, limit: 50, before: given(filters.before) }}
          onMore={(before) => onFilter({ before })}
        />
      </Section>
    </>
  );
}

interface CountsProps {
  readonly channel: string;
  readonly query: Query;
  readonly onTable: (table: string) => void;
}

function Counts({ channel, query, onTable }: CountsProps) {
  const { t, format } = useWords();
  const words = t.conflicts;
  const counts = useRead('GET /api/v1/channels/{channel}/conflicts/counts', { path: { channel }, query }, { everyMs: 15_000 });
  // The list says it, too.
  if (counts.data?.counts.length === 0 && counts.data.unreachable.length === 0) return null;
  return (
    <Section title={words.counts}>
      <Loaded from={counts}>
        {({ counts: rows, unreachable }) => (
          <>
            <Unreachable at={unreachable} />
            {rows.length === 0 ? (
              <p className="good-line">✓ {words.none}</p>
            ) : (
              <Table
                label={words.counts}
                rows={rows}
                keyOf={({ pipeline, schema, table, policy, type, winner }) => [pipeline, schema, table, policy, type, winner].join(' ')}
                columns={[
                  {
                    title: words.table,
                    cell: ({ schema, table }) => (
                      <button type="button" className="button quiet" onClick={() => onTable(`${schema}.${table}`)}>
                        {schema}.{table}
                      </button>
                    ),
                  },
                  { title: t.pick.pipeline, cell: ({ pipeline }) => pipeline },
                  { title: words.policy, cell: ({ policy }) => policy },
                  { title: words.type, cell: ({ type }) => type },
                  { title: words.winner, cell: ({ winner }) => winner },
                  { title: words.count, cell: ({ count }) => format.count(count), number: true },
                  { title: words.latest, cell: ({ latest }) => format.time(latest) },
                ]}
              />
            )}
          </>
        )}
      </Loaded>
    </Section>
  );
}

interface ListProps {
  readonly channel: string;
  readonly query: Query;
  readonly onMore: (before: string) => void;
}

function List({ channel, query, onMore }: ListProps) {
  const { t, format } = useWords();
  const words = t.conflicts;
  const list = useRead('GET /api/v1/channels/{channel}/conflicts', { path: { channel }, query });
  const address = ({ pipeline, id }: Conflict): string =>
    `/conflicts?${new URLSearchParams({ channel, pipeline, id: String(id) }).toString()}`;
  return (
    <Loaded from={list}>
      {({ conflicts, next }) =>
        conflicts.length === 0 ? (
          <Empty text={words.none} />
        ) : (
          <>
            <Table
              label={words.list}
              rows={conflicts}
              keyOf={({ pipeline, id }) => `${pipeline} ${id}`}
              columns={[
                {
                  title: words.key,
                  cell: (conflict) => (
                    <Link href={address(conflict)}>
                      {conflict.schema}.{conflict.table} {keyText(conflict.key)}
                    </Link>
                  ),
                },
                { title: words.type, cell: ({ type }) => type },
                { title: words.policy, cell: ({ policy }) => policy },
                { title: words.winner, cell: ({ winner }) => winner },
                { title: t.pick.pipeline, cell: ({ pipeline }) => pipeline },
                { title: words.when, cell: ({ decidedAt }) => format.time(decidedAt) },
              ]}
            />
            {next !== null && (
              <button type="button" className="button" onClick={() => onMore(next)}>
                {t.common.more}
              </button>
            )}
          </>
        )
      }
    </Loaded>
  );
}
