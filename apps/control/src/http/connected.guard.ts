/**
 * Answers 503 soon while ZooKeeper does not answer, instead of letting each request wait for a whole session time-out; and where the build
 * does not know the cluster's level.
 */
import { Inject, Injectable } from '@nestjs/common';
import type { CanActivate } from '@nestjs/common';
import type { ClusterLevel } from '@lutra/host';
import type { Registry } from '@lutra/registry';
import { LEVEL, REGISTRY } from '../tokens.js';

/** Long enough to reconnect to another server of the ensemble. */
const graceMs = 1_500;

/** For what answers whatever the level is. */
@Injectable()
export class ReachableGuard implements CanActivate {
  constructor(@Inject(REGISTRY) private readonly registry: Registry) {}

  /** @throws SyncError ZOOKEEPER_UNAVAILABLE */
  async canActivate(): Promise<true> {
    if (!this.registry.connected) await this.registry.session.connected({ boundMs: graceMs });
    return true;
  }
}

@Injectable()
export class ConnectedGuard implements CanActivate {
  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(LEVEL) private readonly level: ClusterLevel,
  ) {}

  /** @throws SyncError ZOOKEEPER_UNAVAILABLE, LEVEL_TOO_NEW, LEVEL_TOO_OLD */
  async canActivate(): Promise<true> {
    if (!this.registry.connected) await this.registry.session.connected({ boundMs: graceMs });
    await this.level.ready(graceMs);
    return true;
  }
}
