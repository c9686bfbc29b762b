/**
 * A pipeline's position in its log, as the target, the topic and ZooKeeper know it, and the way past a transaction that the target refuses
 * for good.
 */
import { Inject, Injectable } from '@nestjs/common';
import { BusAdmin } from '@lutra/bus';
import { rowsTopic, SyncError } from '@lutra/model';
import type { EndpointDocument, PipelineUid, WorkStatus } from '@lutra/model';
import { readCheckpoint } from '@lutra/mysql';
import type { Registry } from '@lutra/registry';
import type { Logger } from '@lutra/telemetry';
import { ChannelActionService } from '../channels/channel-action.service.js';
import { findDocument } from '../configuration/configuration.js';
import { holdOf, loaderOf } from '../ddl/held-pipelines.js';
import type { PipelinePosition, SkipWrite } from '../http/schemas.js';
import { LOGGER, REGISTRY, SECRET_KEY } from '../tokens.js';
import type { SecretKey } from '../tokens.js';
import { connectTimeoutMs, PipelineAccessService } from './pipeline-access.service.js';
import { recordsBehind } from './records-behind.js';

@Injectable()
export class PipelineService extends PipelineAccessService {
  constructor(
    @Inject(REGISTRY) registry: Registry,
    @Inject(SECRET_KEY) key: SecretKey,
    @Inject(LOGGER) logger: Logger,
    @Inject(ChannelActionService) private readonly actions: ChannelActionService,
  ) {
    super(registry, key, logger);
  }

  async position(channelName: string, name: string): Promise<PipelinePosition> {
    const { pipeline, id } = await this.find(channelName, name);
    const { document: target } = await findDocument(this.registry, 'endpoint', pipeline.target);
    const { document: source } = await findDocument(this.registry, 'endpoint', pipeline.source);
    const [checkpoint, topic, backup, skip, statuses] = await Promise.all([
      this.#checkpoint(target, pipeline.uid),
      this.#topic(source),
      this.registry.logs.read(source.name),
      this.registry.skips.read(pipeline.uid),
      this.registry.status.list(),
    ]);
    const loaders = statuses.filter((status) => status.app === 'loader' && status.uid === pipeline.uid);
    return {
      pipeline: id,
      uid: pipeline.uid,
      checkpoint: checkpoint && {
        log: checkpoint.logId,
        seq: checkpoint.seq,
        nextOffset: checkpoint.nextOffset,
        gtid: checkpoint.gtid,
        sourceUs: checkpoint.sourceUs,
        origin: checkpoint.origin,
        epoch: checkpoint.epoch,
        replayUntil: checkpoint.replayUntil,
      },
      topic: topic && { name: rowsTopic(source.name), ...topic },
      captured: backup && { log: backup.document.log, seq: backup.document.seq, position: backup.document.position },
      recordsBehind: topic && checkpoint ? recordsBehind(topic.end, checkpoint, loaders) : null,
      skip: skip && { log: skip.log, seq: skip.seq, reason: skip.reason },
    };
  }

  /**
   * Orders the loader to skip one transaction and lets it try again. At a schema change it is the answer `skip`.
   * @throws SyncError CONFIG_INVALID if it is not the one that the pipeline stopped at
   */
  async skip(channelName: string, name: string, { seq, reason }: SkipWrite): Promise<PipelinePosition> {
    const { id, pipeline } = await this.find(channelName, name);
    const worker = loaderOf(pipeline, await this.registry.status.list());
    const stopped = stoppedAt(worker);
    if (!stopped || stopped.seq !== seq) {
      const where = stopped ? `it stopped at seq ${stopped.seq}` : 'it has not stopped at a transaction';
      throw new SyncError('CONFIG_INVALID', `pipeline ${id}: seq ${seq} cannot be skipped: ${where}`, { details: { seq } });
    }
    const hold = holdOf(worker);
    if (hold && !hold.ways.includes('skip'))
      throw new SyncError('CONFIG_INVALID', `pipeline ${id}: seq ${seq} cannot be skipped: ${hold.message}`);
    await this.registry.skips.order(pipeline.uid, { log: stopped.log, seq, reason, at: Date.now() });
    this.logger.warn({ pipeline: id, uid: pipeline.uid, seq, reason }, 'a transaction will be skipped');
    // One that holds asks for orders by itself.
    if (!hold) await this.actions.retry({ channel: channelName });
    return this.position(channelName, name);
  }

  async #checkpoint(target: EndpointDocument, uid: PipelineUid): ReturnType<typeof readCheckpoint> {
    return readCheckpoint(this.connectionTo(target), uid, 0);
  }

  /** null while the topic does not exist. */
  async #topic(source: EndpointDocument): Promise<{ start: number; end: number } | null> {
    const { document: region } = await findDocument(this.registry, 'region', source.region);
    const admin = new BusAdmin({ ...this.busOf(region), requestTimeoutMs: connectTimeoutMs });
    try {
      const topic = rowsTopic(source.name);
      return (await admin.exists(topic)) ? await admin.offsets(topic) : null;
    } finally {
      await admin.close();
    }
  }
}

function stoppedAt(worker: WorkStatus | null): { readonly log: string; readonly seq: number } | null {
  const hold = holdOf(worker);
  if (hold) return { log: hold.log, seq: hold.seq };
  const { seq, log } = (worker?.state === 'failed' && worker.lastError?.details) || {};
  return typeof seq === 'number' && typeof log === 'string' ? { log, seq } : null;
}
