/**
 * Collations by their names: do those of two sides take the same texts for one value? (What each takes for one its server says:
 * sort-keys.ts.) Pure. Compared letter by letter on MySQL 8.0, 9.7 and MariaDB 11.4: docs/decisions/0026-sort-keys.md.
 */

const unicode = /^(?:utf8|utf8mb3|utf8mb4|ucs2|utf16|utf16le|utf32)_(.+)$/;
/** MariaDB has these names too, for collations of a later version of Unicode. */
const ofMysql = /(?:^|_)0900_/;

/** So far as both character sets have the texts. `sameFlavor`: both servers are MySQL, or both MariaDB. */
export function sameCollation(a: string, b: string, { sameFlavor }: { readonly sameFlavor: boolean }): boolean {
  const kind = (collation: string): string => unicode.exec(collation)?.[1] ?? collation;
  return kind(a) === kind(b) && (sameFlavor || !ofMysql.test(kind(a)));
}
