/**
 * The uids of a channel's pipelines, and what ZooKeeper keeps beside them. The documents are the truth of which pipelines there are: an entry
 * is marked as removed before its document is written and kept after it, so that a crash in between leaves one that is marked and in use,
 * which nobody can adopt, and never one that is gone and unmarked.
 */
import { Inject, Injectable } from '@nestjs/common';
import { pipelineName, toSyncError } from '@lutra/model';
import type { ChannelDocument, ChannelInput, PipelineDocument, PipelineUid } from '@lutra/model';
import { fence } from '@lutra/mysql';
import { openPassword } from '@lutra/registry';
import type { Registry, UidEntry } from '@lutra/registry';
import type { Logger } from '@lutra/telemetry';
import { findDocument, listDocuments } from '../configuration/configuration.js';
import { RefusedError } from '../configuration/problem.js';
import { limited } from '../endpoints/server-checks.js';
import { LOGGER, REGISTRY, SECRET_KEY } from '../tokens.js';
import type { SecretKey } from '../tokens.js';
import { factsOf, withUids } from './uids.js';

export type Removed = Pick<PipelineDocument, 'name' | 'uid' | 'target'>;

@Injectable()
export class UidService {
  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(SECRET_KEY) private readonly key: SecretKey,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** The pipelines as they are to be stored. @throws RefusedError CONFIG_CONFLICT with the whole list */
  async of(input: Pick<ChannelInput, 'name' | 'pipelines'>, existing: readonly PipelineDocument[]): Promise<PipelineDocument[]> {
    const channels = await listDocuments(this.registry.channels);
    const inUse = new Set(channels.flatMap(({ pipelines }) => pipelines.map(({ uid }) => uid)));
    const entries = new Map<PipelineUid, UidEntry>();
    for (const { adopt } of input.pipelines) {
      const entry = adopt && (await this.registry.uids.read(adopt));
      if (entry) entries.set(adopt, entry);
    }
    const { pipelines, problems } = withUids(input, { existing, inUse, entries });
    if (problems.length > 0) throw new RefusedError('CONFIG_CONFLICT', `channel ${input.name} is not written`, problems);
    return pipelines;
  }

  /** Before a document is removed that cannot be read: by what ZooKeeper keeps beside the uids. */
  async removeAllOf(channel: string): Promise<readonly Removed[]> {
    const entries = [...(await this.registry.uids.all())].filter(([, entry]) => entry.channel === channel && entry.removedAt === undefined);
    for (const [uid, entry] of entries) {
      const { pipeline, source, target, fingerprint } = entry;
      await this.registry.uids.remove(uid, { channel, pipeline, source, target, fingerprint });
    }
    return entries.map(([uid, { pipeline: name, target }]) => ({ uid, name, target }));
  }

  /** Before the document is written. */
  async remove(channel: string, removed: readonly PipelineDocument[]): Promise<void> {
    for (const pipeline of removed) await this.registry.uids.remove(pipeline.uid, factsOf(channel, pipeline));
  }

  /** After the document was written. One that is adopted has a row, also where ZooKeeper has lost that: if it is missing, it is not made. */
  async keep({ name, pipelines }: ChannelDocument, adopted: ReadonlySet<PipelineUid>): Promise<void> {
    for (const pipeline of pipelines) {
      const facts = factsOf(name, pipeline);
      const isLost = adopted.has(pipeline.uid) && (await this.registry.uids.read(pipeline.uid)) === null;
      await (isLost ? this.registry.uids.begin(pipeline.uid, facts) : this.registry.uids.keep(pipeline.uid, facts));
    }
  }

  /**
   * When they are removed: no loader of them writes any more. Never throws. Where a target cannot be asked, the next new pipeline to it does
   * this before its first row.
   */
  async fence(channel: string, removed: readonly Removed[]): Promise<void> {
    await Promise.all(removed.map((pipeline) => this.#fence(channel, pipeline)));
  }

  async #fence(channel: string, { name, uid, target }: Removed): Promise<void> {
    const pipeline = pipelineName(channel, name);
    try {
      // One that never began has no row; its loader asks for its routes before its first one.
      if ((await this.registry.uids.read(uid))?.begunAt === undefined) return;
      const { document } = await findDocument(this.registry.endpoints, 'endpoint', target);
      await fence(limited({ ...document, password: openPassword(this.key, document) }), uid);
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
export function withoutUids(before: readonly PipelineDocument[], after: readonly PipelineDocument[]): readonly PipelineDocument[] {
  return before.filter(({ uid }) => !after.some((pipeline) => pipeline.uid === uid));
}
