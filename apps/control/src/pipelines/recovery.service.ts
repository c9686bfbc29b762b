/**
 * Restart: a pipeline that cannot go on goes on at an end of the topic, or behind a dump. It is one UPDATE of the checkpoint row at the
 * target, behind a lock on it; the row is the only truth, so a crash of anything at any instant leaves either the old position or the new
 * one. The loader that is at work fails at its fence and reads the row again; `retry` wakes one that stopped. A rewind is the same.
 */
import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { isHeld, suspendedOf, SyncError, tableName } from '@lutra/model';
import type { ResumePosition } from '@lutra/model';
import { moveCheckpoint, readCheckpoint } from '@lutra/mysql';
import { factsOf } from '@lutra/registry';
import type { Registry } from '@lutra/registry';
import type { Logger } from '@lutra/telemetry';
import { ChannelActionService } from '../channels/channel-action.service.js';
import { ConfigurationService } from '../configuration/configuration.service.js';
import { errorsOf, RefusedError } from '../configuration/problem.js';
import { LOGGER, REGISTRY } from '../tokens.js';
import type { HealedPipeline } from '../verifications/heal.js';
import { HealService, holeOf } from '../verifications/heal.service.js';
import type { Hole } from '../unequal/unequal-queries.js';
import { positionOfDump, newestRoutes } from './dump-position.js';
import { consequenceOf } from './consequence.js';
import { destinationOf } from './destination.js';
import { firstPosition, lastPosition } from './log-search.js';
import type { LogEnds } from './log-search.js';
import { PipelineService } from './pipeline.service.js';
import { RecoverySubjectService } from './recovery-subject.service.js';
import type { Subject } from './recovery-subject.service.js';
import type { RestartAnswer, RestartAt, RestartWrite } from './recovery.schemas.js';

@Injectable()
export class PipelineRecoveryService {
  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(RecoverySubjectService) private readonly subjects: RecoverySubjectService,
    @Inject(PipelineService) private readonly pipelines: PipelineService,
    @Inject(ChannelActionService) private readonly actions: ChannelActionService,
    @Inject(ConfigurationService) private readonly configuration: ConfigurationService,
    @Inject(HealService) private readonly heals: HealService,
  ) {}

  /**
   * @throws SyncError CONFIG_CONFLICT with the consequences unless they are accepted; LOG_EMPTIED (no record to go on from), TOPIC_MISSING,
   * TARGET_*, KAFKA_*
   */
  async restart(channel: string, name: string, { at, reason, accept = false, then }: RestartWrite): Promise<RestartAnswer> {
    const subject = await this.subjects.find(channel, name);
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
}
