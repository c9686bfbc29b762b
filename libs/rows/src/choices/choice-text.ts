/**
 * ENUM and SET values as texts, each value another text. The naive way takes what the server prints; counter-examples: an ENUM's error
 * value (number 0) prints '' like a declared member '', and a SET of nothing but the member '' prints '' like one of no member.
 */

/** An ENUM's error value: '', as the server prints it. Where '' is a member, the shortest text of U+0000 that is none. */
export function errorValueOf(members: readonly string[]): string {
  let text = '';
  while (members.includes(text)) text += '\0';
  return text;
}

/** A SET's members, joined by commas; no member has one. The member '' alone is `,`. */
export function setText(members: readonly string[]): string {
  return members.length === 1 && members[0] === '' ? ',' : members.join(',');
}

/** The inverse of setText(). */
export function setMembers(text: string): readonly string[] {
  if (text === '') return [];
  return text === ',' ? [''] : text.split(',');
}

/** A SET's members as these are declared: the other side may have them in another order. */
export function inOrder(members: string, values: readonly string[] | undefined): string {
  if (values === undefined) return members;
  const set = new Set(setMembers(members));
  const known = values.filter((value) => set.has(value));
  return known.length === set.size ? setText(known) : members;
}
