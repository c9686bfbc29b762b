/** Which tables go where, what is suspended, what was left out, and who wins a conflict. */
import { useRead, write } from '../api/client.js';
import { useMe } from '../api/me.js';
import { Act } from '../parts/act.js';
import { Loaded, Section } from '../parts/page.js';
import { Table } from '../parts/table.js';
import { useWords } from '../text/context.js';
import type { OfChannel } from './channel.js';

export function ChannelTables({ channel }: OfChannel) {
  const document = useRead('GET /api/v1/channels/{name}', { path: { name: channel.name } });
  return (
    <>
      <Loaded from={document}>
        {({ pipelines, conflicts }) => (
          <>
            <Routes pipelines={pipelines} />
            <Policies conflicts={conflicts} />
          </>
        )}
      </Loaded>
      <Suspended channel={channel} />
      <Omissions channel={channel} />
    </>
  );
}

type Document = NonNullable<ReturnType<typeof useRead<'GET /api/v1/channels/{name}'>>['data']>;

function Routes({ pipelines }: Pick<Document, 'pipelines'>) {
  const { t } = useWords();
  const { tables } = t.channel;
  const rows = pipelines.flatMap(({ name, routes }) => routes.map((route, i) => ({ key: `${name} ${i}`, name, route })));
  return (
    <Section title={tables.routes}>
      <Table
        label={tables.routes}
        rows={rows}
        keyOf={({ key }) => key}
        columns={[
          { title: t.pick.pipeline, cell: ({ name }) => name },
          { title: tables.from, cell: ({ route }) => <code>{`${route.schema}.${route.table}`}</code> },
          { title: tables.to, cell: ({ route: { schema, table, to } }) => <code>{`${to?.schema ?? schema}.${to?.table ?? table}`}</code> },
          {
            title: tables.excluded,
            cell: ({ route }) => (route.exclude ?? []).join(', ') || t.common.none,
          },
          { title: tables.files, cell: ({ route }) => route.files?.map(({ root }) => root).join(', ') ?? t.common.none },
        ]}
      />
    </Section>
  );
}

function Policies({ conflicts: { home, rules } }: Pick<Document, 'conflicts'>) {
  const { t } = useWords();
  const { tables } = t.channel;
  return (
    <Section title={tables.policy}>
      {home !== undefined && (
        <p>
          {t.walk.home}: <strong>{home}</strong>
        </p>
      )}
      {rules.length === 0 ? (
        <p className="soft">{tables.noRules}</p>
      ) : (
        <Table
          label={tables.policy}
          rows={rules}
          keyOf={({ schema, table }) => `${schema}.${table}`}
          columns={[
            { title: tables.rule, cell: ({ schema, table }) => <code>{`${schema}.${table}`}</code> },
            { title: t.conflicts.policy, cell: ({ policy }) => policy },
            { title: tables.version, cell: ({ version }) => version ?? t.common.none },
            { title: tables.deletes, cell: ({ deletes }) => deletes },
          ]}
        />
      )}
    </Section>
  );
}

function Suspended({ channel }: OfChannel) {
  const { t, format } = useWords();
  const { tables, act } = t.channel;
  const rows = channel.pipelines.flatMap(({ name: pipeline, suspended }) => suspended.map((table) => ({ pipeline, ...table })));
  return (
    <Section title={tables.suspended}>
      {rows.length === 0 ? (
        <p className="good-line">✓ {tables.noSuspended}</p>
      ) : (
        <Table
          label={tables.suspended}
          rows={rows}
          keyOf={({ pipeline, database, name }) => `${pipeline} ${database}.${name}`}
          columns={[
            { title: t.conflicts.table, cell: ({ database, name }) => <code>{`${database}.${name}`}</code> },
            { title: t.pick.pipeline, cell: ({ pipeline }) => pipeline },
            { title: t.schema.why, cell: ({ code, message }) => `${code}: ${message}` },
            { title: t.equality.since, cell: ({ at }) => format.time(at) },
            {
              title: t.common.actions,
              cell: ({ pipeline, database, name }) => (
                <Act
                  name={act.resume}
                  right="channel.recover"
                  needsReason
                  about={<p>{act.resumeAbout(`${database}.${name}`)}</p>}
                  onDo={(reason) =>
                    write('POST /api/v1/channels/{channel}/pipelines/{pipeline}/tables/resume', {
                      path: { channel: channel.name, pipeline },
                      body: { tables: [`${database}.${name}`], reason },
                    })
                  }
                />
              ),
            },
          ]}
        />
      )}
    </Section>
  );
}

function Omissions({ channel: { name, omissions } }: OfChannel) {
  const { t, format } = useWords();
  const { tables, act } = t.channel;
  const { count, items } = omissions;
  const { name: by } = useMe();
  const confirm = (
    <Act
      name={act.confirm}
      right="channel.run"
      needsReason
      about={<p>{act.confirmAbout}</p>}
      onDo={(reason) => write('POST /api/v1/channels/{name}/omissions/confirm', { path: { name }, body: { count, by, reason } })}
    />
  );
  return (
    <Section title={tables.omissions} actions={count > 0 ? confirm : undefined}>
      {count === 0 ? (
        <p className="good-line">✓ {tables.noOmissions}</p>
      ) : (
        <Table
          label={tables.omissions}
          rows={items}
          keyOf={({ kind, where, what }) => `${kind} ${where} ${what}`}
          columns={[
            { title: t.channel.history.what, cell: ({ kind, what }) => `${kind}: ${what}` },
            { title: t.conflicts.table, cell: (item) => item.tables.join(', ') },
            { title: t.channel.position.restartAt, cell: ({ where }) => where },
            { title: t.channel.history.when, cell: ({ at }) => format.time(at) },
          ]}
        />
      )}
    </Section>
  );
}
