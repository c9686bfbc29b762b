/**
 * What stands for bytes that have no character of their own, in private planes that no table of a server knows.
 * - A set that lacks these planes: U+1000bb or U+10bbbb for one or two bytes, U+0Fbbbb for the last two of three.
 * - A set that holds all of Unicode: the same behind U+10FFFF, which is no character. A U+10FFFF of the text itself is doubled.
 */
export const mark = 0x10ffff;
export const markText = '\u{10ffff}';
export const twoBytes = 0x100000;
export const threeBytes = 0xf0000;

/** For sets that lack the private planes. */
const privatePlanes = /[\udb80-\udbff]/;

export function inPrivatePlane(text: string): boolean {
  return privatePlanes.test(text);
}

export function isMarked(text: string): boolean {
  return text.includes(markText);
}

export function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}
