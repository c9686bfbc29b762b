/** Processes that live, and what each of them works on or stands by for. */
import { useRead } from '../api/client.js';
import { useLive } from '../api/live.js';
import type { Status } from '../api/live.js';
import { Empty, Loaded, Page, Section } from '../parts/page.js';
import { Table } from '../parts/table.js';
import { useWords } from '../text/context.js';

export function Workers() {
  const { t, format } = useWords();
  const words = t.workers;
  const { status } = useLive();
  const workers = useRead('GET /api/v1/workers', {}, { everyMs: 10_000 });
  const works = worksOf(status, words.standsBy);
  return (
    <Page title={t.nav.workers} about={words.about}>
      <Section title={t.nav.workers}>
        <Loaded from={workers}>
          {(found) =>
            found.length === 0 ? (
              <Empty text={words.none} />
            ) : (
              <Table
                label={t.nav.workers}
                rows={found}
                keyOf={({ app, instance }) => `${app} ${instance}`}
                columns={[
                  { title: words.instance, cell: ({ instance }) => <code>{instance}</code> },
                  { title: words.app, cell: ({ app }) => app },
                  { title: words.region, cell: ({ region }) => region ?? t.common.unknown },
                  { title: words.version, cell: ({ version }) => version },
                  { title: words.works, cell: ({ instance }) => works.get(instance)?.join(', ') ?? '' },
                  { title: words.since, cell: ({ since }) => format.time(since) },
                ]}
              />
            )
          }
        </Loaded>
      </Section>
      <LevelOfAll />
    </Page>
  );
}

/** By process. A capture works for all pipelines of its endpoint: that is named once. */
function worksOf(status: Status | undefined, standsBy: string): ReadonlyMap<string, readonly string[]> {
  const pipelines = (status?.channels ?? []).flatMap((channel) => channel.pipelines);
  const works = pipelines.flatMap(({ id, source, target }) => [
    ...endOf(source, source.endpoint, standsBy),
    ...endOf(target, id, standsBy),
  ]);
  const grouped = Map.groupBy(works, ([instance]) => instance);
  return new Map([...grouped].map(([instance, all]) => [instance, [...new Set(all.map(([, what]) => what))]]));
}

type End = Status['channels'][number]['pipelines'][number]['source'];

function endOf({ worker, standbys }: End, what: string, standsBy: string): readonly (readonly [string, string])[] {
  const working = worker && !standbys.includes(worker.instance) ? [[worker.instance, what] as const] : [];
  return [...working, ...standbys.map((instance) => [instance, `${what} (${standsBy})`] as const)];
}

function LevelOfAll() {
  const { t } = useWords();
  const level = useRead('GET /api/v1/level', {});
  if (!level.data) return null;
  const { level: now, next } = level.data;
  return (
    <p className="soft">
      {t.workers.level(now)} {next && next.blocks.length === 0 && t.workers.mayRaise(next.level)}
    </p>
  );
}
