/** Whether what is written at the source of a pipeline comes through: where its position must be, for who watches it. */
import { Injectable } from '@nestjs/common';
import { writeProbe } from '@lutra/mysql';
import { findDocument } from '../configuration/configuration.js';
import { PipelineAccessService } from '../pipelines/pipeline-access.service.js';
import type { Probe } from './prepare.schemas.js';

@Injectable()
export class ProbeService extends PipelineAccessService {
  async probe(channel: string, name: string): Promise<Probe> {
    const { pipeline } = await this.find(channel, name);
    const { document: source } = await findDocument(this.registry, 'endpoint', pipeline.source);
    return writeProbe(this.connectionTo(source));
  }
}
