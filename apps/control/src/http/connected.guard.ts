/**
 * Answers 503 soon while ZooKeeper does not answer, instead of letting each request wait for a whole session time-out; and where the build
 * does not know the cluster's level. A request that changes something is refused while the tree has regressed: it would be made in a
 * configuration that nobody follows.
 */
import { Inject, Injectable, SetMetadata } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { ClusterLevel } from '@lutra/host';
import { regressionError } from '@lutra/model';
import type { Registry, TreeFollower } from '@lutra/registry';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { LEVEL, REGISTRY, TREE } from '../tokens.js';

/** Long enough to reconnect to another server of the ensemble. */
const graceMs = 1_500;
const whileRegressed = 'lutra:while-regressed';
const fromMemory = 'lutra:from-memory';

/** A request that changes nothing, or that leads out of CONFIG_REGRESSED. */
export const WhileRegressed = (): MethodDecorator => SetMetadata(whileRegressed, true);

/**
 * While ZooKeeper is away, this reading request is answered by what was known then; `Lutra-As-Of` says so. A session and a token that
 * control knew go on, too.
 */
export const FromMemory = (): MethodDecorator => SetMetadata(fromMemory, true);

/** For what answers whatever the level is. */
@Injectable()
export class ReachableGuard implements CanActivate {
  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(TREE) private readonly tree: TreeFollower,
    @Inject(Reflector) private readonly reflector: Reflector,
  ) {}

  /** @throws SyncError ZOOKEEPER_UNAVAILABLE, CONFIG_REGRESSED */
  async canActivate(context: ExecutionContext): Promise<true> {
    if (this.#isRemembered(context)) return true;
    if (!this.registry.connected) await this.registry.session.connected({ boundMs: graceMs });
    const { method } = context.switchToHttp().getRequest<IncomingMessage>();
    if (method === 'GET' || method === 'HEAD' || this.reflector.get(whileRegressed, context.getHandler()) === true) return true;
    const regression = await this.tree.look();
    if (regression) throw regressionError('control', regression);
    return true;
  }

  #isRemembered(context: ExecutionContext): boolean {
    const remembered = this.reflector.get(fromMemory, context.getHandler()) === true ? this.registry.snapshot.remembered() : null;
    if (!remembered) return false;
    context.switchToHttp().getResponse<ServerResponse>().setHeader('Lutra-As-Of', new Date(remembered.asOf).toISOString());
    return true;
  }
}

@Injectable()
export class ConnectedGuard implements CanActivate {
  constructor(
    @Inject(ReachableGuard) private readonly reachable: ReachableGuard,
    @Inject(LEVEL) private readonly level: ClusterLevel,
  ) {}

  /** @throws SyncError ZOOKEEPER_UNAVAILABLE, LEVEL_TOO_NEW, LEVEL_TOO_OLD, CONFIG_REGRESSED */
  async canActivate(context: ExecutionContext): Promise<true> {
    await this.reachable.canActivate(context);
    await this.level.ready(graceMs);
    return true;
  }
}
