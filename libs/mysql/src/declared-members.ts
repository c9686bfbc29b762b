/**
 * An ENUM's or SET's members. What prints a definition prints `?` for a character beyond the first plane of Unicode, and the character of
 * another sequence for one that has none of its own: two members may print alike, and 'a?' may be any of a million. So the server is asked
 * for them in another way. Where it does not tell (MySQL 8.0.15), a member is told by the source's list; which of two that print alike has
 * which number is a guess then: their numbers must not be written, and their texts, which the target looks up, may be.
 */
import { textCodec } from '@lutra/model';
import { quoteName, quoteTable } from './literal.js';
import { rowsIfAllowed, textOf } from './server-facts.js';
import type { Queries } from './session-options.js';
import type { TargetColumn, TargetTable } from './target-definition.js';
import { hidden } from './text-literal.js';

export interface DeclaredMembers {
  readonly members: readonly string[];
  /** Of the source, and not of the target. */
  readonly missing: readonly string[];
  /** Which of these has which number is a guess. */
  readonly guessed: readonly string[];
}

type Choice = Pick<TargetColumn, 'columnType' | 'members'>;

export function declaredMembers(source: readonly string[], { columnType, members: told }: Choice): DeclaredMembers {
  if (told) return { members: told, missing: source.filter((member) => !told.includes(member)), guessed: [] };
  const declared = declaredValues(columnType);
  const left = [...source];
  const take = (member: string | undefined): string | undefined =>
    member === undefined || !left.includes(member) ? undefined : left.splice(left.indexOf(member), 1)[0];
  const whole = declared.map((shown) => take(shown));
  const members = declared.map((shown, i) => whole[i] ?? take(left.find((member) => isShownAs(member, shown))) ?? shown);
  const candidates = declared.map((shown) => source.filter((member) => member === shown || isShownAs(member, shown)));
  const guessed = candidates.filter(({ length }) => length > 1).flat();
  return { members, missing: left, guessed };
}

/** A member that is shown as it is, is none of these; and none of the hidden characters is shown as a letter or digit of ascii. */
function isShownAs(member: string, shown: string): boolean {
  if (!hidden.test(member)) return false;
  const parts = member.split(hidden).map((part) => part.replace(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join('[^A-Za-z0-9]')}$`, 'su').test(shown);
}

/** What is printed may stand for something else, and the server has not told what. */
export function isUntold({ type, columnType, charset, members }: Choice & Pick<TargetColumn, 'type' | 'charset'>): boolean {
  if ((type !== 'enum' && type !== 'set') || members || charset === null || charset === 'binary') return false;
  return textCodec(charset)?.plain === false ? /[^ -~]|\?/.test(columnType) : columnType.includes('?');
}

/** The table with the members of its ENUM and SET columns that do not print as they are, as far as its server tells them. */
export async function withMembers(queries: Queries, table: TargetTable): Promise<TargetTable> {
  if (!table.columns.some(isUntold)) return table;
  const columns: TargetColumn[] = [];
  for (const column of table.columns) {
    const members = isUntold(column) ? await storedMembers(queries, table, column) : null;
    columns.push(members ? { ...column, members } : column);
  }
  return { ...table, columns };
}

/**
 * A recursive query's column has the type of its first part, of no row: what the others put into it by numbers comes out as text. Numbers
 * double at each step, since a server limits the steps; a SET's bits do not. Null: the column was a text, or the table may not be read.
 */
async function storedMembers(queries: Queries, table: TargetTable, { name, type, columnType, charset }: TargetColumn) {
  const declared = declaredValues(columnType);
  const [start, none] = [`SELECT 0, ${quoteName(name)} FROM ${quoteTable(table)} WHERE FALSE`, 'UNION ALL SELECT 0, NULL'];
  const next =
    type === 'set'
      ? `SELECT i + 1, CAST(1 AS UNSIGNED) << i FROM m WHERE i < ${declared.length}`
      : `SELECT 2 * i + d, 2 * i + d FROM m, (SELECT 1 AS d UNION ALL SELECT 2) AS e WHERE 2 * i + d <= ${declared.length}`;
  const sql = `WITH RECURSIVE m (i, v) AS (${start} ${none} UNION ALL ${next}) SELECT HEX(v) AS member FROM m WHERE i > 0 ORDER BY i`;
  const rows = (await rowsIfAllowed(queries, sql)) ?? [];
  const members = rows.map((row) => textCodec(charset ?? '')?.decode(Buffer.from(textOf(row, 'member'), 'hex')) ?? null);
  const told = members.filter((member, i) => member !== null && (member === declared[i] || isShownAs(member, declared[i] ?? '')));
  return told.length === declared.length ? (told as readonly string[]) : null;
}

/** All that a server prints with a backslash; the character itself for the others. */
const escapes: Readonly<Record<string, string>> = { 0: '\0', n: '\n', r: '\r' };

/** `enum('a','it''s','\0')` → a, it's, U+0000. Of the set binary MySQL prints what is no text as `x'ff'`. */
export function declaredValues(columnType: string): readonly string[] {
  return [...columnType.matchAll(/(x?)'((?:[^'\\]|''|\\.)*)'/gs)].map(([, asBytes, value = '']) =>
    asBytes === 'x' ? (textCodec('binary')?.decode(Buffer.from(value, 'hex')) ?? value) : unescaped(value),
  );
}

function unescaped(value: string): string {
  return value.replace(/''|\\(.)/gs, (pair, escaped: string | undefined) =>
    escaped === undefined ? pair.slice(1) : (escapes[escaped] ?? escaped),
  );
}
