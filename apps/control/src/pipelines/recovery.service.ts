/**
 * The recovery actions for a pipeline that cannot go on, or whose target was changed by hand: rewind (apply a part of the log once more)
 * and restart (go on at an end of the topic). Both are one UPDATE of the checkpoint row at the target, behind a lock on it; the row is the
 * only truth, so a crash of anything at any instant leaves either the old position or the new one. The loader that is at work fails at its
 * fence and reads the row again; `retry` wakes one that stopped.
 */
import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { Checkpoint } from '@lutra/marker';
import { createRouter, isHeld, pipelineRoutes, rowsTopic, suspendedOf, SyncError, tableName } from '@lutra/model';
import type { EndpointDocument, ResumePosition, PipelineDocument, PipelineUid, TableSchema } from '@lutra/model';
import { loadTable, moveCheckpoint, readCheckpoint, readSuspended, requireReplayable, Session } from '@lutra/mysql';
import type { ConnectionOptions } from '@lutra/mysql';
import { factsOf } from '@lutra/registry';
import type { Registry, SchemaStore } from '@lutra/registry';
import type { Logger } from '@lutra/telemetry';
import { ChannelActionService } from '../channels/channel-action.service.js';
import { flowsOf } from '../channels/flow.js';
import { overwrittenBy } from '../channels/overwritten.js';
import { findDocument, readConfiguration } from '../configuration/configuration.js';
import { ConfigurationService } from '../configuration/configuration.service.js';
import { errorsOf, RefusedError } from '../configuration/problem.js';
import type { PipelinePosition } from '../http/schemas.js';
import { LOGGER, REGISTRY, SCHEMAS } from '../tokens.js';
import { concerns } from '../ddl/concerns.js';
import type { HealedPipeline } from '../verifications/heal.js';
import { HealService, holeOf } from '../verifications/heal.service.js';
import type { Hole } from '../unequal/unequal-queries.js';
import { positionOfDump, newestRoutes } from './dump-position.js';
import { consequenceOf } from './consequence.js';
import { destinationOf } from './destination.js';
import { firstPosition, lastPosition, positionAt } from './log-search.js';
import type { LogEnds } from './log-search.js';
import { PipelineService } from './pipeline.service.js';
import { ReplayRange } from './replay-range.js';
import { TopicReader } from './topic-reader.js';
import type { RestartAnswer, RestartAt, RestartWrite, RewindWrite } from './recovery.schemas.js';

/** A range of many millions of records takes minutes to read. */
const searchMs = 30 * 60_000;

interface Subject {
  readonly channel: string;
  /** `<channel>.<pipeline>`, for people. */
  readonly id: string;
  readonly uid: PipelineUid;
  readonly pipeline: PipelineDocument;
  readonly target: ConnectionOptions;
  readonly log: TopicReader;
}

@Injectable()
export class PipelineRecoveryService {
  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(SCHEMAS) private readonly schemas: SchemaStore,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(PipelineService) private readonly pipelines: PipelineService,
    @Inject(ChannelActionService) private readonly actions: ChannelActionService,
    @Inject(ConfigurationService) private readonly configuration: ConfigurationService,
    @Inject(HealService) private readonly heals: HealService,
  ) {}

  /**
   * @throws SyncError CONFIG_INVALID (nothing to rewind over, or something that cannot be replayed), CONFIG_CONFLICT (other pipelines write
   * there; the checkpoint moved meanwhile), LOG_START_LOST, LOG_TRUNCATED, LOG_FOREIGN, LOG_GAP, APPLY_REFUSED, CHECKPOINT_MISSING,
   * TARGET_*, KAFKA_*
   */
  async rewind(channel: string, name: string, { seq, reason, overwrite = false }: RewindWrite): Promise<PipelinePosition> {
    const subject = await this.#subject(channel, name);
    const { id, uid, target, log } = subject;
    if (!overwrite) await this.#requireAlone(id);
    const checkpoint = await readCheckpoint(target, uid, 0);
    if (!checkpoint) throw new SyncError('CHECKPOINT_MISSING', `lutra.checkpoint has no row for ${id} (uid ${uid})`);
    const position = await this.#positionBefore(subject, checkpoint, seq);
    const router = createRouter(pipelineRoutes(subject.pipeline), await readSuspended(target, uid));
    const range = new ReplayRange(log.topic, position, (record) => concerns(record, router));
    let known = await this.#follow(subject, range, checkpoint);
    await moveCheckpoint(target, {
      pipeline: uid,
      part: 0,
      destination: async (current) => {
        // The loader has gone on meanwhile: that is replayed, too. Where somebody else has moved it, what was read above proves nothing.
        if (!current || current.logId !== known.logId || current.seq < known.seq)
          throw new SyncError('CONFIG_CONFLICT', `the checkpoint of ${id} was moved by someone else; try again`);
        known = await this.#follow(subject, range, current);
        return { ...destinationOf(position), replayUntil: Math.max(current.replayUntil, current.seq) };
      },
    });
    this.logger.info({ pipeline: id, from: known.seq, to: position.seq, offset: position.nextOffset, reason, overwrite }, 'rewound');
    await this.actions.retry({ channel });
    return this.pipelines.position(channel, name);
  }

  /**
   * @throws SyncError CONFIG_CONFLICT with the consequences unless they are accepted; LOG_EMPTIED (no record to go on from), TOPIC_MISSING,
   * TARGET_*, KAFKA_*
   */
  async restart(channel: string, name: string, { at, reason, accept = false, then }: RestartWrite): Promise<RestartAnswer> {
    const subject = await this.#subject(channel, name);
    const { id, uid, target } = subject;
    const to = await this.#restartPosition(subject, at);
    const before = await readCheckpoint(target, uid, 0);
    const healed = then ? [await this.pipelines.find(channel, name)] : [];
    const following = then ? await this.heals.consequences(healed) : [];
    const consequence = [consequenceOf(at, to, before), ...following.map(({ what }) => `${what}.`)].join(' ');
    if (errorsOf(following).length > 0) throw new RefusedError('CONFIG_CONFLICT', `pipeline ${id} cannot be restarted so`, following);
    if (!accept)
      throw new SyncError('CONFIG_CONFLICT', `${consequence} Say "accept": true if that is wanted.`, { details: { seq: to.seq } });
    const hole = holeOf(randomUUID(), reason);
    const since = healed.length === 0 ? 0 : await this.heals.raise(healed, hole);
    await moveCheckpoint(target, { pipeline: uid, part: 0, destination: () => ({ ...destinationOf(to), replayUntil: -1 }) });
    // Before this the row could have been lost: from now on one that is missing is an error again.
    await this.registry.uids.begin(uid, factsOf(channel, subject.pipeline));
    const verification = await this.#verify(healed, hole, since);
    this.logger.info(
      { pipeline: id, at, from: before?.seq ?? null, log: to.log, to: to.seq, offset: to.nextOffset, reason, verification },
      'restarted',
    );
    await this.actions.retry({ channel });
    return { ...(await this.pipelines.position(channel, name)), consequence, verification };
  }

  /** @throws SyncError LOG_EMPTIED, TOPIC_MISSING, KAFKA_* */
  async #restartPosition(subject: Subject, at: RestartAt): Promise<ResumePosition> {
    const { log } = subject;
    const ends = await log.ends();
    const position = await this.#positionAt(subject, ends, at);
    // A topic that never had a record is read from its beginning: that is both of its ends.
    const fresh: ResumePosition = { log: '', epoch: -1, seq: -1, nextOffset: 0, source: null };
    const to = position ?? (ends.start === 0 && at === 'start' ? fresh : null);
    if (to) return to;
    throw new SyncError('LOG_EMPTIED', `${log.topic} holds no end of a transaction to go on from; wait for capture's next heartbeat`);
  }

  /** Behind the new position. Entries that a worker ended between, which was at an earlier hole, are raised once more. */
  async #verify(healed: readonly HealedPipeline[], hole: Hole, since: number): Promise<string | null> {
    if (healed.length === 0) return null;
    const ordered = await this.configuration.write(async () => {
      const of = { request: hole.request, by: hole.reason, restarts: [], since };
      const { ordered: answer, operations } = await this.heals.orders(healed, of);
      return { answer, operations };
    });
    await this.heals.raise(healed, hole);
    return ordered[0]?.id ?? null;
  }

  /** null: there is none. @throws SyncError CONFIG_INVALID, LOG_START_LOST where a dump's position cannot be proven */
  async #positionAt({ id, pipeline, log }: Subject, ends: LogEnds, at: RestartAt): Promise<ResumePosition | null> {
    const replicating = { ...pipeline, id };
    const newest = await newestRoutes(log, ends, (await this.registry.logs.read(pipeline.source))?.document ?? null);
    // Whoever begins behind the record that suspends a table is not told of it.
    const [suspended] = newest ? suspendedOf(newest, replicating) : [];
    if (suspended)
      throw new SyncError(
        'CONFIG_INVALID',
        `${log.topic} leaves out ${tableName(suspended)} of ${id}, which is suspended (${suspended.code}): put it into "exclude" of the pipeline first`,
      );
    if (at === 'start') return firstPosition(log, ends);
    if (at !== 'end') return positionOfDump(log, ends, { topic: log.topic, dump: at, pipeline: replicating, newest });
    if (newest && !isHeld(newest, replicating))
      throw new SyncError(
        'CONFIG_INVALID',
        `${log.topic} does not hold all tables of ${id} yet: start or pause its channel, and ask again`,
      );
    return lastPosition(log, ends);
  }

  async #subject(channelName: string, name: string): Promise<Subject> {
    const { pipeline, id } = await this.pipelines.find(channelName, name);
    const target: EndpointDocument = (await findDocument(this.registry, 'endpoint', pipeline.target)).document;
    const { document: source } = await findDocument(this.registry, 'endpoint', pipeline.source);
    const { document: region } = await findDocument(this.registry, 'region', source.region);
    const topic = rowsTopic(source.name);
    const log = new TopicReader(this.pipelines.busOf(region), { topic, schemas: this.schemas, signal: AbortSignal.timeout(searchMs) });
    return { channel: channelName, id, uid: pipeline.uid, pipeline, target: this.pipelines.connectionTo(target), log };
  }

  /** The last position at or before `seq`, counted back from the checkpoint. */
  async #positionBefore({ id, log }: Subject, checkpoint: Checkpoint, seq: number): Promise<ResumePosition> {
    if (seq >= checkpoint.seq) {
      const what = `pipeline ${id} has applied up to seq ${checkpoint.seq}; ${seq} is not before that`;
      throw new SyncError('CONFIG_INVALID', what, { details: { seq } });
    }
    const ends = await log.ends();
    const { topic } = log;
    if (checkpoint.nextOffset > ends.end)
      throw new SyncError('LOG_TRUNCATED', `${topic} ends at offset ${ends.end}, before the checkpoint (${checkpoint.nextOffset})`);
    const offset = checkpoint.nextOffset - 1 - (checkpoint.seq - seq);
    const position = offset < ends.start - 1 ? null : await positionAt(log, ends, { seq, offset });
    if (!position) throw await this.#startLost(log, ends, seq);
    if (position.log === checkpoint.logId) return position;
    throw new SyncError('LOG_FOREIGN', `${topic} has log id ${position.log}, the checkpoint ${checkpoint.logId}`);
  }

  /** Reads on from where `range` ends up to a checkpoint, which must be a record of it. */
  async #follow(subject: Subject, range: ReplayRange, to: Checkpoint): Promise<Checkpoint> {
    for await (const record of subject.log.read(range.nextOffset, to.nextOffset)) range.add(record);
    range.end({ log: to.logId, epoch: to.logEpoch, seq: to.seq });
    await this.#requireReplayable(subject, range.tables);
    return to;
  }

  async #requireAlone(id: string): Promise<void> {
    const flows = (await readConfiguration(this.registry)).channels.flatMap(flowsOf);
    const rewound = flows.find((flow) => flow.id === id);
    const others = rewound ? overwrittenBy(rewound, flows) : [];
    if (others.length === 0) return;
    const what = `pipeline ${id} is not the only one that replicates its tables (${others.join(', ')})`;
    const why = 'a rewind puts older versions of the source over what was changed at the target since, and nobody sends that again';
    throw new SyncError('CONFIG_CONFLICT', `${what}: ${why}. Say "overwrite": true if that is wanted.`, {
      details: { pipelines: others.join() },
    });
  }

  /** What is suspended is not replayed either. */
  async #requireReplayable({ uid, pipeline, target }: Subject, tables: ReadonlySet<TableSchema>): Promise<void> {
    const router = createRouter(pipelineRoutes(pipeline), await readSuspended(target, uid));
    const session = await Session.open(target, 'target');
    try {
      for (const source of tables) {
        const name = router(source);
        if (name) requireReplayable(source, await loadTable(session, name.database, name.name));
      }
    } finally {
      await session.close();
    }
  }

  async #startLost(log: TopicReader, ends: LogEnds, seq: number): Promise<SyncError> {
    const earliest = ends.start === ends.end ? null : await firstPosition(log, ends);
    const instead = earliest ? `the earliest that can be had is ${earliest.seq}` : 'it holds no whole transaction';
    return new SyncError('LOG_START_LOST', `${log.topic}: seq ${seq} was removed; ${instead}`, {
      details: { seq, ...(earliest && { earliest: earliest.seq }) },
    });
  }
}
