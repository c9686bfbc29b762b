/**
 * The uids of a channel's pipelines, and what ZooKeeper keeps beside them. The documents are the truth of which pipelines there are; an
 * entry changes in the transaction of its document.
 */
import { Inject, Injectable } from '@nestjs/common';
import { pipelineName, toSyncError } from '@lutra/model';
import type { ChannelInput, PipelineDocument, PipelineUid, StoredChannel } from '@lutra/model';
import { fence, readCheckpoint } from '@lutra/mysql';
import type { ConnectionOptions } from '@lutra/mysql';
import { factsOf, loginOf } from '@lutra/registry';
import type { Operation, PipelineFacts, Registry, UidEntry } from '@lutra/registry';
import type { Logger } from '@lutra/telemetry';
import { findDocument } from '../configuration/configuration.js';
import type { Configuration } from '../configuration/configuration.js';
import { RefusedError } from '../configuration/problem.js';
import type { Problem } from '../configuration/problem.js';
import { limited } from '../endpoints/server-checks.js';
import { LOGGER, REGISTRY, SECRET_KEY } from '../tokens.js';
import type { SecretKey } from '../tokens.js';
import { since, supersededProblem, withUids } from './uids.js';

export type Removed = Pick<PipelineDocument, 'name' | 'uid' | 'target'>;

export interface Removal extends Removed {
  readonly facts: PipelineFacts;
}

@Injectable()
export class UidService {
  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(SECRET_KEY) private readonly key: SecretKey,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** The pipelines as they are to be stored. @throws RefusedError CONFIG_CONFLICT with the whole list */
  async of(
    input: Pick<ChannelInput, 'name' | 'pipelines'>,
    existing: readonly PipelineDocument[],
    { channels }: Pick<Configuration, 'channels'>,
  ): Promise<PipelineDocument[]> {
    const inUse = new Set(channels.flatMap(({ pipelines }) => pipelines.map(({ uid }) => uid)));
    const adopted = adoptedBy(input);
    const entries = adopted.size > 0 ? await this.registry.uids.all() : new Map<PipelineUid, UidEntry>();
    const { pipelines, problems } = withUids(input, { existing, inUse, entries });
    const all =
      problems.length > 0
        ? problems
        : await this.#superseded(
            input.name,
            pipelines.filter(({ uid }) => adopted.has(uid) && !inUse.has(uid)),
            entries,
          );
    if (all.length > 0) throw new RefusedError('CONFIG_CONFLICT', `channel ${input.name} is not written`, all);
    return pipelines;
  }

  /**
   * Others that may have brought the same rows to the target since: theirs would be applied a second time. One that has applied nothing has
   * not; its row tells.
   */
  async #superseded(
    channel: string,
    adopting: readonly PipelineDocument[],
    entries: ReadonlyMap<PipelineUid, UidEntry>,
  ): Promise<readonly Problem[]> {
    const problems: Problem[] = [];
    for (const { name, uid, target } of adopting) {
      for (const [later, entry] of since(uid, entries)) {
        const what = await this.#applied(target, later);
        const whose = `pipeline ${pipelineName(entry.channel, entry.pipeline)} (uid ${later})`;
        if (what !== null)
          problems.push(supersededProblem(`pipeline ${pipelineName(channel, name)}: uid ${uid} cannot be adopted: ${whose} ${what}`));
      }
    }
    return problems;
  }

  /** null: nothing. */
  async #applied(target: string, uid: PipelineUid): Promise<string | null> {
    try {
      const row = await readCheckpoint(await this.#login(target), uid, 0);
      if (row === null) return 'may have brought rows from the same source to the same target since, and its row there is gone';
      return row.logId === '' ? null : 'has brought rows from the same source to the same target since';
    } catch (error) {
      return `may have brought rows to ${target} since, and that cannot be asked now: ${toSyncError(error).message}`;
    }
  }

  async #login(endpoint: string): Promise<ConnectionOptions> {
    const { document } = await findDocument(this.registry, 'endpoint', endpoint);
    return limited(loginOf(this.key, document));
  }

  /** Of a channel whose document cannot be read: by what ZooKeeper keeps beside the uids. */
  async allOf(channel: string): Promise<readonly Removal[]> {
    const entries = [...(await this.registry.uids.readable())].filter(
      ([, entry]) => entry.channel === channel && entry.removedAt === undefined,
    );
    return entries.map(([uid, { pipeline: name, source, target, fingerprint }]) => ({
      uid,
      name,
      target,
      facts: { channel, pipeline: name, source, target, fingerprint },
    }));
  }

  /** What is written with the document that no longer has them; who adopts one skips nothing. @param revision that this write makes */
  removing(removed: readonly Removal[], revision: number): Promise<readonly (Operation | null)[]> {
    const { uids, skips, seeds, seedProgress } = this.registry;
    return Promise.all(
      removed.flatMap(({ uid, facts }) => [
        uids.removing(uid, facts, revision),
        skips.removing(uid),
        seeds.removing(uid),
        seedProgress.removing(uid),
      ]),
    );
  }

  /**
   * What is written with the document. One that is adopted has a row, also where ZooKeeper has lost that: if it is missing, it is not made.
   * @param revision that this write makes
   */
  keeping({ name, pipelines }: StoredChannel, adopted: ReadonlySet<PipelineUid>, revision: number): Promise<readonly (Operation | null)[]> {
    const keeping = (pipeline: PipelineDocument): Promise<Operation | null> =>
      this.registry.uids.keeping(pipeline.uid, factsOf(name, pipeline), { revision, begun: adopted.has(pipeline.uid) });
    return Promise.all(pipelines.map(keeping));
  }

  /**
   * When they are removed: no loader of them writes any more. Never throws. Where a target cannot be asked, the next new pipeline to it
   * does this before its first row.
   */
  async fence(channel: string, removed: readonly Removed[]): Promise<void> {
    await Promise.all(removed.map((pipeline) => this.#fence(channel, pipeline)));
  }

  async #fence(channel: string, { name, uid, target }: Removed): Promise<void> {
    const pipeline = pipelineName(channel, name);
    try {
      // One that never began has no row; its loader asks for its routes before its first one.
      if ((await this.registry.uids.read(uid))?.begunAt === undefined) return;
      await fence(await this.#login(target), uid);
      await this.registry.uids.fenced(uid);
      this.logger.info({ pipeline, uid, endpoint: target }, 'removed: no loader of it can write any more');
    } catch (error) {
      const { code, message: reason } = toSyncError(error);
      this.logger.warn({ pipeline, uid, endpoint: target, code, reason }, 'removed, but its row in lutra.checkpoint has its owner still');
    }
  }
}

/** What a body adopts. */
export function adoptedBy({ pipelines }: Pick<ChannelInput, 'pipelines'>): ReadonlySet<PipelineUid> {
  return new Set(pipelines.flatMap(({ adopt }) => adopt ?? []));
}

/** Those of `before` that `after` has not. */
export function removedFrom({ name: channel, pipelines }: StoredChannel, after: readonly PipelineDocument[]): readonly Removal[] {
  return pipelines
    .filter(({ uid }) => !after.some((pipeline) => pipeline.uid === uid))
    .map((pipeline) => ({ ...pipeline, facts: factsOf(channel, pipeline) }));
}
