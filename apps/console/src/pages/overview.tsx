/** The page that stays open: what needs a person first, then the regions with the channels between them. */
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { useRead } from '../api/client.js';
import { useLive } from '../api/live.js';
import type { Status } from '../api/live.js';
import { Failure } from '../parts/failure.js';
import { Empty, Loaded, Page, Section } from '../parts/page.js';
import { useWords } from '../text/context.js';
import { mattersOf } from './attention.js';
import type { Matter } from './attention.js';
import { RegionMap } from './region-map.js';
import '../style/overview.css';

export function Overview() {
  const { t } = useWords();
  const { status, error } = useLive();
  return (
    <Page title={t.nav.overview} about={t.overview.about} actions={<NewChannelLink />}>
      {status ? <Known status={status} /> : error ? <Failure error={error} /> : <p className="loading">{t.common.loading}</p>}
    </Page>
  );
}

function NewChannelLink() {
  const { t } = useWords();
  return (
    <Link href="/new-channel" className="button">
      {t.nav.newChannel}
    </Link>
  );
}

function Known({ status }: { readonly status: Status }) {
  const { t } = useWords();
  const matters = mattersOf(status, t);
  if (status.channels.length === 0 && matters.length === 0)
    return (
      <Empty text={t.overview.none}>
        <NewChannelLink />
      </Empty>
    );
  return (
    <>
      <Totals status={status} open={matters.length} />
      <Section title={t.overview.needs}>
        {matters.length === 0 ? <p className="good-line">✓ {t.overview.calm}</p> : <Matters matters={matters} />}
      </Section>
      <Map status={status} />
    </>
  );
}

function Totals({ status, open }: { readonly status: Status; readonly open: number }) {
  const { t, format } = useWords();
  const pipelines = status.channels.flatMap((channel) => channel.pipelines);
  const running = status.channels.filter(({ state }) => state === 'running').length;
  const lags = pipelines.flatMap(({ lagMs }) => lagMs ?? []);
  const { totals } = t.overview;
  const rate = pipelines.reduce((sum, { rowsPerSecond }) => sum + rowsPerSecond, 0);
  return (
    <div className="totals">
      <Total title={totals.channels}>
        {format.count(status.channels.length)}{' '}
        <small>
          {format.count(running)} {totals.running}
        </small>
      </Total>
      <Total title={totals.lag}>{lags.length === 0 ? t.lag.none : format.duration(Math.max(...lags))}</Total>
      <Total title={totals.rate}>{format.count(rate)}</Total>
      <Total title={totals.open}>{format.count(open)}</Total>
    </div>
  );
}

function Total({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <div className="total">
      <p className="label">{title}</p>
      <p className="total-number">{children}</p>
    </div>
  );
}

function Matters({ matters }: { readonly matters: readonly Matter[] }) {
  return (
    <ul className="matters">
      {matters.map(({ key, tone, subject, what, detail, path }) => (
        <li key={key} className={tone}>
          <Link href={path}>
            <strong>{subject}</strong>
            <span>{what}</span>
            {detail !== '' && <span className="matter-detail">{detail}</span>}
          </Link>
        </li>
      ))}
    </ul>
  );
}

/** Which region an endpoint is in, the endpoints say. */
function Map({ status }: { readonly status: Status }) {
  const { t } = useWords();
  const endpoints = useRead('GET /api/v1/endpoints', {});
  if (status.channels.length === 0) return null;
  return (
    <Section title={t.overview.map}>
      <Loaded from={endpoints}>
        {(found) => {
          const regionOf = new globalThis.Map(found.map(({ name, region }) => [name, region]));
          return <RegionMap channels={status.channels} regionOf={(endpoint) => regionOf.get(endpoint) ?? endpoint} />;
        }}
      </Loaded>
    </Section>
  );
}
