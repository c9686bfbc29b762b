/** Rows that differ, at the targets where they were compared: one target after the other, in pages. */
import { Inject, Injectable } from '@nestjs/common';
import { SyncError, toSyncError } from '@lutra/model';
import { Session } from '@lutra/mysql';
import type { ResultRow } from '@lutra/mysql';
import type { Registry } from '@lutra/registry';
import { findDocument } from '../configuration/configuration.js';
import { PipelineAccessService } from '../pipelines/pipeline-access.service.js';
import { REGISTRY } from '../tokens.js';
import { cursorAt, differenceQuery, parseCursor, printCursor, toDifference } from './difference-queries.js';
import type { AskedTarget, Cursor } from './difference-queries.js';
import type { Difference, DifferenceList, DifferenceQuery } from './verification.schemas.js';

const answerTimeoutMs = 15_000;

@Injectable()
export class DifferenceService {
  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(PipelineAccessService) private readonly pipelines: PipelineAccessService,
  ) {}

  /** @throws SyncError CONFIG_MISSING, CONFIG_INVALID, CONFIG_CONFLICT (lutra.difference is not there) */
  async list(channel: string, query: DifferenceQuery): Promise<DifferenceList> {
    const cursor = query.after === undefined ? null : parseCursor(query.after);
    const targets = await this.#targets(channel, query.pipeline);
    const request = query.request ?? (await this.registry.verifications.read(channel))?.document.id;
    if (request === undefined) throw new SyncError('CONFIG_MISSING', `channel ${channel} has no verification; name a request`);
    const begin = cursor ? targets.findIndex(({ target }) => target === cursor.target) : 0;
    if (begin < 0) throw new SyncError('CONFIG_INVALID', 'after: its target is none of those that are asked for');
    const list: DifferenceList = { differences: [], next: null, unreachable: [] };
    let last: Cursor | null = null;
    for (const asked of targets.slice(begin)) {
      const left = query.limit - list.differences.length;
      // Whether more comes is known where one more is asked for.
      const from = cursor?.target === asked.target ? cursor : null;
      const rows = await this.#ask(
        asked,
        differenceQuery(asked, { requests: [request], query: { ...query, limit: left + 1 }, from }),
        list,
      );
      for (const row of rows.slice(0, left)) {
        list.differences.push(toDifference(asked, row) satisfies Difference);
        last = cursorAt(asked.target, row);
      }
      if (rows.length > left) return { ...list, next: last && printCursor(last) };
    }
    return list;
  }

  async #targets(channel: string, pipeline: string | undefined): Promise<readonly AskedTarget[]> {
    const { document } = await findDocument(this.registry, 'channel', channel);
    const asked = document.pipelines.filter(({ name }) => pipeline === undefined || name === pipeline);
    if (asked.length === 0) throw new SyncError('CONFIG_MISSING', `channel ${channel} has no pipeline ${pipeline}`);
    return [...Map.groupBy(asked, ({ target }) => target)].map(([target, pipelines]) => ({
      target,
      pipelines: new Map(pipelines.map(({ uid, name }) => [uid, name])),
    }));
  }

  /** A target that does not answer is named, and does not fail the whole. */
  async #ask({ target }: AskedTarget, sql: string, list: DifferenceList): Promise<readonly ResultRow[]> {
    try {
      const { document } = await findDocument(this.registry, 'endpoint', target);
      const session = await Session.open({ ...this.pipelines.connectionTo(document), answerTimeoutMs }, 'target');
      try {
        return await session.query(sql);
      } finally {
        await session.close();
      }
    } catch (error) {
      const { code, message } = toSyncError(error);
      if (code === 'TABLE_MISSING') {
        const what = `lutra.difference does not exist at endpoint ${target}: run schemas/lutra.sql on that server as an administrator`;
        throw new SyncError('CONFIG_CONFLICT', what, { details: { endpoint: target } });
      }
      if (!code.startsWith('TARGET_')) throw error;
      list.unreachable.push({ endpoint: target, code, message });
      return [];
    }
  }
}
