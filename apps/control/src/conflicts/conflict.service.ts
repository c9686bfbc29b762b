/**
 * Decided conflicts of a channel. Each is recorded at the target of its pipeline, committed with its decision; so every target is asked,
 * and one that does not answer is named instead of failing the whole.
 */
import { Inject, Injectable } from '@nestjs/common';
import { pipelineName, SyncError, toSyncError } from '@lutra/model';
import type { ChannelDocument, PipelineDocument } from '@lutra/model';
import type { ConnectionOptions, ResultRow } from '@lutra/mysql';
import type { Registry } from '@lutra/registry';
import { findDocument } from '../configuration/configuration.js';
import { PipelineAccessService } from '../pipelines/pipeline-access.service.js';
import { REGISTRY } from '../tokens.js';
import { mergePages, parseCursor } from './conflict-page.js';
import { countsQuery, findQuery, listQuery, toCount, toEntry, toListed } from './conflict-queries.js';
import type { Selection } from './conflict-queries.js';
import { askConflicts } from './conflict-target.js';
import type { ConflictCounts, ConflictEntry, ConflictFilter, ConflictList, ConflictPageQuery, Unreachable } from './conflict.schemas.js';

/** A target and the pipelines of the channel that write there. */
interface Asked {
  readonly target: string;
  readonly pipelines: readonly string[];
}

type Answers = readonly { readonly target: string; readonly rows: readonly ResultRow[] }[];

@Injectable()
export class ConflictService {
  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(PipelineAccessService) private readonly pipelines: PipelineAccessService,
  ) {}

  /** @throws SyncError CONFIG_MISSING, CONFIG_INVALID, CONFIG_CONFLICT (lutra.conflict is not there) */
  async list(channel: string, { limit, before, pipeline, ...filter }: ConflictPageQuery): Promise<ConflictList> {
    const asked = await this.#targets(channel, pipeline);
    const from = parseCursor(
      before,
      asked.map(({ target }) => target),
    );
    const { answers, unreachable } = await this.#ask(asked, filter, (selection, target) =>
      listQuery(selection, { limit, before: from.get(target) }),
    );
    const found = answers.map(({ target, rows }) => ({ target, entries: rows.map((row) => toListed(target, row)) }));
    const { entries, next } = mergePages(found, { from, limit });
    return { conflicts: [...entries], next, unreachable };
  }

  /** @throws as list() */
  async counts(channel: string, { pipeline, ...filter }: ConflictFilter): Promise<ConflictCounts> {
    const { answers, unreachable } = await this.#ask(await this.#targets(channel, pipeline), filter, countsQuery);
    const counts = answers.flatMap(({ rows }) => rows.map(toCount));
    return { counts: counts.toSorted((a, b) => b.count - a.count), unreachable };
  }

  /** @throws as list(); TARGET_* */
  async find(channel: string, name: string, id: number): Promise<{ readonly entry: ConflictEntry; readonly pipeline: PipelineDocument }> {
    const { pipeline, id: known } = await this.pipelines.find(channel, name);
    const [row] = await askConflicts(pipeline.target, await this.connectionTo(pipeline.target), findQuery(known, id));
    if (row) return { entry: toEntry(pipeline.target, row), pipeline };
    throw new SyncError('CONFIG_MISSING', `there is no conflict ${id} of pipeline ${known} at ${pipeline.target}`);
  }

  async connectionTo(endpoint: string): Promise<ConnectionOptions> {
    return this.pipelines.connectionTo((await findDocument(this.registry, 'endpoint', endpoint)).document);
  }

  async #targets(channel: string, pipeline: string | undefined): Promise<readonly Asked[]> {
    if (pipeline !== undefined) {
      const found = await this.pipelines.find(channel, pipeline);
      return [{ target: found.pipeline.target, pipelines: [found.id] }];
    }
    return targetsOf((await findDocument(this.registry, 'channel', channel)).document);
  }

  async #ask(
    asked: readonly Asked[],
    filter: Selection['filter'],
    sqlOf: (selection: Selection, target: string) => string,
  ): Promise<{ readonly answers: Answers; readonly unreachable: Unreachable[] }> {
    const unreachable: Unreachable[] = [];
    const answers = await Promise.all(
      asked.map(async ({ target, pipelines }) => {
        const sql = sqlOf({ pipelines, filter }, target);
        try {
          return [{ target, rows: await askConflicts(target, await this.connectionTo(target), sql) }];
        } catch (error) {
          const { code, message } = toSyncError(error);
          if (!code.startsWith('TARGET_')) throw error;
          unreachable.push({ endpoint: target, code, message });
          return [];
        }
      }),
    );
    return { answers: answers.flat(), unreachable };
  }
}

export function targetsOf(channel: ChannelDocument): readonly Asked[] {
  return [...Map.groupBy(channel.pipelines, ({ target }) => target)].map(([target, pipelines]) => ({
    target,
    pipelines: pipelines.map(({ name }) => pipelineName(channel.name, name)),
  }));
}
