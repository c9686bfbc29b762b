/**
 * Decides whether some table is matched by all of some patterns and by none of others, and names one. Exact: it walks all patterns
 * at once, character by character (the subset construction of automata theory), and so finds the shortest such name.
 *
 * The naive way compares the patterns themselves. Counter-example: `app_*` and `*_log` are different texts without a common prefix
 * rule, yet both match `app_log`, and its rows would be applied twice.
 */

/** `*`: any run of characters, `?`: one. As in a route. */
export interface TablePattern {
  readonly schema: string;
  readonly table: string;
}

/** A pattern as one text with a separator that no name holds, and which of its positions the name so far may have reached. */
interface Walk {
  readonly pattern: string;
  readonly offsets: readonly number[];
}

/** The tables of a pattern, without those of `unless`. */
export interface TableSet extends TablePattern {
  readonly unless?: readonly TablePattern[];
}

interface SetWalk {
  readonly of: Walk;
  readonly unless: readonly Walk[];
}

interface State {
  readonly name: string;
  readonly inside: readonly Walk[];
  readonly outside: readonly SetWalk[];
}

const separator = '\0';
const anyTable: TablePattern = { schema: '?*', table: '?*' };
const maxStates = 5_000;
const letters = 'abcdefghijklmnopqrstuvwxyz0123456789_';

/** What `findTable` answers when patterns have too many wildcards for an answer in reasonable time; counts as found. */
export const undecided = 'a table that the patterns leave open (they have too many wildcards to compare)';

/**
 * What is matched by every pattern of `inside` and none of `outside`, for a message; null if nothing is. A name that no pattern spells out
 * is an example, which need not exist anywhere: the patterns are told instead.
 */
export function findTable(inside: readonly TablePattern[], outside: readonly TableSet[] = []): string | null {
  const found = exampleTable(inside, outside);
  if (found === null || found === undecided || inside.some((pattern) => nameOf(pattern) === found)) return found;
  const patterns = [...new Set(inside.map(nameOf))].filter((name) => name !== '*.*');
  return patterns.length === 0 ? 'any table' : `tables of ${patterns.join(' and ')}`;
}

function nameOf({ schema, table }: TablePattern): string {
  return `${schema}.${table}`;
}

/** The name (`schema.table`) of a table matched by every pattern of `inside` and none of `outside`; null if there is none. */
export function exampleTable(inside: readonly TablePattern[], outside: readonly TableSet[] = []): string | null {
  // A name that is spelled out is the only candidate: the common case, and the quick one.
  const spelled = inside.find((pattern) => !isPattern(pattern.schema) && !isPattern(pattern.table));
  const near = outside.filter((pattern) => !inside.some((other) => apart(pattern, other)));
  return spelled ? tryName(spelled, inside, near) : search(inside, near);
}

export function isPattern(name: string): boolean {
  return /[*?]/.test(name);
}

/** Certainly without a common table, as the parts that are spelled out tell; false says nothing. */
export function apart(one: TablePattern, other: TablePattern): boolean {
  const differ = (a: string, b: string): boolean => a !== b && !isPattern(a) && !isPattern(b);
  return differ(one.schema, other.schema) || differ(one.table, other.table);
}

function tryName({ schema, table }: TablePattern, inside: readonly TablePattern[], outside: readonly TableSet[]): string | null {
  const name = `${schema}${separator}${table}`.split('');
  const matches = (pattern: TablePattern): boolean => isEnd(name.reduce(step, begin(pattern)));
  const isOut = outside.some((set) => matches(set) && !(set.unless ?? []).some(matches));
  return schema !== '' && table !== '' && inside.every(matches) && !isOut ? `${schema}.${table}` : null;
}

function search(inside: readonly TablePattern[], outside: readonly TableSet[]): string | null {
  const alphabet = alphabetOf([...inside, ...outside, ...outside.flatMap(({ unless = [] }) => unless)]);
  const walks = outside.map((set): SetWalk => ({ of: begin(set), unless: (set.unless ?? []).map(begin) }));
  const first: State = { name: '', inside: [anyTable, ...inside].map(begin), outside: walks };
  const queue = [first];
  const seen = new Set([keyOf(first)]);
  for (let next = 0; next < queue.length; next++) {
    const state = queue[next]!;
    if (state.inside.every(isEnd) && !state.outside.some(isIn)) return state.name.replace(separator, '.');
    for (const character of alphabet) {
      const following = advance(state, character);
      if (!following) continue;
      const key = keyOf(following);
      if (seen.has(key)) continue;
      if (seen.size >= maxStates) return undecided;
      seen.add(key);
      queue.push(following);
    }
  }
  return null;
}

/** Every character that a pattern names, and one that none does: all others behave like it. */
function alphabetOf(patterns: readonly TablePattern[]): readonly string[] {
  const named = new Set(patterns.flatMap((pattern) => `${pattern.schema}${pattern.table}`.split('')));
  named.delete('*');
  named.delete('?');
  const other = letters.split('').find((letter) => !named.has(letter)) ?? '\u{e000}';
  return [other, ...named, separator];
}

function begin(pattern: TablePattern): Walk {
  const text = `${pattern.schema}${separator}${pattern.table}`.replace(/\*+/g, '*');
  return { pattern: text, offsets: reach(text, [0]) };
}

function advance(state: State, character: string): State | null {
  const inside: Walk[] = [];
  for (const walk of state.inside) {
    const following = step(walk, character);
    if (following.offsets.length === 0) return null;
    inside.push(following);
  }
  const outside = state.outside
    .map(({ of, unless }) => ({ of: step(of, character), unless: unless.map((walk) => step(walk, character)) }))
    .filter(({ of }) => of.offsets.length > 0);
  return { name: state.name + character, inside, outside };
}

function step({ pattern, offsets }: Walk, character: string): Walk {
  const next: number[] = [];
  for (const offset of offsets) {
    const expected = pattern[offset];
    if (expected === '*' && character !== separator) next.push(offset);
    else if (expected === character || (expected === '?' && character !== separator)) next.push(offset + 1);
  }
  return { pattern, offsets: reach(pattern, next) };
}

/** A `*` may match nothing: its position implies the one after it. */
function reach(pattern: string, offsets: readonly number[]): readonly number[] {
  const all = new Set(offsets);
  for (const offset of all) if (pattern[offset] === '*') all.add(offset + 1);
  return [...all].sort((a, b) => a - b);
}

function isEnd({ pattern, offsets }: Walk): boolean {
  return offsets.at(-1) === pattern.length;
}

function isIn({ of, unless }: SetWalk): boolean {
  return isEnd(of) && !unless.some(isEnd);
}

function keyOf({ inside, outside }: State): string {
  const ofWalk = ({ pattern, offsets }: Walk): string => `${pattern}:${offsets.join()}`;
  const ofSet = ({ of, unless }: SetWalk): string => [of, ...unless].map(ofWalk).join('!');
  return `${inside.map(ofWalk).join('|')}#${outside.map(ofSet).sort().join('|')}`;
}
