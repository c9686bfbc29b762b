/** What differs between two JSON documents, by a JSON pointer in which members of lists that have names stand by name. */

export interface Difference {
  readonly pointer: string;
  /** null: it is not there. */
  readonly before: unknown;
  readonly after: unknown;
}

export function documentDiff(before: unknown, after: unknown, pointer = ''): readonly Difference[] {
  const [a, b] = [membersOf(before), membersOf(after)];
  if (!a || !b || Array.isArray(before) !== Array.isArray(after))
    return JSON.stringify(before) === JSON.stringify(after) ? [] : [{ pointer, before: before ?? null, after: after ?? null }];
  const names = new Set([...a.keys(), ...b.keys()]);
  return [...names].flatMap((name) => documentDiff(a.get(name), b.get(name), `${pointer}/${escaped(name)}`));
}

function membersOf(value: unknown): ReadonlyMap<string, unknown> | null {
  if (typeof value !== 'object' || value === null) return null;
  if (!Array.isArray(value)) return new Map(Object.entries(value));
  const named = value.map((member: unknown, index) => [nameOf(member) ?? String(index), member] as const);
  const byName = new Map(named);
  return byName.size === value.length ? byName : new Map(value.map((member: unknown, index) => [String(index), member]));
}

function nameOf(member: unknown): string | null {
  return typeof member === 'object' && member !== null && 'name' in member && typeof member.name === 'string' ? member.name : null;
}

function escaped(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}
