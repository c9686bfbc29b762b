/**
 * One conflict: its versions side by side with the row as it is now, and the way to decide it anew. The new decision is an ordinary local
 * transaction at the target of the conflict: it has no marker, so it goes to the other regions like any change. The row is locked and
 * compared first: what somebody wrote since then is not lost unseen.
 */
import { Inject, Injectable } from '@nestjs/common';
import { createRouter, pipelineRoutes, sourceTable, SyncError, tableName, toSyncError } from '@lutra/model';
import type { PipelineDocument, Row, TableName } from '@lutra/model';
import { ApplyConnection, conflictKind, deleteRow, insertRow, loadTable, readRowQuery, Session, toRow, updateRow } from '@lutra/mysql';
import type { RowPlan, SqlText } from '@lutra/mysql';
import type { Logger } from '@lutra/telemetry';
import { RefusedError } from '../configuration/problem.js';
import type { Problem } from '../configuration/problem.js';
import { LOGGER } from '../tokens.js';
import { differencesOf, isSame, planVersions, toJsonRow, versionsOf } from './conflict-versions.js';
import { ConflictService } from './conflict.service.js';
import type { ConflictDetail, ConflictEntry, RedecideAnswer, RedecideWrite, RowNow } from './conflict.schemas.js';
import { redecideProblems } from './redecide.rules.js';

const answerTimeoutMs = 15_000;
const begin: SqlText = { sql: 'BEGIN', marks: [{ does: 'begin' }] };

@Injectable()
export class ConflictEntryService {
  constructor(
    @Inject(ConflictService) private readonly conflicts: ConflictService,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** @throws SyncError CONFIG_MISSING, CONFIG_CONFLICT, TARGET_* */
  async find(channel: string, name: string, id: number): Promise<ConflictDetail> {
    const { entry, pipeline } = await this.conflicts.find(channel, name, id);
    const target = { database: entry.schema, name: entry.table };
    const source = sourceTable(target, pipelineRoutes(pipeline), createRouter(pipelineRoutes(pipeline)));
    const [here, there] = await Promise.all([
      this.#now(entry, pipeline.target, target),
      source ? this.#now(entry, pipeline.source, source) : unread(pipeline.source, `no route brings ${tableName(target)} any more`),
    ]);
    return { ...entry, diff: [...differencesOf(entry)], now: { source: there, target: here } };
  }

  /**
   * @throws RefusedError CONFIG_CONFLICT with what is in the way, unless it is forced; SyncError CONFIG_CONFLICT (other rows are in the
   * way), CONFIG_MISSING, TARGET_*, TABLE_MISSING
   */
  async redecide(channel: string, name: string, { id, winner, reason, force }: RedecideWrite & { id: number }): Promise<RedecideAnswer> {
    const { entry, pipeline } = await this.conflicts.find(channel, name, id);
    const options = { ...(await this.conflicts.connectionTo(pipeline.target)), answerTimeoutMs };
    const connection = await ApplyConnection.open(options);
    try {
      const plan = planVersions(entry, await loadTable(connection, entry.schema, entry.table));
      const versions = versionsOf(entry, plan);
      await connection.run(begin);
      const current = await readCurrent(connection, plan, versions.key);
      const wanted = versions[winner];
      const written = !isSame(plan, current, wanted);
      const consequences = written ? redecideProblems(entry, plan, { current, result: versions.result }) : [];
      if (!force && consequences.length > 0) throw refused(entry, pipeline, consequences);
      await write(connection, { plan, current, wanted, written });
      await connection.commit();
      this.logger.warn(
        { channel, pipeline: name, conflict: id, table: `${entry.schema}.${entry.table}`, winner, reason, force, written },
        'redecided',
      );
      const shown = consequences.map((problem): Problem => ({ ...problem, severity: 'warning' }));
      return { pipeline: name, target: pipeline.target, id, written, row: wanted && toJsonRow(wanted), consequences: shown };
    } finally {
      await connection.close(); // which rolls back what is open
    }
  }

  async #now(entry: ConflictEntry, endpoint: string, table: TableName): Promise<RowNow> {
    try {
      const session = await Session.open({ ...(await this.conflicts.connectionTo(endpoint)), answerTimeoutMs }, 'target');
      try {
        const plan = planVersions(entry, await loadTable(session, table.database, table.name));
        const { key } = versionsOf(entry, plan);
        const [found] = await session.query(readRowQuery(plan, key, false));
        return { endpoint, row: found ? toJsonRow(toRow(plan, found)) : null, problem: null };
      } finally {
        await session.close();
      }
    } catch (error) {
      const { code, message } = toSyncError(error);
      return unread(endpoint, `${code}: ${message}`);
    }
  }
}

function unread(endpoint: string, problem: string): RowNow {
  return { endpoint, row: null, problem };
}

async function readCurrent(connection: ApplyConnection, plan: RowPlan, key: Row): Promise<Row | null> {
  const [[found] = []] = await connection.within(readRowQuery(plan, key, true));
  return found ? toRow(plan, found) : null;
}

interface Rewrite {
  readonly plan: RowPlan;
  readonly current: Row | null;
  readonly wanted: Row | null;
  readonly written: boolean;
}

/** @throws SyncError CONFIG_CONFLICT if other rows are in the way */
async function write(connection: ApplyConnection, { plan, current, wanted, written }: Rewrite): Promise<void> {
  const text = written ? textOf(plan, current, wanted) : null;
  const error = text && (await connection.attempt(text));
  if (!error) return;
  const why = {
    'unique value taken': 'another row holds a unique value of it: change or delete that one first',
    'parent missing': 'the row that a foreign key of it points to is not there',
    'child exists': 'other rows point to it',
    'row missing': 'the row was changed meanwhile',
  }[conflictKind(error) ?? 'row missing'];
  throw new SyncError('CONFIG_CONFLICT', `${tableName(plan.table.target)}: the row cannot be made this version: ${why}`, {
    details: error.details,
  });
}

function textOf(plan: RowPlan, current: Row | null, wanted: Row | null): SqlText | null {
  if (wanted === null) return current && deleteRow(plan, current);
  return current ? updateRow(plan, current, wanted) : insertRow(plan, wanted);
}

function refused({ id }: ConflictEntry, { name, target }: PipelineDocument, problems: readonly Problem[]): RefusedError {
  return new RefusedError('CONFIG_CONFLICT', `conflict ${id} of pipeline ${name} at ${target} was not decided anew`, problems);
}
