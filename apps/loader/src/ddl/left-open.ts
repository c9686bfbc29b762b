/** What a CREATE TABLE leaves to the server, though no record says what the source's server took: the character set of the table. Pure. */

/** Its text outside of parentheses, literals, names and comments. */
function outside(sql: string): string {
  const pattern = /'(?:[^'\\]|\\[\s\S]|'')*'|"(?:[^"\\]|\\[\s\S]|"")*"|`(?:[^`]|``)*`|\/\*[\s\S]*?\*\/|#[^\n]*|--\s[^\n]*|[\s\S]/g;
  let depth = 0;
  let text = '';
  for (const [part] of sql.matchAll(pattern)) {
    if (part === '(') depth += 1;
    else if (part === ')') depth -= 1;
    else if (depth === 0) text += part.length === 1 ? part : ' ';
  }
  return text;
}

/** No option of the table names a character set or a collation. Under odd modes it may say true of one that does: then it is asked for. */
export function leavesCharset(sql: string): boolean {
  return !/\b(?:charset|character\s+set|collate)\b/i.test(outside(sql));
}
