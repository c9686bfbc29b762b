/**
 * Barriers that control asks for: a record in the log, behind all that the binlog held up to the position that the order names. The order
 * is answered when Kafka has acknowledged the record, so that its seq is one of the log and of no other record. Counter-example to
 * answering before: capture is killed, the next one gives the seq to another record, in front of rows that the barrier stands for.
 */
import { barrierLevel } from '@lutra/model';
import type { BarrierAnswer, BarrierOrder } from '@lutra/model';
import type { Registry, Versioned } from '@lutra/registry';
import { sleep } from '@lutra/runtime';
import type { CaptureRun } from '../capture-run.js';
import type { Log } from '../seed/chunk-records.js';
import type { Places } from '../seed/places.js';
import type { Acknowledged } from './log-writer.js';

export interface BarriersOptions {
  readonly endpoint: string;
  /** server_uuid of the source. */
  readonly server: string | null;
  readonly barriers: Registry['barriers'];
  readonly log: Pick<Log, 'control'>;
  readonly places: Places;
  level(): number;
  warn(about: object, message: string): void;
  readonly pollMs: number;
  readonly signal: AbortSignal;
}

type Found = Versioned<BarrierOrder>;

export class Barriers {
  readonly #options: BarriersOptions;
  /** Orders that were looked at, by id: null for those that are not ours, or that are answered. */
  readonly #known = new Map<string, Found | null>();

  constructor(options: BarriersOptions) {
    this.#options = options;
  }

  /** Until the signal aborts. Replication does not wait for barriers: what fails is tried again. @throws SyncError ABORTED */
  async run(): Promise<void> {
    const { pollMs, signal, warn } = this.#options;
    for (let last = ''; ;) {
      const reason = await this.look().then(
        () => '',
        (error: unknown) => String(error),
      );
      if (reason !== '' && reason !== last && !signal.aborted) warn({ reason }, 'cannot look after barriers');
      last = reason;
      await sleep(pollMs, signal);
    }
  }

  /** @throws SyncError ZOOKEEPER_UNAVAILABLE */
  async look(): Promise<void> {
    const { barriers, level } = this.#options;
    if (level() < barrierLevel) return;
    const ids = await barriers.names();
    for (const id of this.#known.keys()) if (!ids.includes(id)) this.#known.delete(id);
    for (const id of ids) if (!this.#known.has(id)) await this.#take(id);
  }

  acknowledged(records: readonly Acknowledged[]): void {
    for (const { control, header } of records) {
      if (control?.kind !== 'barrier') continue;
      const { log, epoch, seq } = header;
      void this.#answer(control.id, { log, epoch, seq, at: Date.now() });
    }
  }

  async #take(id: string): Promise<void> {
    const { barriers, endpoint, server } = this.#options;
    const found = await barriers.read(id);
    const isOurs = found !== null && found.document.endpoint === endpoint && found.document.answer === null;
    this.#known.set(id, isOurs ? found : null);
    if (!isOurs) return;
    const { position, server: asked } = found.document;
    const isSame = asked === null || server === null || asked === server;
    if (isSame) this.#publish(id, found.document);
    else
      await this.#answer(id, {
        refused: `the source is another server than the one that named ${position.file}:${position.pos}`,
        at: Date.now(),
      });
  }

  #publish(id: string, { endpoint, position, pipelines }: BarrierOrder): void {
    const { places, log, signal, warn } = this.#options;
    places
      .at(position, () => log.control({ kind: 'barrier', endpoint, id, pipelines, tsMs: Date.now() }))
      .catch((error: unknown) => {
        if (!signal.aborted) warn({ id, reason: String(error) }, 'a barrier is not published');
      });
  }

  /** An order that is gone, or was answered by another leadership, stays as it is. */
  async #answer(id: string, answer: BarrierAnswer): Promise<void> {
    const { barriers, warn } = this.#options;
    const found = this.#known.get(id);
    if (!found) return;
    this.#known.set(id, null);
    try {
      await barriers.replace(id, { ...found.document, answer }, found.version);
    } catch (error) {
      // It is taken up once more: a record that comes twice is harmless.
      this.#known.delete(id);
      warn({ id, reason: String(error) }, 'a barrier cannot be answered yet');
    }
  }
}

/** Of one leadership. */
export function barriersOf(
  { deps, endpoint, signal }: CaptureRun,
  of: Pick<BarriersOptions, 'server' | 'log' | 'places' | 'pollMs'>,
): Barriers {
  const { registry, level, logger } = deps;
  return new Barriers({
    ...of,
    endpoint: endpoint.name,
    barriers: registry.barriers,
    level: () => level.current,
    warn: (about, message) => logger.warn(about, message),
    signal,
  });
}
