/**
 * Decides by the table of roles whether who asks may do what the route is. A channel that he may not see answers as one that is not there;
 * what he may see and not do is refused by name.
 */
import { HttpException, Inject, Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import { SyncError } from '@lutra/model';
import type { ActionName } from '@lutra/model';
import type { Environment } from '../environment.js';
import { ENVIRONMENT } from '../tokens.js';
import type { Allowed } from './allow.js';
import { askerOf } from './asker.js';
import { showsMetrics } from './authentication.js';
import { mayDo, requireMay } from './person.js';
import { allowedOf } from './routes.js';

interface Asked {
  readonly params: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

@Injectable()
export class AccessGuard implements CanActivate {
  constructor(@Inject(ENVIRONMENT) private readonly environment: Pick<Environment, 'http' | 'host'>) {}

  /** @throws SyncError NOT_ALLOWED, CONFIG_MISSING; HttpException 401 */
  canActivate(context: ExecutionContext): true {
    const request = context.switchToHttp().getRequest<IncomingMessage & Asked>();
    const allowed = allowedOf(context.getClass(), context.getHandler());
    if (!allowed) throw new SyncError('INTERNAL', 'a route without @Allow');
    const { action } = allowed;
    if (action === 'open' || (action === 'metrics.read' && showsMetrics(this.environment, request))) return true;
    const asker = askerOf(request);
    if (!asker?.person) throw new HttpException('nobody has logged in', 401);
    asker.action = action;
    requireAllowed({ ...allowed, action }, request);
    return true;
  }
}

/** @throws SyncError NOT_ALLOWED, CONFIG_MISSING */
export function requireAllowed(allowed: Allowed & { readonly action: ActionName }, asked: Asked): void {
  const channel = channelOf(allowed, asked);
  if (channel !== null && allowed.channelAt !== 'body' && !mayDo('channel.read', channel)) throw missing(allowed, channel);
  requireMay(allowed.action, channel);
}

function channelOf({ channelAt }: Allowed, { params, body }: Asked): string | null {
  if (channelAt === null) return null;
  if (channelAt === 'history') return params['kind'] === 'channels' ? (params['name'] ?? null) : null;
  if (channelAt !== 'body') return params[channelAt] ?? null;
  const name: unknown = typeof body === 'object' && body !== null && 'name' in body ? body.name : null;
  return typeof name === 'string' ? name : null;
}

/** In the words of the services. */
function missing({ channelAt }: Allowed, channel: string): SyncError {
  const name = channel.slice(0, 100);
  if (channelAt === 'history') return new SyncError('CONFIG_MISSING', `there is no history of channels/${name}`);
  return new SyncError('CONFIG_MISSING', `there is no channel ${name}`, { details: { channel: name } });
}
