/**
 * JSON documents as Lutra carries them: the text that the server's SELECT prints, and before a value whose type that text loses, a blank
 * that says so. No server prints these blanks, and in strings they are escaped, so they are found without parsing; to a reader of JSON
 * they are insignificant.
 *
 *     {"price": ⇥       12.50, "day": ⇥"2024-01-01", "id": ⏎7}
 *
 * - A tab: an opaque value. A number is a DECIMAL, and so many spaces follow the tab as its precision exceeds its digits (a lone 0 before
 *   the point is no digit). A string that begins with base64:typeN: is of MySQL's field type N; any other is a DATE, TIME or DATETIME, as
 *   it looks. A space before it makes a TIMESTAMP.
 * - A line feed: a whole number of the other kind than the server reads from its text: UNSIGNED INTEGER up to 4294967295, INTEGER above.
 */
export const opaqueMark = '\t';
export const signMark = '\n';

/** A positive whole number above it is an UNSIGNED INTEGER, where the server reads it from text. */
export const mostSigned = 2 ** 32 - 1;

/** Typed as the text cannot say. */
export function isMarked(text: string): boolean {
  return text.includes(opaqueMark) || text.includes(signMark);
}

/** What the server's SELECT prints. */
export function printedJson(text: string): string {
  return isMarked(text) ? text.replace(/[\t\n] */g, '') : text;
}
