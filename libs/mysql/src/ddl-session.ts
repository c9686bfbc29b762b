/**
 * The session in which a schema change runs here: what its record says of the source's, and what no record says though a statement depends
 * on it. What needs a right that the user may lack (SESSION_VARIABLES_ADMIN) is set only where it is not so already.
 */
import { systemOffsetsQuery, systemZone } from '@lutra/model';
import type { DdlSession } from '@lutra/model';
import { textOf } from './server-facts.js';
import type { Queries } from './session-options.js';

/** Bits of sql_mode, as MySQL numbers them. */
const modes: readonly (readonly [number, string])[] = [
  [0, 'REAL_AS_FLOAT'],
  [1, 'PIPES_AS_CONCAT'],
  [2, 'ANSI_QUOTES'],
  [3, 'IGNORE_SPACE'],
  [5, 'ONLY_FULL_GROUP_BY'],
  [6, 'NO_UNSIGNED_SUBTRACTION'],
  [7, 'NO_DIR_IN_CREATE'],
  [18, 'ANSI'],
  [19, 'NO_AUTO_VALUE_ON_ZERO'],
  [20, 'NO_BACKSLASH_ESCAPES'],
  [21, 'STRICT_TRANS_TABLES'],
  [22, 'STRICT_ALL_TABLES'],
  [23, 'NO_ZERO_IN_DATE'],
  [24, 'NO_ZERO_DATE'],
  [25, 'ALLOW_INVALID_DATES'],
  [26, 'ERROR_FOR_DIVISION_BY_ZERO'],
  [27, 'TRADITIONAL'],
  [29, 'HIGH_NOT_PRECEDENCE'],
  [30, 'NO_ENGINE_SUBSTITUTION'],
  [31, 'PAD_CHAR_TO_FULL_LENGTH'],
  [32, 'TIME_TRUNCATE_FRACTIONAL'],
];

/** As names. Null: it has a bit that is not known. */
export function sqlModeNames(bits: string): string | null {
  let left = BigInt(bits);
  const names: string[] = [];
  for (const [bit, name] of modes) {
    const one = 1n << BigInt(bit);
    if ((left & one) === 0n) continue;
    left -= one;
    names.push(name);
  }
  return left === 0n ? names.join(',') : null;
}

/** `name = value` of each variable; or why the session cannot be had here. */
export type DdlSettings = { readonly set: readonly string[] } | { readonly problem: string };

/** Where the two differ, and what a session may be told alone by those who may. */
interface Wanted {
  readonly name: string;
  /** As SHOW VARIABLES prints it. Null: as the server has it. */
  readonly value: string | null;
}

const flag = (value: boolean | null): string | null => (value === null ? null : value ? 'ON' : 'OFF');

/** Also where a record says nothing of them: a statement that its source took must not be refused, or change, by the target's defaults. */
const fixed: readonly Wanted[] = [
  { name: 'innodb_strict_mode', value: 'OFF' },
  { name: 'sql_generate_invisible_primary_key', value: 'OFF' },
  { name: 'restrict_fk_on_non_standard_key', value: 'OFF' },
  { name: 'default_storage_engine', value: 'InnoDB' },
];

/** @throws SyncError TARGET_* */
export async function ddlSettings(queries: Queries, session: DdlSession): Promise<DdlSettings> {
  const mode = session.sqlMode === null ? 'DEFAULT' : sqlModeNames(session.sqlMode);
  if (mode === null) return { problem: `its sql_mode (${session.sqlMode}) has a bit that is not known here` };
  const zone = await zoneAt(queries, session.timeZone);
  if (zone === null) return { problem: otherZone };
  const ids = [session.collationConnection, session.collationServer, session.defaultCollationForUtf8mb4];
  const collations = await collationNames(queries, ids);
  const lacking = ids.find((id) => id !== null && !collations.has(id));
  if (lacking !== undefined) return { problem: `the target does not know the collation ${lacking} of its session` };
  const nameOf = (id: number | null): string | null => (id === null ? null : (collations.get(id) ?? null));
  const said: readonly Wanted[] = [
    { name: 'explicit_defaults_for_timestamp', value: flag(session.explicitDefaultsForTimestamp) },
    { name: 'default_collation_for_utf8mb4', value: nameOf(session.defaultCollationForUtf8mb4) },
    { name: 'sql_require_primary_key', value: flag(session.sqlRequirePrimaryKey) },
    { name: 'default_table_encryption', value: flag(session.defaultTableEncryption) },
    { name: 'collation_server', value: nameOf(session.collationServer) },
    { name: 'collation_connection', value: nameOf(session.collationConnection) },
  ];
  const wanted = [...said, ...fixed].filter(({ value }) => value !== null);
  const now = await valuesOf(
    queries,
    wanted.map(({ name }) => name),
  );
  const unknown = wanted.find(({ name, value }) => !now.has(name) && value !== 'OFF');
  if (unknown) return { problem: `the target does not know ${unknown.name}, which was ${unknown.value} at the source` };
  const differing = wanted.filter(({ name, value }) => now.has(name) && now.get(name)?.toLowerCase() !== value?.toLowerCase());
  return { set: [...plainOf(session, { mode, zone }), ...differing.map(({ name, value }) => `${name} = '${value}'`)] };
}

/** Everybody may set these. */
function plainOf(session: DdlSession, { mode, zone }: { readonly mode: string; readonly zone: string }): readonly string[] {
  const { timestampUs } = session;
  const seconds = `${Math.floor(timestampUs / 1e6)}.${String(timestampUs % 1e6).padStart(6, '0')}`;
  return [
    `sql_mode = ${mode === 'DEFAULT' ? mode : `'${mode}'`}`,
    `foreign_key_checks = ${session.foreignKeyChecks ? 1 : 0}`,
    `unique_checks = ${session.uniqueChecks ? 1 : 0}`,
    `timestamp = ${seconds}`,
    `time_zone = ${zone}`,
  ];
}

const otherZone = "its session had time_zone = 'SYSTEM', whose offset changes, and the target's system has another zone";

/** As text. A zone of the source's system is known here only if ours is the same; null: it is not. @throws SyncError TARGET_* */
async function zoneAt(queries: Queries, zone: string | null): Promise<string | null> {
  if (zone === null) return 'DEFAULT';
  if (!zone.startsWith('SYSTEM ')) return `'${zone.replaceAll(/[^\w+:/-]/g, '')}'`;
  const [row] = await queries.query(systemOffsetsQuery());
  return systemZone(textOf(row, 'offsets')) === zone ? "'SYSTEM'" : null;
}

async function collationNames(queries: Queries, ids: readonly (number | null)[]): Promise<ReadonlyMap<number, string>> {
  const known = ids.filter((id) => id !== null);
  if (known.length === 0) return new Map();
  const rows = await queries.query(
    `SELECT ID AS id, COLLATION_NAME AS name FROM information_schema.COLLATIONS WHERE ID IN (${known.join(', ')})`,
  );
  return new Map(rows.map((row) => [Number(row['id']), textOf(row, 'name')]));
}

async function valuesOf(queries: Queries, names: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const list = names.map((name) => `'${name}'`).join(', ');
  const rows = await queries.query(`SHOW SESSION VARIABLES WHERE Variable_name IN (${list})`);
  return new Map(rows.map((row) => [textOf(row, 'Variable_name'), textOf(row, 'Value')]));
}
