/** Rows that differ, at the targets where they were compared: one target after the other, in pages. */
import { Inject, Injectable } from '@nestjs/common';
import { SyncError, toSyncError } from '@lutra/model';
import type { ResultRow } from '@lutra/mysql';
import type { Registry } from '@lutra/registry';
import { findDocument } from '../configuration/configuration.js';
import { endedRepairs } from '../unequal/unequal-queries.js';
import { TargetQueryService } from '../pipelines/target-query.service.js';
import { REGISTRY } from '../tokens.js';
import { cursorAt, differenceQuery, parseCursor, printCursor, removalStatement, toDifference } from './difference-queries.js';
import type { AskedTarget, Cursor } from './difference-queries.js';
import type { Difference, DifferenceList, DifferenceQuery, Removed } from './verification.schemas.js';

const batchRows = 1_000;

@Injectable()
export class DifferenceService {
  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(TargetQueryService) private readonly servers: TargetQueryService,
  ) {}

  /** @throws SyncError CONFIG_MISSING, CONFIG_INVALID, CONFIG_CONFLICT (lutra.difference is not there) */
  async list(channel: string, query: DifferenceQuery): Promise<DifferenceList> {
    const cursor = query.after === undefined ? null : parseCursor(query.after);
    const targets = await this.targets(channel, query.pipeline);
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
      const rows = await this.#ask(asked, differenceQuery(asked, { request, query: { ...query, limit: left + 1 }, from }), list);
      for (const row of rows.slice(0, left)) {
        list.differences.push(toDifference(asked, row) satisfies Difference);
        last = cursorAt(asked.target, row);
      }
      if (rows.length > left) return { ...list, next: last && printCursor(last) };
    }
    return list;
  }

  /**
   * Rows that a verification found, when it is removed. A target that does not answer keeps its rows, and is named.
   * @throws SyncError CONFIG_MISSING
   */
  async remove(channel: string, request: string): Promise<Removed> {
    const removed: Removed = { rows: 0, request, unreachable: [] };
    for (const asked of await this.targets(channel)) {
      try {
        removed.rows += await this.#removeAt(asked, request);
      } catch (error) {
        const { code, message } = toSyncError(error);
        removed.unreachable.push({ endpoint: asked.target, code, message });
      }
    }
    return removed;
  }

  #removeAt(asked: AskedTarget, request: string): Promise<number> {
    return this.servers.through(asked.target, 'difference', async (session) => {
      // Its repair is over, whoever carried it out. An older lutra.sql has no such table.
      await session.query(endedRepairs([...asked.pipelines.keys()])).catch((error: unknown) => {
        if (toSyncError(error).code !== 'TABLE_MISSING') throw error;
      });
      for (let removed = 0; ;) {
        const [, counted] = await session.execute(`${removalStatement(asked, request, batchRows)}; SELECT ROW_COUNT() AS n`);
        const rows = Math.max(0, Number(counted?.rows[0]?.['n'] ?? 0));
        removed += rows;
        if (rows < batchRows) return removed;
      }
    });
  }

  /** @throws SyncError CONFIG_MISSING */
  async targets(channel: string, pipeline?: string): Promise<readonly AskedTarget[]> {
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
      return await this.servers.ask(target, { table: 'difference', sql });
    } catch (error) {
      const { code, message } = toSyncError(error);
      if (!code.startsWith('TARGET_')) throw error;
      list.unreachable.push({ endpoint: target, code, message });
      return [];
    }
  }
}
