/** One question to a table of Lutra's own at an endpoint, bounded in time. What the server lacks for it is said with what fixes it. */
import { Inject, Injectable } from '@nestjs/common';
import { SyncError, toSyncError } from '@lutra/model';
import { Session } from '@lutra/mysql';
import type { ResultRow } from '@lutra/mysql';
import { findDocument } from '../configuration/configuration.js';
import { limited } from '../endpoints/server-checks.js';
import type { Registry } from '@lutra/registry';
import { REGISTRY } from '../tokens.js';
import { PipelineAccessService } from './pipeline-access.service.js';

export interface TableQuestion {
  /** Of schema lutra, for messages. */
  readonly table: 'difference' | 'unequal' | 'ddl' | 'seed';
  readonly sql: string;
}

@Injectable()
export class TargetQueryService {
  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(PipelineAccessService) private readonly pipelines: PipelineAccessService,
  ) {}

  /** @throws SyncError CONFIG_CONFLICT (the table, a column, or a right is missing), CONFIG_MISSING, TARGET_* */
  async ask(endpoint: string, question: TableQuestion): Promise<readonly ResultRow[]> {
    return this.through(endpoint, question.table, (session) => session.query(question.sql));
  }

  /** The same for several questions in one session. */
  async through<T>(endpoint: string, table: TableQuestion['table'], work: (session: Session) => Promise<T>): Promise<T> {
    const { document } = await findDocument(this.registry, 'endpoint', endpoint);
    const session = await Session.open(limited(this.pipelines.connectionTo(document)), 'target');
    try {
      return await work(session);
    } catch (error) {
      throw explained(endpoint, table, error instanceof SyncError ? error : session.translate(error, `ask lutra.${table}`));
    } finally {
      await session.close();
    }
  }
}

function explained(endpoint: string, table: string, thrown: unknown): SyncError {
  const known = toSyncError(thrown);
  const details = { endpoint };
  if (known.code === 'TABLE_MISSING' || known.code === 'COLUMN_MISSING') {
    const what = known.code === 'TABLE_MISSING' ? 'does not exist' : 'lacks a column';
    const fix = 'run schemas/lutra.sql on that server as an administrator (docs/02-setup.md, Upgrading)';
    return new SyncError('CONFIG_CONFLICT', `lutra.${table} ${what} at endpoint ${endpoint}: ${fix}`, { details });
  }
  if (known.code !== 'TARGET_DENIED') return known;
  const fix = `GRANT SELECT, INSERT, UPDATE, DELETE ON lutra.${table} to its user`;
  return new SyncError('CONFIG_CONFLICT', `endpoint ${endpoint}: ${known.message}: ${fix}`, { details });
}
