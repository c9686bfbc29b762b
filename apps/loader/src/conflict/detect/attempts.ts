/**
 * Target transactions that are begun, wait with their locks, and are committed by who has looked at them; tried again where the server
 * rolled them back because of others.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { checkpointStatement } from '@lutra/marker';
import type { Checkpoint } from '@lutra/marker';
import { toSyncError } from '@lutra/model';
import { openingText } from '@lutra/mysql';
import type { ApplyConnection } from '@lutra/mysql';
import { isTransient } from '../../commit/target-writer.js';
import type { TargetWriter } from '../../commit/target-writer.js';
import type { Peers } from './peers.js';

export interface AttemptsOptions {
  readonly writer: Pick<TargetWriter, 'ready' | 'used' | 'drop' | 'observe'>;
  readonly peers: Pick<Peers, 'caughtUp'>;
}

const busyTries = 8;

export class Attempts {
  readonly #options: AttemptsOptions;

  constructor(options: AttemptsOptions) {
    this.#options = options;
  }

  /** What is missing stays missing until it ends. */
  async begin(checkpoint: Checkpoint): Promise<ApplyConnection> {
    const connection = await this.#options.writer.ready();
    await connection.run(openingText(checkpointStatement(checkpoint), { repeatable: true }));
    return connection;
  }

  async commit(connection: ApplyConnection, startedAt: number): Promise<void> {
    await connection.commit();
    this.#options.writer.used();
    this.#options.writer.observe(startedAt);
  }

  /** On the spot, on a connection whose settings nobody has touched. */
  async retried<T>(work: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await work();
      } catch (error) {
        await this.#options.writer.drop();
        const { code } = toSyncError(error);
        if (code === 'CAPTURE_BEHIND') await this.#options.peers.caughtUp();
        else if (isTransient(error) && attempt < busyTries) await delay(10 * 2 ** attempt * Math.random());
        else throw error;
      }
    }
  }
}
