/**
 * The column types, each with all that Lutra knows of it: who handles a column asks here, once per column. A new type does not compile
 * until it is complete; which files it touches is in CONTRIBUTING.md.
 */
import type { ColumnType } from '@lutra/model';
import type { Kind, RawColumn, TypeRules } from './type-rules.js';
import { binaries } from './types/binaries.js';
import { bitStrings } from './types/bits.js';
import { choices } from './types/choices.js';
import { decimals } from './types/decimals.js';
import { floats } from './types/floats.js';
import { integers } from './types/integers.js';
import { documents } from './types/json.js';
import { spatial } from './types/spatial.js';
import { strings } from './types/strings.js';
import { temporal } from './types/temporal.js';

const types: Readonly<Record<ColumnType, TypeRules>> = {
  ...integers,
  ...decimals,
  ...floats,
  ...bitStrings,
  ...strings,
  ...binaries,
  ...choices,
  ...documents,
  ...temporal,
  ...spatial,
};

const entries = Object.entries(types) as readonly [ColumnType, TypeRules][];

export function rulesOf(type: ColumnType): TypeRules {
  return types[type];
}

/** Its kind is one of these; what is no column type of ours has none. */
export function isOfKind(type: ColumnType | 'other', ...kinds: readonly Kind[]): boolean {
  return type !== 'other' && kinds.includes(types[type].kind);
}

const named = new Map(entries.flatMap(([type, { server }]) => server.names.map((name) => [name, type])));

/** By DATA_TYPE of information_schema, in lower case. */
export function typeNamed(dataType: string): ColumnType | 'other' {
  return named.get(dataType) ?? 'other';
}

const forms = Map.groupBy(
  entries.flatMap(([, { binlog }]) => binlog.forms),
  ({ number }) => number,
);

/**
 * A column of the table map.
 * @param next its type's data, of so many bytes
 * @returns a text for a type that is not on the allowlist: which one it is
 */
export function wireColumn(number: number, next: (bytes: number) => Buffer): RawColumn | string {
  const candidates = forms.get(number) ?? [];
  const [first] = candidates;
  const data = first === undefined || typeof first.column === 'string' ? null : next(first.bytes);
  for (const { column } of candidates) {
    const found = typeof column === 'string' ? column : data && column(data);
    if (found !== null) return found;
  }
  return `number ${number}`;
}
