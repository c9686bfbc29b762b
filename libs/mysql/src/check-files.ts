/**
 * Whether the file rules of a table fit it (docs/11-files.md): what would stop the pipeline at the first row, what could leave two regions
 * with other files, and what a deleted file needs so that nobody else's is taken. Pure, but for the indexes.
 */
import { tableName, templateColumns, templateParts, usesField } from '@lutra/model';
import type { ColumnType, ConflictRule, FileRule } from '@lutra/model';
import { fileHashTypes, pathPattern, pathTextOf } from '@lutra/rows';
import { ownKeyed } from './keyed.js';
import { quoteName, quoteTable, quoteText } from './literal.js';
import { columnOf } from './policy-case.js';
import { problem } from './problem.js';
import type { Problem } from './problem.js';
import { textOf } from './server-facts.js';
import type { Queries } from './session-options.js';
import type { TargetColumn, TargetTable } from './target-definition.js';

export interface FileCase {
  readonly files: readonly FileRule[];
  /** Of conflicts. */
  readonly rule: ConflictRule;
  readonly from: TargetTable;
  /** undefined: a seed creates it. */
  readonly to: TargetTable | undefined;
  /** The table's changes at the target are replicated back. */
  readonly twoWay: boolean;
}

export async function checkFiles(target: Queries, of: FileCase): Promise<readonly Problem[]> {
  const problems = of.files.flatMap((file) => checkRule(file, of));
  const { to } = of;
  const asked = of.files.filter((file) => needsIndex(file, of));
  if (!to || asked.length === 0) return problems;
  const first = await firstColumns(target, to);
  return [...problems, ...asked.flatMap((file) => checkIndex(file, to, first))];
}

function checkRule(file: FileRule, of: FileCase): readonly Problem[] {
  const { from } = of;
  if (ownKeyed(from).primaryKey.length === 0) {
    const what = `${nameOf(file, from)}: the table has no primary key, so a row cannot be asked for again where its file is missing`;
    return [problem('error', 'file-no-key', what, `ALTER TABLE ${quoteTable(from)} ADD PRIMARY KEY (…), on both sides`)];
  }
  const columns = checkColumns(file, of);
  return columns.length > 0 ? columns : [...checkUnique(file, of), ...checkSplit(file, of)];
}

function nameOf({ root, path }: FileRule, table: TargetTable): string {
  return `${tableName(table)}: file rule ${root}:${path}`;
}

function isList({ split, json }: FileRule): boolean {
  return split !== undefined || json !== undefined;
}

// Columns

function checkColumns(file: FileRule, { from }: FileCase): readonly Problem[] {
  const columns = templateColumns(file.path);
  const last = columns.at(-1);
  const reasons = columns.map((name) => [name, columnReason(columnOf(from, name), file.json !== undefined && name === last)] as const);
  const hash = file.hash === undefined ? [] : [[file.hash, hashReason(columnOf(from, file.hash), file)] as const];
  const found = new Map([...reasons, ...hash].filter(([, reason]) => reason !== null));
  return [...found].map(([name, reason]) => {
    const what = `${nameOf(file, from)}: column ${name} ${reason}`;
    return problem('error', 'file-column', what, 'correct the rule; give the table a route of its own if other tables have the column');
  });
}

/** Of a row that is looked up, or that a conflict decides, only what is written is known. */
const unknown = 'is generated: make it one that the application writes';

function columnReason(column: TargetColumn | undefined, isDocument: boolean): string | null {
  if (!column) return 'is missing';
  if (column.generated) return unknown;
  if (isDocument && column.type === 'json') return null;
  if (column.type === 'other') return `is ${column.columnType}, which Lutra does not replicate`;
  const text = pathTextOf({ type: column.type });
  return typeof text === 'string' ? `is ${column.columnType}, which cannot stand in a path: ${text}` : null;
}

function hashReason(column: TargetColumn | undefined, file: FileRule): string | null {
  if (!column) return 'is missing';
  if (column.generated) return unknown;
  const types = fileHashTypes(file);
  if (column.type === 'other' || !types.includes(column.type)) return `is ${column.columnType}; a hash is in ${types.join(', ')}`;
  if (column.type === 'binary' || column.type === 'varbinary')
    return (column.length ?? 0) < 32 ? `is ${column.columnType}, and a SHA-256 has 32 bytes` : null;
  return column.characters !== null && column.characters < 64 ? `is ${column.columnType}, and a SHA-256 in hex has 64 digits` : null;
}

// Whose a path is

/** One path is made by one set of values of its columns. */
function isTraced(file: FileRule, table: TargetTable): boolean {
  const last = templateColumns(file.path).at(-1);
  const typeOf = (name: string): ColumnType => {
    const type = columnOf(table, name)?.type ?? 'other';
    return type === 'other' || (file.json !== undefined && name === last) ? 'text' : type;
  };
  const isHash = (name: string): boolean => !isList(file) && name.toLowerCase() === file.hash?.toLowerCase();
  return pathPattern({ parts: templateParts(file.path) ?? [], typeOf, isHash }) !== null;
}

/** Columns whose whole value is in the path. */
function wholeColumns(file: FileRule): ReadonlySet<string> {
  const columns = templateColumns(file.path);
  const last = columns.at(-1)?.toLowerCase();
  return new Set(columns.map((name) => name.toLowerCase()).filter((name) => !isList(file) || name !== last));
}

/** Rows with one path have one hash, and so one file. */
function isByHash(file: FileRule): boolean {
  return file.hash !== undefined && wholeColumns(file).has(file.hash.toLowerCase());
}

function hasKey(file: FileRule, given: TargetTable): boolean {
  const table = ownKeyed(given);
  const whole = wholeColumns(file);
  const unique = table.uniqueKeys.filter(({ name }) => !table.prefixKeys.includes(name)).map(({ columns }) => columns);
  const primary = table.prefixKeys.includes('PRIMARY') ? [] : [table.primaryKey];
  return [...primary, ...unique].some((columns) => columns.length > 0 && columns.every((name) => whole.has(name.toLowerCase())));
}

function checkUnique(file: FileRule, of: FileCase): readonly Problem[] {
  const { from, twoWay } = of;
  const refused = (why: string, fix: string): readonly Problem[] => [
    problem('error', 'file-path-not-unique', `${nameOf(file, from)}: ${why}`, fix),
  ];
  if (twoWay && !isByHash(file) && !hasKey(file, from)) {
    const why =
      'the path has not all columns of a primary or unique key: two rows could name one path with different files, without a conflict';
    return refused(why, 'put the columns of the primary key into the path, like {id}/{name}, or the column of the hash');
  }
  if (twoWay && !isTraced(file, from)) {
    const why = 'several values of its columns make one path: two rows could name it with different files, without a conflict';
    const fix = 'put text between its columns that no value of theirs has, like {id}/{name}, and name at most one column of any text';
    return refused(why, fix);
  }
  if (file.deletes === 'keep' || !isList(file) || hasKey(file, from)) return [];
  const why = 'the path has not all columns of a primary or unique key: all rows would be read for others that name it in their lists';
  return refused(why, 'put the columns of the primary key into the path; or "deletes": "keep"');
}

export interface TableFiles {
  readonly table: TargetTable;
  readonly files: readonly FileRule[];
}

/**
 * Rows of two tables are never in conflict, and could name one path with different files: one way each would overwrite the other's. One way
 * it is enough that both rules are immutable; both ways two regions could make one path at once.
 */
export function checkSharedPaths(all: readonly TableFiles[], twoWay: boolean): readonly Problem[] {
  const begin = ({ path }: FileRule): string => path.slice(0, path.indexOf('{'));
  const meets = (one: FileRule, other: FileRule): boolean =>
    one.root === other.root &&
    !(isByHash(one) && isByHash(other)) &&
    (twoWay || !(one.immutable && other.immutable)) &&
    (begin(one).startsWith(begin(other)) || begin(other).startsWith(begin(one)));
  return all.flatMap(({ table, files }, i) =>
    all.slice(i + 1).flatMap((other) => {
      const found = files.find((file) => other.files.some((second) => meets(file, second)));
      if (!found) return [];
      const what = `${nameOf(found, table)}: rows of ${tableName(other.table)} could name the same path with another file, and nothing would tell`;
      const fix =
        'let the paths of each table begin with a text of their own, like products/{id}; tables of one route have one rule: give each a route';
      return [problem('error', 'file-path-not-unique', what, fix)];
    }),
  );
}

/** Before a file goes the target is asked who else names it. */
function needsIndex(file: FileRule, { from }: FileCase): boolean {
  const isThere = templateColumns(file.path).every((name) => columnOf(from, name));
  return file.deletes !== 'keep' && isThere && !isList(file) && !hasKey(file, from);
}

async function firstColumns(queries: Queries, { database, name }: TargetTable): Promise<ReadonlySet<string>> {
  const where = `TABLE_SCHEMA = ${quoteText(database)} AND TABLE_NAME = ${quoteText(name)} AND SEQ_IN_INDEX = 1 AND SUB_PART IS NULL`;
  const rows = await queries.query(`SELECT COLUMN_NAME AS col FROM information_schema.STATISTICS WHERE ${where}`);
  return new Set(rows.map((row) => textOf(row, 'col').toLowerCase()));
}

function checkIndex(file: FileRule, to: TargetTable, first: ReadonlySet<string>): readonly Problem[] {
  const columns = [...wholeColumns(file)];
  if (columns.some((name) => first.has(name))) return [];
  const what = `${nameOf(file, to)}: no index at the target begins with a column of the path, so before a file goes all rows would be read for others that name it`;
  const fix = `ALTER TABLE ${quoteTable(to)} ADD INDEX (${quoteName(templateColumns(file.path).at(-1) ?? '')}); or "deletes": "keep"`;
  return [problem('error', 'file-path-not-unique', what, fix)];
}

// Policies that take columns from two rows

/** The key is the same in both rows. */
function checkSplit(file: FileRule, { rule, from, twoWay }: FileCase): readonly Problem[] {
  if (!twoWay || !usesField(rule, 'sameColumn')) return [];
  const key = new Set(ownKeyed(from).primaryKey.map((name) => name.toLowerCase()));
  const named = [...templateColumns(file.path), ...(file.hash === undefined ? [] : [file.hash])].map((name) => name.toLowerCase());
  const columns = [...new Set(named)].filter((name) => !key.has(name));
  const added = Object.entries(rule.columns).filter(([name, policy]) => policy === 'delta' && columns.includes(name.toLowerCase()));
  if (columns.length < 2 && added.length === 0) return [];
  const why =
    added.length > 0
      ? `makes a new value of column ${added[0]?.[0]}`
      : `decides about columns ${columns.join(' and ')} one by one, so a row could have them from two sides`;
  const what = `${nameOf(file, from)}: policy ${rule.policy} ${why}, and name a file that neither region has`;
  const fix = 'choose home or latest for the table; or let the path have one column beside those of the primary key, and be immutable';
  return [problem('error', 'file-columns-split', what, fix)];
}
