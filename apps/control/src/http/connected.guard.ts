/** Answers 503 soon while ZooKeeper does not answer, instead of letting each request wait for a whole session time-out. */
import { Inject, Injectable } from '@nestjs/common';
import type { CanActivate } from '@nestjs/common';
import type { Registry } from '@lutra/registry';
import { REGISTRY } from '../tokens.js';

/** Long enough to reconnect to another server of the ensemble. */
const graceMs = 1_500;

@Injectable()
export class ConnectedGuard implements CanActivate {
  constructor(@Inject(REGISTRY) private readonly registry: Registry) {}

  /** @throws SyncError ZOOKEEPER_UNAVAILABLE */
  async canActivate(): Promise<true> {
    if (!this.registry.connected) await this.registry.session.connected({ boundMs: graceMs });
    return true;
  }
}
