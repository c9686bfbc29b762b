/**
 * A name of a database or table as a server with lower_case_table_names=1 keeps it. The server turns each character into one other (its own
 * tables of utf8mb3_general_ci); JavaScript turns İ into two, and Σ by its position. Characters that are newer than the server's tables it
 * leaves alone: for those this name is one that the server would not make, and two names that it tells apart may be one here, never the
 * other way round.
 */
export function foldedName(name: string): string {
  let folded = '';
  for (const character of name) folded += character === 'İ' ? 'i' : character.toLowerCase();
  return folded;
}
