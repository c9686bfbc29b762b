/** Which files a row names, asked before rows are sent; and which files apps live. */
import { Inject, Injectable } from '@nestjs/common';
import { FilePaths, keyCondition, keyTextOf } from '@lutra/files';
import { createRouter, pipelineRoutes, SyncError, tableName } from '@lutra/model';
import type { ColumnSchema, FileRule, PipelineDocument, Row, TableName, TableSchema } from '@lutra/model';
import { asSource, loadTable, quoteName, quoteTable, Session } from '@lutra/mysql';
import { rulesOf } from '@lutra/rows';
import type { Registry } from '@lutra/registry';
import { findDocument } from '../configuration/configuration.js';
import { limited } from '../endpoints/server-checks.js';
import { PipelineAccessService } from '../pipelines/pipeline-access.service.js';
import { REGISTRY } from '../tokens.js';
import type { FilesApps, Preview, PreviewWrite } from './files.schemas.js';
import { keyOf, rowOf } from './given-row.js';

@Injectable()
export class FilesService {
  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(PipelineAccessService) private readonly pipelines: PipelineAccessService,
  ) {}

  async apps(): Promise<FilesApps> {
    const living = (await this.registry.workers.list()).flatMap(({ files, region, instance, version, since }) =>
      files ? [{ region, app: { ...files, instance, version, since } }] : [],
    );
    const regions = Map.groupBy(living, ({ region }) => region);
    return [...regions].map(([region, apps]) => ({ region, apps: apps.map(({ app }) => app) }));
  }

  /** @throws SyncError CONFIG_INVALID, CONFIG_MISSING, TABLE_MISSING, SOURCE_* */
  async preview(channel: string, name: string, asked: PreviewWrite): Promise<Preview> {
    const { pipeline } = await this.pipelines.find(channel, name);
    const table = { database: asked.database, name: asked.table };
    const rules = rulesFor(pipeline, table);
    const { document: source } = await findDocument(this.registry, 'endpoint', pipeline.source);
    const session = await Session.open(limited(this.pipelines.connectionTo(source)), 'source');
    try {
      const schema = asSource(await loadTable(session, table.database, table.name));
      const row = asked.key ? await readRow(session, schema, keyOf(schema, asked.key)) : rowOf(schema, asked.row ?? {});
      return { found: row !== null, rules: row === null ? [] : rules.map((rule) => previewOf(rule, schema, row)) };
    } finally {
      await session.close();
    }
  }
}

/** @throws SyncError CONFIG_INVALID where no route takes the table */
function rulesFor(pipeline: PipelineDocument, table: TableName): readonly FileRule[] {
  const router = createRouter(pipelineRoutes(pipeline));
  if (router(table) !== null) return router.filesOf(table);
  throw new SyncError('CONFIG_INVALID', `no route of pipeline ${pipeline.name} takes ${tableName(table)}`);
}

function previewOf(rule: FileRule, table: TableSchema, row: Row): Preview['rules'][number] {
  const { root, path } = rule;
  try {
    const paths = new FilePaths(rule, table);
    return { root, path, files: paths.of(row), none: paths.noneBecause(row), error: null };
  } catch (error) {
    if (!(error instanceof SyncError) || error.code !== 'FILE_PATH_INVALID') throw error;
    return { root, path, files: [], none: null, error: { code: error.code, message: error.message } };
  }
}

async function readRow(session: Session, table: TableSchema, key: Row): Promise<Row | null> {
  const condition = keyCondition(keyTextOf(table)(key));
  if (condition === null) throw new SyncError('INTERNAL', `${tableName(table)}: a key that cannot be looked up`);
  const columns = table.columns.map((column, i) => `${rulesOf(column.type).sql.selected(column, quoteName(column.name))} AS c${i}`);
  const [found] = await session.query(`SELECT ${columns.join(', ')} FROM ${quoteTable(table)} WHERE ${condition}`);
  if (!found) return null;
  const valueOf = (column: ColumnSchema, i: number): Row[string] => {
    const value = found[`c${i}`] ?? null;
    return value === null ? null : rulesOf(column.type).values.found(column, value);
  };
  return Object.fromEntries(table.columns.map((column, i) => [column.name, valueOf(column, i)]));
}
