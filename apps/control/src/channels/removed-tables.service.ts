/** Remembers which tables leave a pipeline, and refuses those that come in again unless an operator says that they are seeded anew. */
import { Inject, Injectable } from '@nestjs/common';
import { pipelineName } from '@lutra/model';
import type { ChannelDocument, ChannelInput, PipelineDocument, PipelineInput } from '@lutra/model';
import type { Operation, Registry } from '@lutra/registry';
import { RefusedError } from '../configuration/problem.js';
import type { Problem } from '../configuration/problem.js';
import { REGISTRY } from '../tokens.js';
import { comingBack, leaving } from './removed-tables.js';

@Injectable()
export class RemovedTablesService {
  constructor(@Inject(REGISTRY) private readonly registry: Registry) {}

  /** @throws RefusedError CONFIG_CONFLICT with the tables */
  async require(before: ChannelDocument, after: ChannelInput): Promise<void> {
    const problems: Problem[] = [];
    for (const { id, old, now } of inBoth(before, after))
      problems.push(...comingBack(id, await this.registry.left.read(old.uid), old, now));
    if (problems.length > 0) throw new RefusedError('CONFIG_CONFLICT', `channel ${after.name} cannot be changed so yet`, problems);
  }

  /** To be written with the change. While the topic has not begun, nothing can be missing in it. */
  async remembering(before: ChannelDocument, after: ChannelInput): Promise<readonly (Operation | null)[]> {
    const operations: (Operation | null)[] = [];
    for (const { old, now } of inBoth(before, after)) {
      const tables = leaving(old, now);
      if (tables.length > 0 && (await this.registry.logs.read(old.source)))
        operations.push(await this.registry.left.adding(old.uid, tables));
    }
    return operations;
  }
}

interface InBoth {
  /** `<channel>.<pipeline>` */
  readonly id: string;
  readonly old: PipelineDocument;
  readonly now: PipelineInput;
}

function inBoth(before: ChannelDocument, after: ChannelInput): readonly InBoth[] {
  return after.pipelines.flatMap((now) => {
    const old = before.pipelines.find(({ name }) => name === now.name);
    return old ? [{ id: pipelineName(before.name, now.name), old, now }] : [];
  });
}
