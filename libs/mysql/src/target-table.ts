/** What a table looks like at the target (or the source, for checks), from information_schema. Only reads. */
import { SyncError, systemOffsetsQuery, systemZone, tableName } from '@lutra/model';
import type { ColumnSchema, TableName, TableSchema } from '@lutra/model';
import { declaredValues, geometryNamed, isOfKind, typeNamed } from '@lutra/rows';
import { promotedKey } from './keyed.js';
import { withMembers } from './declared-members.js';
import { computedBy } from './computed.js';
import { quoteName, quoteTable, quoteText } from './literal.js';
import { columnsQuery, keysQuery, referencedQuery, referencesQuery, triggersQuery } from './table-queries.js';
import { rowsIfAllowed } from './server-facts.js';
import { askAll } from './session-options.js';
import type { Queries, ResultRow } from './session-options.js';
import type { ForeignKey, ForeignKeyRule, TargetColumn, TargetServer, TargetTable } from './target-definition.js';

/**
 * @throws SyncError TABLE_MISSING (also if the user has no privilege on it), ENGINE_UNSUPPORTED
 */
export async function loadTable(queries: Queries, database: string, name: string): Promise<TargetTable> {
  const tables = await loadTables(queries, database, name);
  const table = tables.find((candidate) => candidate.name === name) ?? tables[0];
  const details = { database, table: name };
  if (!table) throw new SyncError('TABLE_MISSING', `${database}.${name} does not exist, or the user may not see it`, { details });
  if (!isTransactional(table)) {
    throw new SyncError('ENGINE_UNSUPPORTED', `${tableName(table)} is ${table.engine}, not InnoDB`, { details });
  }
  return table;
}

export function isTransactional(table: { readonly engine: string }): boolean {
  return table.engine.toLowerCase() === 'innodb';
}

/** A table as the binlog of its server describes it, but for columns of types that are not on the allowlist, which are left out. */
export function asSource(table: TargetTable): TableSchema {
  const columns = table.columns.flatMap((column): ColumnSchema[] => {
    const { name, type, unsigned, precision, scale, length, charset, geometry } = column;
    if (type === 'other') return [];
    const sizes = {
      precision: precision ?? undefined,
      scale: scale ?? undefined,
      length: length ?? undefined,
      charset: charset ?? undefined,
    };
    const values = isOfKind(type, 'choice') ? (column.members ?? declaredValues(column.columnType)) : undefined;
    // MySQL shows none for those of bytes.
    const choices = values && { values, charset: charset ?? 'binary' };
    return [{ name, type, unsigned, ...sizes, ...choices, ...(geometry && { geometry }) }];
  });
  const primaryKey = table.primaryKey.length > 0 ? table.primaryKey : (promotedKey(table)?.columns ?? []);
  return { database: table.database, name: table.name, columns, primaryKey };
}

/** All base tables of a database, or the named one, whatever their engine. */
export async function loadTables(queries: Queries, database: string, name?: string): Promise<readonly TargetTable[]> {
  const of = (schema: string, table: string): string =>
    `${schema} = ${quoteText(database)}${name === undefined ? '' : ` AND ${table} = ${quoteText(name)}`}`;
  const ofKeys = { keys: of('k.TABLE_SCHEMA', 'k.TABLE_NAME'), rules: of('r.CONSTRAINT_SCHEMA', 'r.TABLE_NAME') };
  const [tables = [], servers = [], ...found] = await askAll(queries, [
    `SELECT TABLE_NAME AS name, ENGINE AS engine FROM information_schema.TABLES WHERE TABLE_TYPE = 'BASE TABLE' AND ${of('TABLE_SCHEMA', 'TABLE_NAME')} ORDER BY TABLE_NAME`,
    serverQuery,
    columnsQuery(of('TABLE_SCHEMA', 'TABLE_NAME')),
    keysQuery(of('TABLE_SCHEMA', 'TABLE_NAME')),
    referencesQuery(ofKeys),
    referencedQuery(of('UNIQUE_CONSTRAINT_SCHEMA', 'REFERENCED_TABLE_NAME')),
    triggersQuery(of('EVENT_OBJECT_SCHEMA', 'EVENT_OBJECT_TABLE')),
  ]);
  if (tables.length === 0) return [];
  const [columns, keys, references, referenced, triggers] = [
    grouped(found[0]),
    grouped(found[1]),
    grouped(found[2]),
    grouped(found[3]),
    grouped(found[4]),
  ];
  const definitions = await loadDefinitions(queries, database, tables);
  const server = serverOf(servers[0]);
  const loaded = tables.map((row): TargetTable => {
    const table = text(row, 'name');
    return {
      database,
      name: table,
      engine: text(row, 'engine'),
      columns: (columns.get(table) ?? []).map((column) => toColumn(column, srids(definitions.get(table) ?? ''))),
      ...toKeys(keys.get(table) ?? [], definitions.get(table) ?? ''),
      foreignKeys: toForeignKeys(references.get(table) ?? [], { database, name: table }),
      referenced: referenced.has(table),
      cascades: cascadesOf([...(references.get(table) ?? []), ...(referenced.get(table) ?? [])]),
      ...toTriggers(triggers.get(table) ?? []),
      computed: computedBy(definitions.get(table) ?? null),
      changesChildren: cascadesOf(referenced.get(table) ?? []).length > 0,
      server,
    };
  });
  const told: TargetTable[] = [];
  for (const table of loaded) told.push(await withMembers(queries, table));
  return told;
}

async function loadDefinitions(queries: Queries, database: string, tables: readonly ResultRow[]): Promise<ReadonlyMap<string, string>> {
  const definitions = new Map<string, string>();
  for (const row of tables) {
    const name = text(row, 'name');
    const shown = await rowsIfAllowed(queries, `SHOW CREATE TABLE ${quoteTable({ database, name })}`);
    if (shown?.[0]) definitions.set(name, text(shown[0], 'Create Table'));
  }
  return definitions;
}

const serverQuery = `SELECT VERSION() AS version, offsets FROM (${systemOffsetsQuery()}) AS zone`;

function serverOf(row: ResultRow | undefined): TargetServer {
  const version = row ? text(row, 'version') : '';
  const [major = 0, minor = 0, patch = 0] = version.split(/[.-]/).map(Number);
  const flavor = /mariadb/i.test(version) ? 'mariadb' : 'mysql';
  const offsets = flavor === 'mysql' && (major > 8 || (major === 8 && (minor > 0 || patch >= 19)));
  return { flavor, offsets, systemZone: systemZone(row ? text(row, 'offsets') : '') };
}

function grouped(rows: readonly ResultRow[] = []): ReadonlyMap<string, readonly ResultRow[]> {
  return Map.groupBy(rows, (row) => text(row, 'tbl'));
}

/** pt-online-schema-change has three of them on a table that it copies. */
const ofTool = /^(?:rt_)?pt_osc_/;

/** A trigger that mentions the variable is its author's affair: it does nothing for rows that are applied, or what it does is wanted. */
function toTriggers(rows: readonly ResultRow[]): Pick<TargetTable, 'triggers' | 'unguardedTriggers' | 'firingTriggers' | 'toolTriggers'> {
  const others = rows.filter((row) => text(row, 'timing') !== 'AFTER' || !ofTool.test(text(row, 'name')));
  const silent = others.filter((row) => !/@`?lutra_apply`?/i.test(text(row, 'body')));
  const changesRow = (row: ResultRow): boolean => text(row, 'timing') === 'BEFORE' && text(row, 'event') !== 'DELETE';
  const [unguarded, firing] = [silent.filter(changesRow), silent.filter((row) => !changesRow(row))];
  const names = (of: readonly ResultRow[]): readonly string[] => of.map((row) => text(row, 'name'));
  const tool = rows.length - others.length;
  return {
    triggers: rows.length,
    unguardedTriggers: names(unguarded),
    firingTriggers: names(firing),
    ...(tool > 0 && { toolTriggers: tool }),
  };
}

/** Of the columns that are restricted to one: ` /*!80003 SRID 4326 *\/` in what SHOW CREATE TABLE printed. */
function srids(definition: string): ReadonlyMap<string, number> {
  const lines = definition.matchAll(/^ *`((?:[^`]|``)*)` (?:point|linestring|polygon|geom|multi).* SRID (\d+) \*\//gm);
  return new Map([...lines].map(([, name = '', srid]) => [name.replaceAll('``', '`'), Number(srid)]));
}

function toColumn(row: ResultRow, srids: ReadonlyMap<string, number>): TargetColumn {
  const extra = text(row, 'extra').toLowerCase();
  const columnType = text(row, 'column_type').toLowerCase();
  const dataType = text(row, 'data_type').toLowerCase();
  const type = typeNamed(dataType);
  return {
    name: text(row, 'name'),
    type,
    columnType: text(row, 'column_type'),
    nullable: text(row, 'nullable') === 'YES',
    hasDefault: row['column_default'] !== null,
    autoIncrement: extra.includes('auto_increment'),
    generated: /\b(virtual|stored|persistent)\b/.test(extra),
    expression: optionalText(row, 'expression') || null,
    onUpdateTimestamp: extra.includes('on update'),
    unsigned: columnType.includes('unsigned'),
    charset: optionalText(row, 'charset'),
    collation: optionalText(row, 'collation'),
    length: type === 'bit' ? whole(row, 'number_precision') : whole(row, 'bytes'),
    characters: whole(row, 'characters'),
    precision: whole(row, 'number_precision'),
    scale: whole(row, 'fraction') ?? whole(row, 'number_scale'),
    geometry: geometryNamed(dataType),
    srid: srids.get(text(row, 'name')) ?? null,
  };
}

function toKeys(rows: readonly ResultRow[], definition: string): Pick<TargetTable, 'primaryKey' | 'uniqueKeys' | 'prefixKeys'> {
  const keys = [...Map.groupBy(rows, (row) => text(row, 'name'))].map(([name, parts]) => ({
    name,
    columns: parts.map((part) => optionalText(part, 'col') ?? ''),
    nullable: parts.some((part) => text(part, 'nullable') === 'YES'),
  }));
  return {
    primaryKey: keys.find((key) => key.name === 'PRIMARY')?.columns ?? [],
    uniqueKeys: keys
      .filter((key) => key.name !== 'PRIMARY')
      .toSorted((a, b) => definition.indexOf(keyLine(a.name)) - definition.indexOf(keyLine(b.name))),
    prefixKeys: [...new Set(rows.filter((row) => row['prefix'] !== null).map((row) => text(row, 'name')))],
  };
}

function keyLine(name: string): string {
  return `\n  UNIQUE KEY ${quoteName(name)} (`;
}

const passive = new Set(['RESTRICT', 'NO ACTION']);

function cascadesOf(keys: readonly ResultRow[]): readonly string[] {
  const active = keys.filter((row) => !passive.has(text(row, 'on_delete')) || !passive.has(text(row, 'on_update')));
  return [...new Set(active.map((row) => text(row, 'name')))];
}

function toForeignKeys(rows: readonly ResultRow[], table: TableName): readonly ForeignKey[] {
  return [...Map.groupBy(rows, (row) => text(row, 'name'))].flatMap(([name, parts]) => {
    const [first] = parts;
    if (!first) return [];
    const parent = { database: text(first, 'parent_database'), name: text(first, 'parent') };
    return {
      name,
      columns: parts.map((part) => text(part, 'col')),
      parent,
      parentColumns: parts.map((part) => text(part, 'parent_col')),
      onDelete: text(first, 'on_delete') as ForeignKeyRule,
      onUpdate: text(first, 'on_update') as ForeignKeyRule,
      self: tableName(parent) === tableName(table),
    };
  });
}

/** information_schema has text columns of several binary collations, which the driver gives as Buffers. */
function text(row: ResultRow, column: string): string {
  return optionalText(row, column) ?? '';
}

function optionalText(row: ResultRow, column: string): string | null {
  const value = row[column];
  if (value === null || value === undefined) return null;
  return Buffer.isBuffer(value) ? value.toString('utf8') : String(value);
}

function whole(row: ResultRow, column: string): number | null {
  const value = optionalText(row, column);
  return value === null ? null : Number(value);
}
