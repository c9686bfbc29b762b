/**
 * A pipeline's position, set by a person. Back: a part of the log is applied once more, in safe mode. Ahead: it is left out, and that is
 * recorded in lutra.skipped in the transaction that moves the checkpoint row. What lies between is read first, by the rule of the loader:
 * so the position is proven, and nothing is passed over that the loader must have seen. A crash at any instant leaves either the old
 * position or the new one; the loader that is at work fails at its fence and reads the row again.
 */
import { Inject, Injectable } from '@nestjs/common';
import type { Checkpoint } from '@lutra/marker';
import { createRouter, pipelineRoutes, SyncError } from '@lutra/model';
import type { ResumePosition, TableSchema } from '@lutra/model';
import { loadTable, moveCheckpoint, readCheckpoint, readSuspended, requireReplayable, Session } from '@lutra/mysql';
import type { Registry } from '@lutra/registry';
import type { Logger } from '@lutra/telemetry';
import { ChannelActionService } from '../channels/channel-action.service.js';
import { flowsOf } from '../channels/flow.js';
import { overwrittenBy } from '../channels/overwritten.js';
import { readConfiguration } from '../configuration/configuration.js';
import type { Problem } from '../configuration/problem.js';
import type { PipelinePosition } from '../http/schemas.js';
import { LOGGER, REGISTRY } from '../tokens.js';
import { consequenceOfMove } from './consequence.js';
import { destinationOf } from './destination.js';
import { rangeAhead, rangeBack } from './moved-range.js';
import { PipelineService } from './pipeline.service.js';
import { RecoverySubjectService } from './recovery-subject.service.js';
import type { Subject } from './recovery-subject.service.js';
import type { LogRange } from './log-range.js';
import type { RewindPreview, RewindTo, RewindWrite } from './recovery.schemas.js';
import { positionTo } from './rewind-target.js';
import { skippedRange } from './skipped-range.js';

/** Looked at, and not done yet. */
interface Move {
  readonly subject: Subject;
  readonly checkpoint: Checkpoint;
  readonly position: ResumePosition;
  readonly isAhead: boolean;
  /** What lies between. */
  readonly range: LogRange;
}

@Injectable()
export class RewindService {
  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(RecoverySubjectService) private readonly subjects: RecoverySubjectService,
    @Inject(PipelineService) private readonly pipelines: PipelineService,
    @Inject(ChannelActionService) private readonly actions: ChannelActionService,
  ) {}

  /** Where it would lead. Nothing is written. @throws SyncError as rewind() does for what cannot be done at all */
  async preview(channel: string, name: string, { to, overwrite = false }: Asked): Promise<RewindPreview> {
    const move = await this.#look(await this.subjects.find(channel, name), to);
    const { subject, checkpoint, position, isAhead, range } = move;
    const others = isAhead || overwrite ? [] : await this.#others(subject.id);
    return {
      dryRun: true,
      pipeline: subject.id,
      direction: isAhead ? 'ahead' : 'back',
      from: { log: checkpoint.logId, seq: checkpoint.seq, nextOffset: checkpoint.nextOffset },
      to: { log: position.log, seq: position.seq, nextOffset: position.nextOffset, gtid: position.source?.gtid ?? null },
      ...range.size,
      rows: [...range.rows].map(([table, rows]) => ({ table, rows })),
      consequence: consequenceOfMove(move),
      problems: others.length > 0 ? [overwritten(subject.id, others)] : [],
    };
  }

  /**
   * @throws SyncError CONFIG_INVALID (nothing lies between, or something that cannot be replayed or left out), CONFIG_CONFLICT (other
   * pipelines write there; a way ahead is not accepted; the checkpoint moved meanwhile), LOG_START_LOST, LOG_TRUNCATED, LOG_FOREIGN,
   * LOG_GAP, APPLY_REFUSED, CHECKPOINT_MISSING, TARGET_*, KAFKA_*
   */
  async rewind(channel: string, name: string, { to, reason, overwrite = false, accept = false }: Asked): Promise<PipelinePosition> {
    const subject = await this.subjects.find(channel, name);
    // Whoever accepts a way ahead knows where it leads; anybody else is told before a server is asked.
    if (!overwrite && !accept) await this.#requireAlone(subject.id);
    const move = await this.#look(subject, to);
    const { checkpoint, position, isAhead } = move;
    if (isAhead) await this.#skip(move, { reason, accept });
    else await this.#rewind(move, overwrite);
    const { id: pipeline } = subject;
    this.logger.info(
      { pipeline, from: checkpoint.seq, to: position.seq, offset: position.nextOffset, reason, overwrite },
      isAhead ? 'skipped ahead' : 'rewound',
    );
    await this.actions.retry({ channel });
    return this.pipelines.position(channel, name);
  }

  async #look(subject: Subject, to: RewindTo): Promise<Move> {
    const { id, uid, target, log, pipeline } = subject;
    const checkpoint = await readCheckpoint(target, uid, 0);
    if (!checkpoint) throw new SyncError('CHECKPOINT_MISSING', `lutra.checkpoint has no row for ${id} (uid ${uid})`);
    if (checkpoint.logId === '')
      throw new SyncError('CONFIG_INVALID', `pipeline ${id} has applied nothing yet, so it has no position to go back to or ahead from`);
    const position = await positionTo(log, checkpoint, to);
    const { seq } = position;
    if (seq === checkpoint.seq)
      throw new SyncError('CONFIG_INVALID', `pipeline ${id} is there: it has applied up to seq ${seq}`, { details: { seq } });
    const isAhead = seq > checkpoint.seq;
    const suspended = await readSuspended(target, uid);
    const of = { pipeline, suspended, router: createRouter(pipelineRoutes(pipeline), suspended) };
    const range = isAhead ? rangeAhead(log.topic, checkpoint, of) : rangeBack(log.topic, position, of);
    const move = { subject, checkpoint, position, isAhead, range };
    await this.#follow(move, isAhead ? anchorOf(position) : anchorOf(resumeOf(checkpoint)));
    return move;
  }

  async #rewind({ subject, checkpoint, position, range }: Move, overwrite: boolean): Promise<void> {
    const { id, uid, target } = subject;
    if (!overwrite) await this.#requireAlone(id);
    let known = checkpoint;
    await moveCheckpoint(target, {
      pipeline: uid,
      part: 0,
      destination: async (current) => {
        // The loader has gone on meanwhile: that is replayed, too. Where somebody else has moved it, what was read above proves nothing.
        if (!current || current.logId !== known.logId || current.seq < known.seq) throw moved(id);
        await this.#follow({ subject, range, isAhead: false }, anchorOf(resumeOf(current)));
        known = current;
        return { ...destinationOf(position), replayUntil: Math.max(current.replayUntil, current.seq) };
      },
    });
  }

  /** The omission comes first: one too many can be confirmed, one too few is never seen. */
  async #skip(move: Move, { reason, accept }: { readonly reason: string; readonly accept: boolean }): Promise<void> {
    const { subject, checkpoint, position, range } = move;
    const { id, uid, target } = subject;
    if (!accept) {
      const consequence = consequenceOfMove(move);
      throw new SyncError('CONFIG_CONFLICT', `${consequence} Say "accept": true if that is wanted.`, { details: { seq: position.seq } });
    }
    const where = `seq ${checkpoint.seq + 1} to ${position.seq}`;
    const omission = { kind: 'skip', what: 'range', tables: [...range.rows.keys()].slice(0, mostTables), where, at: Date.now() } as const;
    await this.registry.omissions.add(`pipeline@${uid}`, [{ ...omission, record: null }]);
    let from = checkpoint.seq;
    await moveCheckpoint(target, {
      pipeline: uid,
      part: 0,
      destination: (current) => {
        if (!current || current.logId !== checkpoint.logId || current.seq < checkpoint.seq || current.seq >= position.seq) throw moved(id);
        from = current.seq;
        return { ...destinationOf(position), replayUntil: current.replayUntil };
      },
      also: () => [skippedRange({ uid, name: id, position, from: from + 1, reason, rows: range.rows, ...range.size })],
    });
  }

  /** Reads on from where the range ends, up to a record that must be there. */
  async #follow({ subject, range, isAhead }: Pick<Move, 'subject' | 'range' | 'isAhead'>, to: Anchor): Promise<void> {
    for await (const record of subject.log.read(range.nextOffset, to.nextOffset)) range.add(record);
    range.end(to);
    if (!isAhead) await this.#requireReplayable(subject, range.tables);
  }

  async #requireAlone(id: string): Promise<void> {
    const others = await this.#others(id);
    if (others.length === 0) return;
    const { what, fix } = overwritten(id, others);
    throw new SyncError('CONFIG_CONFLICT', `${what}. ${fix ?? ''}`, { details: { pipelines: others.join() } });
  }

  async #others(id: string): Promise<readonly string[]> {
    const flows = (await readConfiguration(this.registry)).channels.flatMap(flowsOf);
    const rewound = flows.find((flow) => flow.id === id);
    return rewound ? overwrittenBy(rewound, flows) : [];
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
}

export type Asked = Pick<RewindWrite, 'reason' | 'overwrite' | 'accept'> & { readonly to: RewindTo };

/** All omissions of a pipeline are one document. */
const mostTables = 20;

interface Anchor {
  readonly log: string;
  readonly epoch: number;
  readonly seq: number;
  readonly nextOffset: number;
}

function anchorOf({ log, epoch, seq, nextOffset }: ResumePosition): Anchor {
  return { log, epoch, seq, nextOffset };
}

export function resumeOf({ logId: log, logEpoch: epoch, seq, nextOffset }: Checkpoint): ResumePosition {
  return { log, epoch, seq, nextOffset, source: null };
}

function moved(id: string): SyncError {
  return new SyncError('CONFIG_CONFLICT', `the checkpoint of ${id} was moved meanwhile; try again`);
}

function overwritten(id: string, others: readonly string[]): Problem {
  const what = `pipeline ${id} is not the only one that replicates its tables (${others.join(', ')})`;
  const why = 'a rewind puts older versions of the source over what was changed at the target since, and nobody sends that again';
  return { id: 'rewind-overwrites', severity: 'error', what: `${what}: ${why}`, fix: 'Say "overwrite": true if that is wanted.' };
}
