/**
 * A row's key as somebody wrote it into lutra.resync: JSON, `{column: value}`, or an array of values in the order of the primary key.
 * Numbers keep their digits. The naive way is JSON.parse(); counter-example: `{"id": 9007199254740993}` is another row's id to it.
 */

/** What stands for a value; `number`: digits, perhaps with a point or an exponent. */
export type Given =
  | { readonly kind: 'number'; readonly text: string }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'bytes'; readonly bytes: Buffer };

/** By name, or by place. */
export type GivenKey = ReadonlyMap<string, Given> | readonly Given[];

/** A whole number; the others are those of a row in JSON (libs/model/src/row-json.ts). */
const letters = ['i', 'b', 'f'];

class Digits {
  constructor(readonly text: string) {}
}

/** Null: it is none. */
export function givenKey(text: string): GivenKey | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text, withDigits);
  } catch {
    return null;
  }
  if (Array.isArray(parsed)) return complete(parsed.map(given));
  if (typeof parsed !== 'object' || parsed === null || parsed instanceof Digits) return null;
  const entries = Object.entries(parsed).map(([name, value]) => [name, given(value)] as const);
  return entries.every((entry): entry is [string, Given] => entry[1] !== null) ? new Map(entries) : null;
}

function withDigits(_name: string, value: unknown, context?: { readonly source?: string }): unknown {
  return typeof value === 'number' ? new Digits(context?.source ?? String(value)) : value;
}

function complete(values: readonly (Given | null)[]): readonly Given[] | null {
  return values.every((value) => value !== null) ? values : null;
}

function given(value: unknown): Given | null {
  if (value instanceof Digits) return { kind: 'number', text: value.text };
  if (typeof value === 'string') return { kind: 'text', text: value };
  const [letter, text] = Array.isArray(value) && value.length === 2 ? (value as unknown[]) : [];
  if (typeof letter !== 'string' || !letters.includes(letter) || typeof text !== 'string') return null;
  if (letter === 'b') return /^[A-Za-z0-9+/]*={0,2}$/.test(text) ? { kind: 'bytes', bytes: Buffer.from(text, 'base64') } : null;
  return (letter === 'i' ? /^-?\d{1,20}$/ : /^-0$/).test(text) ? { kind: 'number', text } : null;
}
