/**
 * An ENUM's or SET's members. What prints a definition prints `?` for a character beyond the first plane of Unicode, and the character of
 * another sequence for one that has none of its own: two members may print alike, and 'a?' may be any of a million. So the server is asked
 * for them in another way. Where it does not tell (MySQL 8.0.15), a member is told by the source's list; which of two that print alike has
 * which number is a guess then: their numbers must not be written, and their texts, which the target looks up, may be.
 */
import { textCodec } from '@lutra/model';
import type { ServerColumn } from '../server-column.js';
import { hidden } from '../text.js';

export interface DeclaredMembers {
  readonly members: readonly string[];
  /** Of the source, and not of the target. */
  readonly missing: readonly string[];
  /** Which of these has which number is a guess. */
  readonly guessed: readonly string[];
}

type Choice = Pick<ServerColumn, 'columnType' | 'members'>;

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
export function isShownAs(member: string, shown: string): boolean {
  if (!hidden.test(member)) return false;
  const parts = member.split(hidden).map((part) => part.replace(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join('[^A-Za-z0-9]')}$`, 'su').test(shown);
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
