/**
 * Answers 503 soon while ZooKeeper does not answer, instead of letting each request wait for a whole session time-out. A request that
 * changes something is refused while the tree has regressed: it would be made in a configuration that nobody follows.
 */
import { Inject, Injectable, SetMetadata } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { regressionError } from '@lutra/model';
import type { Registry, TreeFollower } from '@lutra/registry';
import type { IncomingMessage } from 'node:http';
import { REGISTRY, TREE } from '../tokens.js';

/** Long enough to reconnect to another server of the ensemble. */
const graceMs = 1_500;
const whileRegressed = 'lutra:while-regressed';

/** A request that changes nothing, or that leads out of CONFIG_REGRESSED. */
export const WhileRegressed = (): MethodDecorator => SetMetadata(whileRegressed, true);

@Injectable()
export class ConnectedGuard implements CanActivate {
  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(TREE) private readonly tree: TreeFollower,
    @Inject(Reflector) private readonly reflector: Reflector,
  ) {}

  /** @throws SyncError ZOOKEEPER_UNAVAILABLE, CONFIG_REGRESSED */
  async canActivate(context: ExecutionContext): Promise<true> {
    if (!this.registry.connected) await this.registry.session.connected({ boundMs: graceMs });
    const { method } = context.switchToHttp().getRequest<IncomingMessage>();
    if (method === 'GET' || method === 'HEAD' || this.reflector.get(whileRegressed, context.getHandler()) === true) return true;
    const regression = await this.tree.look();
    if (regression) throw regressionError('control', regression);
    return true;
  }
}
