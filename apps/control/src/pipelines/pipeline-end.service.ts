/** Where a pipeline begins that copies what was there before: at the end of a topic in use. One transaction at the target. */
import { Inject, Injectable } from '@nestjs/common';
import { rowsTopic, suspendedOf, SyncError, tableName } from '@lutra/model';
import type { PipelineDocument } from '@lutra/model';
import { moveCheckpoint } from '@lutra/mysql';
import { factsOf } from '@lutra/registry';
import type { Registry, SchemaStore } from '@lutra/registry';
import type { Logger } from '@lutra/telemetry';
import { findDocument } from '../configuration/configuration.js';
import { LOGGER, REGISTRY, SCHEMAS } from '../tokens.js';
import { destinationOf } from './destination.js';
import { newestRoutes } from './dump-position.js';
import { lastPosition } from './log-search.js';
import { PipelineAccessService } from './pipeline-access.service.js';
import { TopicReader } from './topic-reader.js';

const boundMs = 60_000;

@Injectable()
export class PipelineEndService {
  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(SCHEMAS) private readonly schemas: SchemaStore,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(PipelineAccessService) private readonly pipelines: PipelineAccessService,
  ) {}

  /**
   * Of a pipeline that has no position yet; one that has it keeps it. What the topic lacks of its tables until capture knows the pipeline
   * is older than its first chunk, so it is copied.
   * @throws SyncError LOG_EMPTIED, CONFIG_INVALID (a table of it is suspended there), TARGET_*, KAFKA_*
   */
  async beginAtEnd(channel: string, pipeline: PipelineDocument): Promise<void> {
    const { document: source } = await findDocument(this.registry, 'endpoint', pipeline.source);
    const { document: target } = await findDocument(this.registry, 'endpoint', pipeline.target);
    const { document: region } = await findDocument(this.registry, 'region', source.region);
    const topic = rowsTopic(source.name);
    const log = new TopicReader(this.pipelines.busOf(region), { topic, schemas: this.schemas, signal: AbortSignal.timeout(boundMs) });
    const ends = await log.ends();
    const newest = await newestRoutes(log, ends, (await this.registry.logs.read(source.name))?.document ?? null);
    const [suspended] = newest ? suspendedOf(newest, pipeline) : [];
    if (suspended)
      throw new SyncError(
        'CONFIG_INVALID',
        `${topic} leaves out ${tableName(suspended)}, which is suspended (${suspended.code}): exclude it`,
      );
    const position = await lastPosition(log, ends);
    if (!position)
      throw new SyncError('LOG_EMPTIED', `${topic} holds no end of a transaction to begin at; wait for capture's next heartbeat`);
    await moveCheckpoint(this.pipelines.connectionTo(target), {
      pipeline: pipeline.uid,
      part: 0,
      destination: (current) => (current && current.logId !== '' ? current : { ...destinationOf(position), replayUntil: -1 }),
    });
    await this.registry.uids.begin(pipeline.uid, factsOf(channel, pipeline));
    this.logger.info(
      { pipeline: `${channel}.${pipeline.name}`, log: position.log, seq: position.seq },
      'begins at the end of the topic, with a seed',
    );
  }
}
