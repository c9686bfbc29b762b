/** Files apps by region with their roots, and the files that rows wait for. */
import { useRead } from '../api/client.js';
import { useLive } from '../api/live.js';
import { Empty, Loaded, Page, Section } from '../parts/page.js';
import { Table } from '../parts/table.js';
import { useWords } from '../text/context.js';

export function Files() {
  const { t } = useWords();
  return (
    <Page title={t.nav.files} about={t.files.about}>
      <Apps />
      <Waiting />
    </Page>
  );
}

function Apps() {
  const { t, format } = useWords();
  const words = t.files;
  const regions = useRead('GET /api/v1/files', {}, { everyMs: 10_000 });
  return (
    <Section title={words.roots}>
      <Loaded from={regions}>
        {(found) => {
          const apps = found.flatMap(({ region, apps: all }) => all.map((app) => ({ region, ...app })));
          if (apps.length === 0) return <Empty text={words.none} />;
          return (
            <Table
              label={words.roots}
              rows={apps}
              keyOf={({ instance }) => instance}
              columns={[
                { title: words.region, cell: ({ region }) => region ?? t.common.unknown },
                { title: words.at, cell: ({ url }) => <code>{url}</code> },
                { title: words.roots, cell: ({ roots }) => roots.join(', ') },
                { title: words.places, cell: ({ places }) => places.join(', ') || t.common.none },
                { title: words.since, cell: ({ since }) => format.time(since) },
              ]}
            />
          );
        }}
      </Loaded>
    </Section>
  );
}

function Waiting() {
  const { t, format } = useWords();
  const words = t.files;
  const { status } = useLive();
  const pipelines = (status?.channels ?? []).flatMap((channel) => channel.pipelines);
  const waiting = pipelines.flatMap(({ id, target }) => (target.worker?.files?.waiting ?? []).map((file) => ({ pipeline: id, ...file })));
  const trouble = pipelines.flatMap(({ id, target }) => (target.worker?.files?.trouble ? [{ id, ...target.worker.files.trouble }] : []));
  return (
    <Section title={words.waiting}>
      {trouble.map(({ id, code, message }) => (
        <p key={id} className="report bad">
          {words.trouble}: {id} ({code}) {message}
        </p>
      ))}
      {waiting.length === 0 ? (
        <p className="good-line">✓ {words.noWaiting}</p>
      ) : (
        <Table
          label={words.waiting}
          rows={waiting}
          keyOf={({ pipeline, root, path }) => `${pipeline} ${root} ${path}`}
          columns={[
            { title: words.path, cell: ({ root, path }) => <code>{`${root}/${path}`}</code> },
            { title: words.phase, cell: ({ phase }) => words.phases[phase] },
            { title: words.row, cell: ({ database, table, key }) => `${database}.${table} ${key}` },
            { title: t.pick.pipeline, cell: ({ pipeline }) => pipeline },
            {
              title: words.done,
              cell: ({ done, size }) => t.common.of(format.bytes(done), size === null ? '?' : format.bytes(size)),
              number: true,
            },
            { title: words.since, cell: ({ since }) => format.time(since) },
          ]}
        />
      )}
    </Section>
  );
}
