/** One run of a pipeline: what it works with, the target and the topic that it is connected to, and how it ends. */
import { RecordDecoder } from '@lutra/avro';
import { requestTimeoutFor } from '@lutra/bus';
import type { BusOptions } from '@lutra/bus';
import type { WorkDeps } from '@lutra/host';
import type { Checkpoint } from '@lutra/marker';
import { rowsTopic, toSyncError } from '@lutra/model';
import type { Router } from '@lutra/model';
import type { ConnectionOptions } from '@lutra/mysql';
import { kafkaClient, loginOf } from '@lutra/registry';
import type { During, LiveWork } from '@lutra/runtime';
import type { DdlTarget } from './ddl/carry-out.js';
import type { DdlTimes } from './ddl/ddl-stage.js';
import type { FilesRoom } from './files/files-room.js';
import type { KafkaPort, LoaderIo } from './io.js';
import type { Attempt } from './recover/recovery.js';
import { Bell } from './read/batches.js';
import { takeOverTarget } from './recover/take-over.js';
import { TargetWriter } from './commit/target-writer.js';
import { factsOfWork } from './assignments.js';
import type { LoaderWork } from './assignments.js';

export interface LoaderDeps extends WorkDeps {
  readonly io: LoaderIo;
  /** How schema changes are carried out at the target. */
  readonly ddl: {
    targetOf(run: LoaderRun, owned: Owned, of: { readonly router: Router }): DdlTarget;
    readonly times?: DdlTimes;
  };
}

/** What the run owns once it has taken the pipeline over in the target. */
export interface Owned {
  readonly checkpoint: Checkpoint;
  readonly writer: TargetWriter;
}

export class LoaderRun {
  readonly topic: string;
  readonly target: ConnectionOptions;
  readonly bus: BusOptions;
  readonly admin: ReturnType<KafkaPort['admin']>;
  readonly decoder: RecordDecoder;
  readonly during: During;
  /** For messages. */
  readonly kafkaName: string;
  /**
   * First seqs of large transactions that met a conflict in this run. The last one is not enough; counter-example: capture was replaced in
   * the middle of one, so the log has its first half, void, then all of it under another seq. Each would undo the other, for ever.
   */
  readonly resolved = new Set<number>();
  /** By first seq, how often a large transaction was read for its files alone. */
  readonly readAhead = new Map<number, number>();
  /** Wakes whoever reads a silent topic. */
  readonly bell = new Bell();
  /** Null: no rule names files, and none did in this run. */
  files: FilesRoom | null = null;
  /** Ends what belongs to the run. */
  readonly signal: AbortSignal;
  readonly #ended = new AbortController();
  #writer: TargetWriter | null = null;
  #work: LoaderWork;
  /** Ends what the stages of now have open. */
  #close: () => Promise<void> = async () => undefined;

  constructor(
    readonly deps: LoaderDeps,
    readonly live: LiveWork<LoaderWork>,
    readonly attempt: Attempt,
  ) {
    this.#work = live.take();
    const { id, uid, source, sourceRegion, target } = this.#work;
    this.topic = rowsTopic(source.name);
    this.target = loginOf(deps.secretKey, target);
    const requestTimeoutMs = requestTimeoutFor(source.topic.maxMessageBytes);
    this.bus = { ...kafkaClient(deps.secretKey, sourceRegion), clientId: `lutra-loader-${id}`, logger: deps.logger, requestTimeoutMs };
    this.admin = deps.io.kafka.admin(this.bus);
    this.decoder = new RecordDecoder({ ids: deps.schemas, later: true });
    this.during = deps.status.waits.during;
    this.kafkaName = `Kafka of region ${sourceRegion.name} (${this.bus.brokers.join(', ')})`;
    this.signal = AbortSignal.any([attempt.signal, this.#ended.signal]);
    deps.metrics.disconnected(id, 'kafka', 'target');
    deps.status.update({ uid });
  }

  /** What the run works by now. */
  get work(): LoaderWork {
    return this.#work;
  }

  /** From a transaction boundary on. Its connections are those of the work before. */
  follow(work: LoaderWork): void {
    this.#work = work;
  }

  /** The fence: whoever wrote as this pipeline before fails from here on. @throws SyncError CHECKPOINT_MISSING; TARGET_*, … */
  async takeOver(): Promise<Owned> {
    const { deps, work, target, admin, topic, signal, attempt } = this;
    const { io, metrics, logger, registry } = deps;
    const { id: name, uid } = work;
    const owned = `its row in lutra.checkpoint at ${target.host}:${target.port}, ZooKeeper or ${this.kafkaName}`;
    const of = { uid, name, facts: factsOfWork(work), topic, leaseNumber: attempt.leaseNumber, signal };
    const isFollowed = async (): Promise<boolean> => (await deps.tree.look()) === null;
    const parts = { uids: registry.uids, admin, takeOver: io.target.takeOver, fence: io.target.fence, isFollowed };
    const checkpoint = await this.during(owned, () => takeOverTarget(parts, target, of));
    metrics.connected.set({ name, to: 'target' }, 1);
    const { epoch, logId: log, seq, nextOffset: offset, replayUntil } = checkpoint;
    logger.info({ uid, epoch, log, seq, offset, replayUntil }, 'took the pipeline over');
    const writer = new TargetWriter({
      target,
      port: io.target,
      key: { pipeline: uid, part: 0, lane: 0, epoch },
      observe: (seconds) => metrics.applySeconds.observe({ name }, seconds),
    });
    this.#writer = writer;
    // A target that does not answer must not keep an ended run for as long as an answer may take.
    signal.addEventListener('abort', () => void writer.dispose(), { once: true });
    return { checkpoint, writer };
  }

  /** Called when the run has ended, in place of the one before. */
  closing(close: () => Promise<void>): void {
    this.#close = close;
  }

  /** Ends the run. */
  end(error: unknown): void {
    this.#ended.abort(toSyncError(error));
  }

  /** What ended it. A refusal may rest on a definition that somebody has changed since: then it is none. */
  async judged(thrown: unknown): Promise<unknown> {
    if (toSyncError(thrown).outcome !== 'stop' || this.attempt.signal.aborted) return thrown;
    try {
      await this.#writer?.requireSameTables();
    } catch (error) {
      return error;
    }
    return thrown;
  }

  async close(): Promise<void> {
    this.deps.metrics.disconnected(this.work.id, 'kafka', 'target');
    this.#ended.abort();
    await Promise.allSettled([this.files?.close(), this.#writer?.dispose(), this.admin.close(), this.#close()]);
  }
}
