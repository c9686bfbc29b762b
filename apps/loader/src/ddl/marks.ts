/** Marked transactions around a schema change: fence and marker first, then the row of lutra.ddl. On a connection that nobody else uses. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Checkpoint } from '@lutra/marker';
import type { ConnectionOptions, SqlText } from '@lutra/mysql';
import type { TargetPort } from '../io.js';
import { isTransient, TargetWriter } from '../commit/target-writer.js';

export interface MarksOptions {
  readonly target: ConnectionOptions;
  readonly port: Pick<TargetPort, 'connect' | 'loadTable'>;
  readonly key: Pick<Checkpoint, 'pipeline' | 'part' | 'lane' | 'epoch'>;
}

/** The same failure of a lock is met by one that works on the row of the checkpoint for a moment. */
const tries = 5;

export class Marks {
  readonly #writer: TargetWriter;

  constructor({ target, port, key: { pipeline, part, lane, epoch } }: MarksOptions) {
    this.#writer = new TargetWriter({ target, port, key: { pipeline, part, lane, epoch }, observe: () => undefined });
  }

  /** The position stays. @throws SyncError as ApplyConnection.run */
  async write(text: SqlText, { origin, path }: Pick<Checkpoint, 'origin' | 'path'>): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#writer.open({ origin, path });
        await this.#writer.chunk(text);
        await this.#writer.opened().commit();
        return this.#writer.used();
      } catch (error) {
        if (!isTransient(error) || attempt === tries) throw error;
        await delay(10 * 2 ** attempt * Math.random());
      }
    }
  }

  /** With the position. @throws SyncError as ApplyConnection.run */
  async move(text: SqlText, checkpoint: Checkpoint): Promise<void> {
    await this.#writer.commit(text, checkpoint);
  }

  async close(): Promise<void> {
    await this.#writer.dispose();
  }
}
