/** A statement of the source → its record. Pure. */
import { SyncError, tableName } from '@lutra/model';
import type { DdlRecord, Origin, Router, Seen, SourceItem } from '@lutra/model';
import { incompatible } from '../ddl/compatible.js';
import { concernOf } from '../ddl/concern.js';
import type { Concern, Routing } from '../ddl/concern.js';
import { isWitness } from '../ddl/copies.js';
import type { DdlCopies } from '../ddl/copies.js';
import { leftOpen } from '../ddl/left-open.js';
import type { SchemaChange } from './output.js';

type Ddl = Extract<SourceItem, { kind: 'ddl' }>;

export interface SchemaOptions extends Routing {
  readonly endpoint: string;
  readonly region: string;
  readonly connector: 'mysql' | 'mariadb';
  readonly version: string;
  /** Tables of which what loaders did is published too. */
  readonly forwarded: Router;
  /** Schema changes that loaders ran here. */
  readonly copies: Pick<DdlCopies, 'originOf'>;
  readonly seen: Seen;
  /** Of the cluster. */
  level(): number;
  now(): number;
  /** What is here is in the log already, or came before its tables did. */
  readonly isPast: boolean;
}

/** Below it no process writes of schema changes. */
const ddlLevel = 3;

/** Null: it concerns no routed table. @throws SyncError DDL_UNSUPPORTED, LOOP_DETECTED */
export function schemaChange(item: Ddl, options: SchemaOptions): SchemaChange | null {
  const concern = concernOf(item, options);
  if (concern === null) return null;
  const { isPast, level } = options;
  const origin = originOf(item, concern, options);
  const tables = concern.tables.map(({ database, name }) => ({ database, name }));
  if (origin === null || isPast) return { kind: 'ddl', record: null, tables, open: null };
  if (level() < ddlLevel) {
    if (isOfShadows(concern, options.router)) return null;
    throw unsupported(item, concern, level());
  }
  const open = concern.doubt === null ? leftOpen({ ...concern, reading: item.readings[0]! }) : null;
  return { kind: 'ddl', record: recordOf(item, concern, { ...options, origin }), tables, open };
}

/** It changes no table whose rows are carried. */
function isOfShadows({ tables, doubt }: Concern, router: Router): boolean {
  const changed = tables.filter(({ role }) => role !== 'like' && role !== 'references');
  return doubt === null && changed.every((table) => table.role !== 'database' && router(table) === null);
}

/**
 * Null: a loader ran it, and nobody forwards it. What a person has run at home is home's own from then on, and goes to all.
 * @throws SyncError LOOP_DETECTED
 */
function originOf(item: Ddl, { statement }: Concern, { region, copies, forwarded, foldsNames }: SchemaOptions): Origin | null {
  const { gtid, at } = item;
  if (!isWitness(gtid)) return { origin: region, path: [region] };
  const found = copies.originOf(gtid);
  if (!found) {
    const message = `a loader ran ${statement} at ${at.file}:${at.pos} under ${gtid}, and lutra.ddl does not say where it comes from`;
    throw new SyncError('LOOP_DETECTED', message, { details: { statement, gtid, ...at } });
  }
  const path = [...found.path, region];
  if (found.origin === region) return { origin: region, path };
  if (found.origin === '' || concernOf(item, { router: forwarded, foldsNames }) === null) return null;
  return { origin: found.origin, path };
}

type Recorded = SchemaOptions & { readonly origin: Origin };

function recordOf(
  item: Ddl,
  { doubt, sql, ...concern }: Concern,
  { endpoint, connector, version, origin, seen, now }: Recorded,
): DdlRecord {
  const { gtid, at, database, session, sessionDoubt, rowsFollow, end: position } = item;
  const inDoubt = doubt ?? sessionDoubt;
  const id = gtid ?? `${at.file}:${at.pos}`;
  return {
    kind: 'ddl',
    endpoint,
    id: rowsFollow ? `${id}/create` : id,
    database,
    ...concern,
    sql: rowsFollow ? sql.replace(/\s+START\s+TRANSACTION$/i, '') : sql,
    doubt: inDoubt,
    ...(inDoubt === null ? {} : incompatible),
    session,
    flavor: connector,
    version,
    ...origin,
    seen,
    position,
    tsMs: now(),
  };
}

function unsupported({ gtid, at }: Ddl, { statement, tables }: Concern, level: number): SyncError {
  const names = tables.map(tableName).slice(0, 5).join(', ') || 'tables that cannot be made out';
  const message = `${statement} on ${names}, at ${at.file}:${at.pos}: the cluster is at level ${level}, and schema changes are written from level ${ddlLevel} on`;
  return new SyncError('DDL_UNSUPPORTED', message, { details: { statement, tables: tables.map(tableName).join(), gtid, ...at } });
}
