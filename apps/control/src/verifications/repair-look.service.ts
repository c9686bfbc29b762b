/** Asks the targets of a channel what a repair would be about: counts, the first rows with both versions. Writes nothing. */
import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { differingFiles, toSyncError } from '@lutra/model';
import type { VerifiedTable } from '@lutra/model';
import { quoteText } from '@lutra/mysql';
import type { ResultRow } from '@lutra/mysql';
import { problemId } from '../configuration/problem.js';
import type { Problem } from '../configuration/problem.js';
import { TargetQueryService } from '../pipelines/target-query.service.js';
import { DifferenceService } from './difference.service.js';
import { differenceQuery, toDifference } from './difference-queries.js';
import type { AskedTarget } from './difference-queries.js';
import { keyUnknown } from './repair.rules.js';
import type { RepairedTable, RepairKey, RepairWrite } from './repair.schemas.js';
import type { Difference } from './verification.schemas.js';

const shownRows = 20;
/** What a repair is about: what a probe found. */
const repairable = "outcome IN ('missing-here', 'missing-there', 'different')";

export interface RepairLook {
  readonly tables: readonly RepairedTable[];
  readonly rows: readonly Difference[];
  readonly problems: readonly Problem[];
}

interface Asked {
  readonly channel: string;
  /** Of the verification. */
  readonly request: string;
  /** They differ. */
  readonly tables: readonly VerifiedTable[];
  readonly keys: RepairWrite['keys'];
}

@Injectable()
export class RepairLookService {
  constructor(
    @Inject(DifferenceService) private readonly differences: DifferenceService,
    @Inject(TargetQueryService) private readonly servers: TargetQueryService,
  ) {}

  async at({ channel, request, tables, keys }: Asked): Promise<RepairLook> {
    const look = { tables: [] as RepairedTable[], rows: [] as Difference[], problems: [] as Problem[] };
    for (const asked of await this.differences.targets(channel)) {
      const own = tables.filter(({ pipeline }) => [...asked.pipelines.values()].includes(pipeline));
      if (own.length === 0) continue;
      try {
        const found = await this.#at(asked, { request, tables: own, keys }, shownRows - look.rows.length);
        look.tables.push(...found.tables);
        look.rows.push(...found.rows);
        look.problems.push(...found.problems);
      } catch (thrown) {
        const { code, message, help } = toSyncError(thrown);
        if (!code.startsWith('TARGET_')) throw thrown;
        look.problems.push({ id: problemId(code), severity: 'error', what: `endpoint ${asked.target}: ${message}`, fix: help });
      }
    }
    return look;
  }

  async #at(asked: AskedTarget, { request, tables, keys }: Omit<Asked, 'channel'>, limit: number): Promise<RepairLook> {
    const also = [repairable, `(${tables.map((table) => which(asked, table, keys)).join(' OR ')})`];
    return this.servers.through(asked.target, 'difference', async (session) => {
      const where = `request = ${quoteText(request)} AND ${also.join(' AND ')}`;
      const count = 'SELECT /*+ MAX_EXECUTION_TIME(10000) */ pipeline, database_name, table_name, outcome, COUNT(*) AS n';
      const counts = await session.query(`${count} FROM lutra.difference WHERE ${where} GROUP BY 1, 2, 3, 4`);
      const query = { limit: Math.max(1, limit) };
      const rows = await session.query(differenceQuery(asked, { request, query, from: null, also }));
      const found = keys ? await session.query(`SELECT LOWER(HEX(key_hash)) AS hash FROM lutra.difference WHERE ${where}`) : [];
      return {
        tables: tables.map((table) => counted(table, { counts, asked, isWhole: !keys })),
        rows: rows.slice(0, limit).map((row) => toDifference(asked, row)),
        problems: unknownKeys(keys ?? [], { asked, found }),
      };
    });
  }
}

/** As the loader writes it. */
export function keyText({ key }: Pick<RepairKey, 'key'>): string {
  return JSON.stringify(key);
}

function hashOf(key: Pick<RepairKey, 'key'>): string {
  return createHash('sha256').update(keyText(key)).digest('hex');
}

function uidOf({ pipelines }: AskedTarget, name: string): string {
  return [...pipelines].find(([, known]) => known === name)?.[0] ?? '';
}

function which(asked: AskedTarget, { pipeline, database, table }: VerifiedTable, keys: RepairWrite['keys']): string {
  const values = [uidOf(asked, pipeline), database, table].map(quoteText);
  const own = `pipeline = ${values[0]} AND database_name = ${values[1]} AND table_name = ${values[2]}`;
  const hashes = keys?.filter((key) => key.pipeline === pipeline && key.schema === database && key.table === table).map(hashOf);
  return `(${own}${hashes ? ` AND key_hash IN (${hashes.map((hash) => `X'${hash}'`).join(', ')})` : ''})`;
}

function counted(
  { pipeline, database, table, ranges, extra, files }: VerifiedTable,
  { counts, asked, isWhole }: { readonly counts: readonly ResultRow[]; readonly asked: AskedTarget; readonly isWhole: boolean },
): RepairedTable {
  const uid = uidOf(asked, pipeline);
  const of = (outcome: string): number => {
    const own = counts.filter(
      (row) => row['pipeline'] === uid && row['database_name'] === database && row['table_name'] === table && row['outcome'] === outcome,
    );
    return own.reduce((sum, row) => sum + Number(row['n']), 0);
  };
  const onlyHere = of('missing-there');
  return {
    pipeline,
    schema: database,
    table,
    missingHere: of('missing-here'),
    missingThere: extra > 0 ? 0 : onlyHere,
    different: of('different'),
    extra: extra > 0 ? onlyHere : 0,
    ranges: isWhole ? ranges : 0,
    files: isWhole && files ? differingFiles(files) : 0,
  };
}

function unknownKeys(
  keys: readonly RepairKey[],
  { asked, found }: { readonly asked: AskedTarget; readonly found: readonly ResultRow[] },
): readonly Problem[] {
  const hashes = new Set(found.map((row) => row['hash']?.toString()));
  const own = keys.filter(({ pipeline }) => [...asked.pipelines.values()].includes(pipeline));
  return own.filter((key) => !hashes.has(hashOf(key))).map(keyUnknown);
}
