/**
 * What the target is asked beside the transaction that is under way, on a connection of its own. A watermark: its capture says that it has
 * published everything so far, by a write to lutra.signal that comes back through the log. And how far the pipelines of third regions are.
 */
import { checkpointProgress, watermarkStatement } from '@lutra/marker';
import { ApplyConnection } from '@lutra/mysql';
import { randomId, SyncError } from '@lutra/model';
import type { LogPosition } from '@lutra/model';
import type { ConnectionOptions, ResultRow } from '@lutra/mysql';

export class Watermark {
  readonly #target: ConnectionOptions;
  readonly #of: { readonly pipeline: string; readonly epoch: number };
  /** A log that is read again has the watermarks of others of this epoch: an equal token would say too early that all is read. */
  readonly #id = randomId();
  #connection: ApplyConnection | null = null;
  #closed = false;
  #number = 0;
  /** Settled when the connection is free. */
  #free: Promise<unknown> = Promise.resolve();

  constructor(target: ConnectionOptions, of: { readonly pipeline: string; readonly epoch: number }) {
    this.#target = target;
    this.#of = of;
  }

  /** Committed when it resolves; the token to wait for. @throws SyncError TARGET_* */
  async write(): Promise<string> {
    this.#number += 1;
    const token = `${this.#of.epoch}-${this.#id}-${this.#number}`;
    await this.query(watermarkStatement(this.#of.pipeline, token));
    return token;
  }

  /**
   * A statement outside the transaction that is under way, one at a time: while that one waits for its watermark, the reader may ask
   * already whether what comes next has to wait for third regions, or which texts are one value to a key. @throws SyncError TARGET_*,
   * ABORTED
   */
  query(sql: string): Promise<readonly ResultRow[]> {
    const answer = this.#free.then(async () => this.#query(sql));
    this.#free = answer.catch(() => undefined); // whoever asked has it from `answer`
    return answer;
  }

  /** Whoever asks later, as the reader of a log may that is about to end, opens no connection that nobody closes. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#connection?.close();
  }

  async #query(sql: string): Promise<readonly ResultRow[]> {
    if (!this.#closed && (!this.#connection || this.#connection.broken)) this.#connection = await ApplyConnection.open(this.#target);
    if (!this.#closed && this.#connection) return this.#connection.query(sql);
    await this.#connection?.close();
    throw new SyncError('ABORTED', 'the pipeline ends');
  }
}

/** Up to where other pipelines have applied their logs at the target. */
export class AppliedHere {
  readonly #target: Pick<Watermark, 'query'>;
  readonly #known = new Map<string, LogPosition>();

  constructor(target: Pick<Watermark, 'query'>) {
    this.#target = target;
  }

  /** By what is known already. */
  covers(pipeline: string, { log, seq }: LogPosition): boolean {
    const known = this.#known.get(pipeline);
    return known?.log === log && known.seq >= seq;
  }

  /** Asks. */
  async reaches(pipeline: string, position: LogPosition): Promise<boolean> {
    const seq = await this.seqIn(position.log, pipeline);
    if (seq !== null) this.#known.set(pipeline, { log: position.log, seq });
    return this.covers(pipeline, position);
  }

  /** Null if the pipeline's checkpoint is in another log. */
  async seqIn(log: string, pipeline: string): Promise<number | null> {
    const [row] = await this.#target.query(checkpointProgress(pipeline));
    return row && String(row['log_id']) === log ? Number(row['seq']) : null;
  }
}
