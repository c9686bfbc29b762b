/**
 * What loaders have suspended at the endpoint, in channels where something comes back from it: the log leaves that out too. From there on
 * `seen` of what is written here covers changes of the table that never came, so its rows must not go on. Counter-example: a loader here
 * skips a change of the table, applies what comes next, and its region takes a row that is written then for one that had seen the change.
 *
 * It is read in the binlog, where it stands before whatever follows at the target; and at a claim at the server, for what lies before the
 * position where the log begins or goes on. An entry that is there means too much at worst. docs/decisions/0023.
 */
import type { SourceConnection } from '@lutra/binlog';
import type { SuspendedRow } from '@lutra/marker';
import {
  replicationFingerprint,
  createRouter,
  flowsBothWays,
  foldedName,
  pipelineName,
  pipelineRoutes,
  SyncError,
  tableName,
} from '@lutra/model';
import type { StoredChannel, PipelineDocument, PipelineUid, Route, Router, Suspension, TableName } from '@lutra/model';
import { readSuspended, Session } from '@lutra/mysql';

/** A pipeline that writes to the endpoint, in a channel that flows both ways; of stopped channels too. */
export interface Writer {
  readonly uid: PipelineUid;
  /** `<channel>.<pipeline>`, for messages. */
  readonly name: string;
  readonly fingerprint: string;
  readonly routes: readonly Route[];
  /** Of the pipelines of its channel that read the endpoint. */
  readonly back: readonly Route[];
}

export function writersOf(endpoint: string, channels: readonly StoredChannel[]): readonly Writer[] {
  const both = channels.filter(({ pipelines }) => flowsBothWays(pipelines));
  return both
    .flatMap(({ name, pipelines }) => {
      const back = pipelines.filter(({ source }) => source === endpoint).flatMap(pipelineRoutes);
      const writes = pipelines.filter(({ target }) => target === endpoint && back.length > 0);
      return writes.map((pipeline) => writerOf(pipelineName(name, pipeline.name), pipeline, back));
    })
    .toSorted((one, other) => (one.uid < other.uid ? -1 : 1));
}

function writerOf(name: string, pipeline: PipelineDocument, back: readonly Route[]): Writer {
  return { uid: pipeline.uid, name, fingerprint: replicationFingerprint(pipeline), routes: pipelineRoutes(pipeline), back };
}

/** Ends a leadership: the next claim leaves them out. */
export class TablesSuspended extends SyncError {
  readonly tables: readonly Suspension[];

  constructor(tables: readonly Suspension[]) {
    super('TABLE_SUSPENDED', tables.map(({ message }) => message).join('; '));
    this.tables = tables;
  }
}

export interface Here {
  readonly writers: readonly Writer[];
  /** Of the endpoint, without what the log leaves out already. */
  readonly router: Router;
  /** The server has lower_case_table_names=1. */
  readonly foldsNames: boolean;
}

/** Those of the rows that cost a table of the log, by their names here. */
export function suspendedHere(
  rows: readonly SuspendedRow[],
  here: Here,
  at: { readonly where: string; readonly at: number },
): readonly Suspension[] {
  return rows.flatMap((row) => {
    const { pipeline, table, code, message, because } = row;
    const local = localName(row, here);
    if (local === null) return [];
    const [database = '', ...name] = because.split('.');
    const root = because === '' ? null : namedHere(here, pipeline, { database, name: name.join('.') });
    const known = here.writers.find(({ uid }) => uid === pipeline)?.name ?? pipeline;
    const what = `pipeline ${known} does not write ${tableName(local)} any more, as ${tableName(table)} is suspended: ${message}`;
    return [{ ...local, code, message: what, ...at, ...(because !== '' && { because: root ? tableName(root) : because }) }];
  });
}

/** Null: the table does not flow back, is not in the log any more, or the pipeline does not carry it. */
function localName({ pipeline, table }: SuspendedRow, here: Here): TableName | null {
  const local = namedHere(here, pipeline, table);
  const back = here.writers.find(({ uid }) => uid === pipeline)?.back ?? [];
  return local && createRouter(back)(local) !== null && here.router(local) !== null ? local : null;
}

function namedHere({ writers, foldsNames }: Here, pipeline: string, table: TableName): TableName | null {
  const writer = writers.find(({ uid }) => uid === pipeline);
  const local = writer ? createRouter(writer.routes)(table) : null;
  if (local === null || !foldsNames) return local;
  return { database: foldedName(local.database), name: foldedName(local.name) };
}

/** As it stands at the server now. */
export async function standingRows(source: SourceConnection, writers: readonly Writer[]): Promise<readonly SuspendedRow[]> {
  if (writers.length === 0) return [];
  const session = await Session.open(source, 'source');
  try {
    const rows: SuspendedRow[] = [];
    for (const { uid } of writers)
      for (const { database, name, code, message, because = '' } of await readSuspended(session, uid))
        rows.push({ pipeline: uid, table: { database, name }, code, message, because });
    return rows;
  } finally {
    await session.close();
  }
}
