/**
 * ENUM and SET values as SQL. A member is written as its text, which says the same where the target declares its members in another order.
 * No text will do, and the member's number in the target's list is written, where
 *
 * 1. the collation may take the member for another one: 'A' stores 'a' in ENUM('a','A'), which the servers accept outside strict mode;
 * 2. the member is '', or nothing but what collations ignore: '' finds the error value of an ENUM too, and a SET of the member '' alone
 *    prints like one of no member.
 *
 * An ENUM's error value (number 0) is no number to strict mode. The text '0' stores it, on MySQL 8.0, 9.7 and MariaDB: a text that is no
 * member is read as a number, and held against the end of the list alone. They read up to 5 bytes of it, in the column's own character set.
 */
import type { ColumnSchema } from '@lutra/model';
import type { LiteralForm, Writer } from '../sql.js';
import { hidden, memberIn } from '../text.js';
import { errorValueOf, setMembers } from './choice-text.js';

/** What is written. `values` and `charset` are the target's. */
export function storedChoice({ type, values, charset }: ColumnSchema, form: LiteralForm): Writer {
  const write = memberIn(charset, form);
  if (values === undefined) return (value) => (typeof value === 'string' && (value !== '' || type === 'set') ? write(value) : null);
  if (type === 'set') return setWriter(values, write);
  return enumWriter(values, { write, error: zeroText(values, charset, form), numbered: alikeOf(values) });
}

/** What the column is compared with: exact, and found by an index. */
export function comparedChoice(column: ColumnSchema, form: LiteralForm): Writer {
  const { type, values, charset } = column;
  if (values === undefined || type === 'set') return storedChoice(column, form);
  return enumWriter(values, { write: memberIn(charset, form), error: '0', numbered: new Set([...alikeOf(values), ...emptyOf(values)]) });
}

interface EnumForms {
  readonly write: (member: string) => string | null;
  /** Of the error value; null: there is none. */
  readonly error: string | null;
  /** Members that are written as numbers. */
  readonly numbered: ReadonlySet<string>;
}

function enumWriter(values: readonly string[], { write, error, numbered }: EnumForms): Writer {
  const literals = new Map([[errorValueOf(values), error]]);
  for (const [i, member] of values.entries()) literals.set(member, numbered.has(member) ? String(i + 1) : write(member));
  const of = (value: string): string | null => literals.get(value) ?? unlisted(value, write);
  return (value) => (typeof value === 'string' ? of(value) : null);
}

/** Where the list is as a server prints it (resolution records): it knows the text, and strict mode refuses one that it does not. */
function unlisted(value: string, write: (member: string) => string | null): string | null {
  return hidden.test(value) ? write(value) : null;
}

function setWriter(values: readonly string[], write: (members: string) => string | null): Writer {
  const bits = new Map(values.map((member, i) => [member, 1n << BigInt(i)]));
  const byNumber = alikeOf(values).size > 0 || emptyOf(values).length > 0;
  return (value) => {
    if (typeof value !== 'string') return null;
    const members = setMembers(value);
    let sum = 0n;
    for (const member of members) {
      const bit = bits.get(member);
      if (bit === undefined) return byNumber ? null : unlisted(value, write);
      sum |= bit;
    }
    // In the order of the declared members: that is how the server prints and compares it.
    return byNumber ? sum.toString() : write(values.filter((member) => members.includes(member)).join());
  };
}

/** Members that are written, or compared, as numbers. */
export function numbered(type: 'enum' | 'set', members: readonly string[]): ReadonlySet<string> {
  const some = new Set([...alikeOf(members), ...emptyOf(members)]);
  return type === 'set' && some.size > 0 ? new Set(members) : some;
}

/** Members that a collation may take for one another. */
function alikeOf(members: readonly string[]): ReadonlySet<string> {
  const alike = Map.groupBy(members, folded);
  return new Set(members.filter((member) => (alike.get(folded(member))?.length ?? 0) > 1));
}

/** Members that a collation may take for ''. */
function emptyOf(members: readonly string[]): readonly string[] {
  return members.filter((member) => folded(member) === '');
}

/**
 * About as wide as the widest collation: without case, marks and what some collations ignore. Characters beyond the first plane are
 * types/choices.ts's affair.
 */
export function folded(text: string): string {
  return text
    .normalize('NFKD')
    .replaceAll(/[\p{M}\p{C}\p{Z}]/gu, '')
    .replaceAll(/\p{Nd}/gu, (digit) => (digit >= '0' && digit <= '9' ? digit : '0'))
    .toLowerCase();
}

/** Bytes of a digit. */
const wideDigits: Readonly<Record<string, number>> = { utf32: 4, utf16: 2, utf16le: 2, ucs2: 2 };
const mostBytes = 5;

/** Zeros that are no member of the list. */
function zeroText(members: readonly string[], charset = '', form: LiteralForm): string | null {
  const width = wideDigits[charset] ?? 1;
  const taken = new Set(members.map(folded));
  const zeros = Array.from({ length: Math.floor(mostBytes / width) }, (_, i) => '0'.repeat(i + 1)).find((text) => !taken.has(text));
  if (zeros === undefined) return null;
  if (width === 1) return form.text(zeros);
  const digit = charset === 'utf16le' ? '3000' : '30'.padStart(2 * width, '0');
  return `_${charset} x'${digit.repeat(zeros.length)}'`;
}
