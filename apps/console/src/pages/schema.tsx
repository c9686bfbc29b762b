/** Schema changes: where a pipeline holds, both definitions side by side, and the answers that are possible. */
import type { Answer } from '@lutra/client';
import { useRead, write } from '../api/client.js';
import { useLive } from '../api/live.js';
import { useFilters } from '../parts/address.js';
import { Act, Copyable } from '../parts/act.js';
import { Failure } from '../parts/failure.js';
import { SelectField } from '../parts/field.js';
import { Empty, Loaded, Page, Section } from '../parts/page.js';
import { Badge } from '../parts/state.js';
import { Facts, Table } from '../parts/table.js';
import { useWords } from '../text/context.js';

type Ddl = Answer<'GET /api/v1/channels/{channel}/pipelines/{pipeline}/ddl'>;

export function Schema() {
  const { t } = useWords();
  const { status, error } = useLive();
  const [filters, setFilters] = useFilters({ pipeline: '' });
  const pipelines = (status?.channels ?? []).flatMap(({ name: channel, pipelines: all }) => all.map((pipeline) => ({ channel, pipeline })));
  const chosen =
    pipelines.find(({ pipeline }) => pipeline.id === filters.pipeline) ?? pipelines.find(({ pipeline }) => pipeline.held) ?? pipelines[0];
  const options = pipelines.map(({ pipeline }) => [pipeline.id, pipeline.held ? `◆ ${pipeline.id}` : pipeline.id] as const);
  return (
    <Page title={t.nav.schema} about={t.schema.about}>
      {!status && (error ? <Failure error={error} /> : <p className="loading">{t.common.loading}</p>)}
      {status && !chosen && <Empty text={t.pick.none} />}
      {chosen && (
        <>
          <div className="filters">
            <SelectField
              label={t.pick.pipeline}
              value={chosen.pipeline.id}
              onChange={(pipeline) => setFilters({ pipeline })}
              options={options}
            />
          </div>
          <OfPipeline channel={chosen.channel} pipeline={chosen.pipeline.name} />
        </>
      )}
    </Page>
  );
}

function OfPipeline({ channel, pipeline }: { readonly channel: string; readonly pipeline: string }) {
  const path = { channel, pipeline };
  const ddl = useRead('GET /api/v1/channels/{channel}/pipelines/{pipeline}/ddl', { path }, { everyMs: 5_000 });
  return (
    <Loaded from={ddl}>
      {(found) => (
        <>
          <Hold of={found} path={path} />
          {found.running && <Running running={found.running} />}
          <Recent recent={found.recent} />
        </>
      )}
    </Loaded>
  );
}

interface HoldProps {
  readonly of: Ddl;
  readonly path: { readonly channel: string; readonly pipeline: string };
}

function Hold({ of: { hold, tables }, path }: HoldProps) {
  const { t, format } = useWords();
  const words = t.schema;
  if (!hold)
    return (
      <Section title={words.held}>
        <p className="good-line">✓ {words.none}</p>
      </Section>
    );
  const { log, seq, message, sql, here, ways, since } = hold;
  const answers = ways.map((answer) => (
    <Act
      key={answer}
      name={words.answers[answer]}
      right="channel.recover"
      needsReason
      danger={answer === 'skip'}
      about={<p>{words.answerAbout[answer]}</p>}
      onDo={(reason) => write('POST /api/v1/channels/{channel}/pipelines/{pipeline}/ddl', { path, body: { log, seq, answer, reason } })}
    />
  ));
  return (
    <>
      <Section title={words.held} actions={answers}>
        <Facts
          rows={[
            [words.why, message],
            [t.equality.since, format.time(since)],
          ]}
        />
        <h3>{words.statement}</h3>
        <Copyable text={sql} />
        {here !== null && (
          <>
            <h3>{words.here}</h3>
            <Copyable text={here} />
          </>
        )}
      </Section>
      {tables.map((table) => (
        <Definitions key={table.source} table={table} />
      ))}
    </>
  );
}

function Definitions({ table: { source, target, atSource, atTarget, differences } }: { readonly table: Ddl['tables'][number] }) {
  const { t } = useWords();
  const words = t.schema;
  return (
    <Section title={`${words.definitions}: ${source}`}>
      {differences.length > 0 && (
        <ul>
          {differences.map((difference) => (
            <li key={difference}>
              <Badge tone="warn" mark="≠" text={difference} />
            </li>
          ))}
        </ul>
      )}
      <div className="beside">
        <div>
          <h3>
            {words.atSource}: <code>{source}</code>
          </h3>
          <pre tabIndex={0}>{atSource ?? t.common.unknown}</pre>
        </div>
        <div>
          <h3>
            {words.atTarget}: <code>{target}</code>
          </h3>
          <pre tabIndex={0}>{atTarget ?? t.common.unknown}</pre>
        </div>
      </div>
    </Section>
  );
}

function Running({ running: { here, since, progress, blockers } }: { readonly running: NonNullable<Ddl['running']> }) {
  const { t, format } = useWords();
  return (
    <Section title={t.schema.running}>
      <pre tabIndex={0}>{here}</pre>
      <p>
        {t.equality.since}: {format.time(since)}
      </p>
      {progress !== null && <progress value={progress} max={1} aria-label={t.schema.running} />}
      {blockers.length > 0 && (
        <p className="report warn">
          {t.schema.blockers}: {blockers.join(', ')}
        </p>
      )}
    </Section>
  );
}

function Recent({ recent }: Pick<Ddl, 'recent'>) {
  const { t, format } = useWords();
  const words = t.schema;
  return (
    <Section title={words.recent}>
      {recent.length === 0 ? (
        <p className="soft">{words.noRecent}</p>
      ) : (
        <Table
          label={words.recent}
          rows={recent}
          keyOf={({ record, part }) => `${record} ${part}`}
          columns={[
            { title: words.statement, cell: ({ statement }) => <code>{statement}</code> },
            { title: t.common.state, cell: ({ state }) => state },
            { title: words.begun, cell: ({ begunAt }) => format.time(begunAt) },
            { title: t.common.reason, cell: ({ answer }) => (answer ? `${answer.answer}, ${answer.by}: ${answer.reason}` : '') },
          ]}
        />
      )}
    </Section>
  );
}
