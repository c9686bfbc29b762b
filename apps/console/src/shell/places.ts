/** The pages: their paths, where they stand in the menu, and their code, which is loaded when they are opened. */
import { lazy } from 'react';
import type { ComponentType, LazyExoticComponent } from 'react';
import type { Text } from '../text/en.js';

export type PlaceName = keyof Text['words'];

export interface Place {
  readonly name: PlaceName;
  readonly path: string;
  readonly group: keyof Text['nav']['groups'];
  readonly page: LazyExoticComponent<ComponentType>;
}

const place = (name: PlaceName, group: Place['group'], load: () => Promise<{ default: ComponentType }>, path = `/${name}`): Place => ({
  name,
  group,
  path,
  page: lazy(load),
});

export const places: readonly Place[] = [
  place('overview', 'watch', async () => ({ default: (await import('../pages/overview.js')).Overview }), '/'),
  place('channels', 'watch', async () => ({ default: (await import('../pages/channels.js')).Channels })),
  place('schema', 'data', async () => ({ default: (await import('../pages/schema.js')).Schema })),
  place('conflicts', 'data', async () => ({ default: (await import('../pages/conflicts.js')).Conflicts })),
  place('equality', 'data', async () => ({ default: (await import('../pages/equality.js')).Equality })),
  place('files', 'data', async () => ({ default: (await import('../pages/files.js')).Files })),
  place('servers', 'system', async () => ({ default: (await import('../pages/servers.js')).Servers })),
  place('workers', 'system', async () => ({ default: (await import('../pages/workers.js')).Workers })),
  place('audit', 'system', async () => ({ default: (await import('../pages/audit.js')).Audit })),
  place('access', 'system', async () => ({ default: (await import('../pages/access.js')).Access })),
  place('help', 'system', async () => ({ default: (await import('../pages/help.js')).Help })),
];

/** Of one channel: its tab stands in the path. */
export const channelPage = lazy(async () => ({ default: (await import('../pages/channel.js')).ChannelPage }));
export const newChannelPage = lazy(async () => ({ default: (await import('../pages/new-channel.js')).NewChannel }));
