/** What a route is, in the table of roles. Control does not start with a route that has none. */
import { SetMetadata } from '@nestjs/common';
import type { ActionName } from '@lutra/model';

export const allowKey = 'lutra:allow';

/** Where the channel's name is that the request is about. */
export type ChannelAt = 'channel' | 'name' | 'body' | 'history' | null;

export interface Allowed {
  readonly action: ActionName | 'open';
  readonly channelAt: ChannelAt;
}

/** `channelAt`: the parameter of the path; body: its `name`; history: `name` where `kind` is channels. null: it is about none. */
export const Allow = (action: ActionName, channelAt: ChannelAt = null): MethodDecorator & ClassDecorator =>
  SetMetadata(allowKey, { action, channelAt } satisfies Allowed);

/** Answers everybody: probes, and what leads to a login. */
export const AllowEverybody = (): MethodDecorator & ClassDecorator =>
  SetMetadata(allowKey, { action: 'open', channelAt: null } satisfies Allowed);
