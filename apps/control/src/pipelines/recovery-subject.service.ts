/** The pipeline that a recovery action is about, its target, and its log. */
import { Inject, Injectable } from '@nestjs/common';
import { rowsTopic } from '@lutra/model';
import type { EndpointDocument, PipelineDocument, PipelineUid } from '@lutra/model';
import type { ConnectionOptions } from '@lutra/mysql';
import type { Registry, SchemaStore } from '@lutra/registry';
import { findDocument } from '../configuration/configuration.js';
import { REGISTRY, SCHEMAS } from '../tokens.js';
import { PipelineService } from './pipeline.service.js';
import { TopicReader } from './topic-reader.js';

/** A range of many millions of records takes minutes to read. */
const searchMs = 30 * 60_000;

export interface Subject {
  readonly channel: string;
  /** `<channel>.<pipeline>`, for people. */
  readonly id: string;
  readonly uid: PipelineUid;
  readonly pipeline: PipelineDocument;
  readonly target: ConnectionOptions;
  readonly log: TopicReader;
}

@Injectable()
export class RecoverySubjectService {
  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(SCHEMAS) private readonly schemas: SchemaStore,
    @Inject(PipelineService) private readonly pipelines: PipelineService,
  ) {}

  async find(channelName: string, name: string): Promise<Subject> {
    const { pipeline, id } = await this.pipelines.find(channelName, name);
    const target: EndpointDocument = (await findDocument(this.registry, 'endpoint', pipeline.target)).document;
    const { document: source } = await findDocument(this.registry, 'endpoint', pipeline.source);
    const { document: region } = await findDocument(this.registry, 'region', source.region);
    const topic = rowsTopic(source.name);
    const log = new TopicReader(this.pipelines.busOf(region), { topic, schemas: this.schemas, signal: AbortSignal.timeout(searchMs) });
    return { channel: channelName, id, uid: pipeline.uid, pipeline, target: this.pipelines.connectionTo(target), log };
  }
}
