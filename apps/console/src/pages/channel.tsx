/** One channel: its state and actions on top, then the tab of the address. */
import type { ComponentType } from 'react';
import { Link, useParams } from 'wouter';
import { useLive } from '../api/live.js';
import type { Status } from '../api/live.js';
import { Failure } from '../parts/failure.js';
import { Empty, Page } from '../parts/page.js';
import { StateBadge } from '../parts/state.js';
import { useWords } from '../text/context.js';
import type { Text } from '../text/en.js';
import { ChannelActions } from './channel-actions.js';
import { ChannelConfiguration } from './channel-configuration.js';
import { ChannelFlow } from './channel-flow.js';
import { ChannelHistory } from './channel-history.js';
import { ChannelOperations } from './channel-operations.js';
import { ChannelPosition } from './channel-position.js';
import { ChannelTables } from './channel-tables.js';

export type ChannelStatus = Status['channels'][number];
export type Pipeline = ChannelStatus['pipelines'][number];
export interface OfChannel {
  readonly channel: ChannelStatus;
}

type Tab = keyof Text['channel']['tabs'];

const tabs: Readonly<Record<Tab, ComponentType<OfChannel>>> = {
  flow: ChannelFlow,
  tables: ChannelTables,
  position: ChannelPosition,
  operations: ChannelOperations,
  config: ChannelConfiguration,
  history: ChannelHistory,
};
const tabNames = Object.keys(tabs) as Tab[];

export function ChannelPage() {
  const { t } = useWords();
  const { name, tab = 'flow' } = useParams<{ name: string; tab?: string }>();
  const { status, error } = useLive();
  const channel = status?.channels.find((one) => one.name === name);
  const shown = tabNames.find((one) => one === tab);
  if (!channel)
    return (
      <Page title={name}>
        {status ? <Empty text={t.channel.none} /> : error ? <Failure error={error} /> : <p className="loading">{t.common.loading}</p>}
      </Page>
    );
  const Shown = shown ? tabs[shown] : null;
  return (
    <Page title={name} actions={<ChannelActions channel={channel} />}>
      <div className="row">
        <StateBadge state={channel.state} />
        {channel.desired !== channel.state && (
          <span className="soft">
            {t.channels.desired}: {t.states[channel.desired]}
          </span>
        )}
      </div>
      <nav className="tabs" aria-label={name}>
        {tabNames.map((one) => (
          <Link key={one} href={`/channels/${name}${one === 'flow' ? '' : `/${one}`}`} aria-current={one === shown ? 'page' : undefined}>
            {t.channel.tabs[one]}
          </Link>
        ))}
      </nav>
      {Shown ? <Shown channel={channel} /> : <Empty text={t.common.notFound} />}
    </Page>
  );
}
