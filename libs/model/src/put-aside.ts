/** Tables of a target that Lutra has put aside, by their names: no route takes them. Decision 0034, rule 21. */

const prefix = 'lutra_aside_';
/** Of characters in a name: the server takes none that has two units. */
const longest = 64;

/** `seq`: of the record for which it is put aside. */
export function asideName(table: string, seq: number): string {
  const end = `_${seq}`;
  return prefix + table.slice(0, longest - prefix.length - end.length) + end;
}

export function isPutAside(table: string): boolean {
  return table.startsWith(prefix);
}
