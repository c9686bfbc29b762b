/**
 * One write of configuration at a time, over all control processes: the rules look at all documents, which ZooKeeper cannot lock together.
 * A lease is a hint: a process that sleeps for longer than its session may still write after another. Hence the rules run again at start.
 */
import { Inject, Injectable } from '@nestjs/common';
import { SyncError } from '@lutra/model';
import type { Registry } from '@lutra/registry';
import { REGISTRY } from '../tokens.js';

const boundMs = 10_000;

@Injectable()
export class WriteLock {
  constructor(@Inject(REGISTRY) private readonly registry: Registry) {}

  /** @throws SyncError ZOOKEEPER_UNAVAILABLE when it is not our turn in time, and what `write` throws */
  async run<T>(write: () => Promise<T>): Promise<T> {
    const waiting = new AbortController();
    const giveUp = (): void =>
      waiting.abort(new SyncError('ZOOKEEPER_UNAVAILABLE', 'ZooKeeper, or another control process that writes, took too long'));
    const bound = setTimeout(giveUp, boundMs);
    const grant = await this.registry
      .lease('control/configuration', { brief: true })
      .acquire(waiting.signal)
      .finally(() => clearTimeout(bound));
    try {
      return await write();
    } finally {
      await grant.release();
    }
  }
}
