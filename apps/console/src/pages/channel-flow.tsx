/** Each direction with its two ends: who works, who stands by, how far it is; and why it does not go on. */
import { Link } from 'wouter';
import { Section } from '../parts/page.js';
import { Report } from '../parts/failure.js';
import { StateBadge } from '../parts/state.js';
import { Facts } from '../parts/table.js';
import { useWords } from '../text/context.js';
import type { OfChannel, Pipeline } from './channel.js';
import { ChannelActions } from './channel-actions.js';
import '../style/flow.css';

export function ChannelFlow({ channel }: OfChannel) {
  return (
    <>
      {channel.pipelines.map((pipeline) => (
        <Section key={pipeline.name} title={pipeline.name} actions={<ChannelActions channel={channel} pipeline={pipeline} />}>
          <Direction pipeline={pipeline} />
        </Section>
      ))}
    </>
  );
}

function Direction({ pipeline }: { readonly pipeline: Pipeline }) {
  const { t, format } = useWords();
  const { flow } = t.channel;
  const { state, reason, lagMs, rowsPerSecond, rows, transactions, routes, routesReason, lastError, held } = pipeline;
  return (
    <>
      <div className="row">
        <StateBadge state={state} />
        {reason !== null && <span>{reason}</span>}
        {held !== null && <Link href={`/schema?pipeline=${encodeURIComponent(pipeline.id)}`}>{held.statement}</Link>}
      </div>
      {routes === 'pending' && (
        <p className="report warn">
          {flow.routesPending} {routesReason}
        </p>
      )}
      {lastError && state !== 'running' && (
        <Report title={`${flow.lastError}: ${lastError.message}`} code={lastError.code} help={lastError.help}>
          <p>{flow.at(format.time(lastError.at))}</p>
          <Details of={lastError.details} />
        </Report>
      )}
      <div className="ends">
        <End title={flow.source} end={pipeline.source} />
        <div className="between">
          <p className="big">{lagMs === null ? t.lag.none : format.duration(lagMs)}</p>
          <p className="soft" title={t.lag.hint}>
            {t.lag.label}
          </p>
          <p className="soft">{t.overview.rows(format.count(rowsPerSecond))}</p>
        </div>
        <End title={flow.target} end={pipeline.target} />
      </div>
      <Facts
        rows={[
          [flow.rows, format.count(rows)],
          [flow.transactions, format.count(transactions)],
          [flow.position, <PositionText key="p" position={pipeline.position} />],
        ]}
      />
    </>
  );
}

/** Table, key and position of what failed, as far as the error has them. */
function Details({ of }: { readonly of: Readonly<Record<string, unknown>> }) {
  const simple = Object.entries(of).filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value));
  if (simple.length === 0) return null;
  return <p className="soft">{simple.map(([name, value]) => `${name}: ${String(value)}`).join(' · ')}</p>;
}

function End({ title, end }: { readonly title: string; readonly end: Pipeline['source'] }) {
  const { t, format } = useWords();
  const { flow } = t.channel;
  const { endpoint, state, reason, worker, standbys } = end;
  return (
    <div className="end">
      <p className="soft">{title}</p>
      <div className="row apart">
        <strong>{endpoint}</strong>
        <StateBadge state={state} />
      </div>
      {reason !== null && <p>{reason}</p>}
      {worker === null ? (
        <p className="soft">{flow.noWorker}</p>
      ) : (
        <>
          <p>
            {flow.worker}: {worker.app} <code>{worker.instance}</code>
          </p>
          <p className="soft">
            {flow.since}: {format.time(worker.updatedAt)}
          </p>
          {worker.waitingFor !== null && <p>{worker.waitingFor}</p>}
        </>
      )}
      {standbys.length > 0 && (
        <p className="soft">
          {flow.standbys}: {standbys.join(', ')}
        </p>
      )}
    </div>
  );
}

export function PositionText({ position }: { readonly position: Pipeline['position'] }) {
  const { t } = useWords();
  if (position === null) return <>{t.common.unknown}</>;
  return (
    <code title={position.gtidSet ?? undefined}>
      {position.file}:{position.pos}
    </code>
  );
}
