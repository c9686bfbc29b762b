/**
 * What loaders write to `lutra.signal` → control records, which stand behind the last row of the transaction that wrote them.
 *
 * A watermark says that all that was committed before it has been published; that is so wherever it stands. A resolution belongs to the
 * decision that was committed with it, so it counts in a loader's transaction only; and its `seen` is of after that transaction.
 * Counter-example for the `seen` of before: the change that lost at home would not be in it, its region would take it for a change that
 * came after, and keep it.
 */
import { readSignal } from '@lutra/marker';
import type { Signal } from '@lutra/marker';
import type { ControlRecord, RowImage, Seen, TableSchema } from '@lutra/model';

export type SignalRecord = Extract<ControlRecord, { kind: 'watermark' | 'resolution' }>;

/** Of one transaction. Its resolution records are held until it is committed, however many; of watermarks only each pipeline's last. */
export class Signals {
  readonly #resolutions: Extract<Signal, { kind: 'resolution' }>[] = [];
  readonly #watermarks = new Map<string, string>();

  /**
   * False: no watermark, and no loader's transaction around it. It is not even read, so that what somebody writes by hand stops nothing.
   * @throws SyncError CHECKPOINT_INVALID if the row cannot be read, LEVEL_TOO_NEW for a kind that is not known
   */
  take(table: Pick<TableSchema, 'database' | 'name'>, image: RowImage, isMarked: boolean): boolean {
    if (!isMarked && image.after && image.after['kind'] !== 'watermark') return false;
    const signal = readSignal(table, image);
    if (signal?.kind === 'resolution') this.#resolutions.push(signal);
    if (signal?.kind === 'watermark') this.#watermarks.set(signal.pipeline, signal.token);
    return true;
  }

  /** In the order in which they were written. `seen`: as it is after the transaction. */
  *records({ endpoint, seen, tsMs }: { endpoint: string; seen: Seen; tsMs: number }): Generator<SignalRecord> {
    for (const resolution of this.#resolutions) yield { ...resolution, endpoint, seen, tsMs };
    for (const [pipeline, token] of this.#watermarks) yield { kind: 'watermark', endpoint, pipeline, token, tsMs };
  }
}
