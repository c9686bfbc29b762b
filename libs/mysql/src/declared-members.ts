/**
 * A target's ENUM or SET members, in its order. No server tells them whole: whatever prints a definition prints `?` for a character beyond
 * the first plane. So such a member is told by the source's list. Two that print alike are taken in the source's order, which is a guess:
 * their numbers must not be written, and their texts, which the target looks up, may be.
 */
import { declaredValues } from './target-table.js';

export interface DeclaredMembers {
  readonly members: readonly string[];
  /** Of the source, and not of the target. */
  readonly missing: readonly string[];
  /** Which of several members has which number is a guess. */
  readonly guessed: boolean;
}

export function declaredMembers(source: readonly string[], columnType: string): DeclaredMembers {
  const left = Map.groupBy(source, printed);
  const guessed = [...left.values()].some((alike) => alike.length > 1);
  const members = declaredValues(columnType).map((text) => left.get(text)?.shift() ?? text);
  return { members, missing: [...left.values()].flat(), guessed };
}

function printed(member: string): string {
  return member.replaceAll(/[\u{10000}-\u{10FFFF}]/gu, '?');
}
