/**
 * The tables of the run: one for each policy and for each shape that could break it. Every table but the journal also has `stamp`, the name
 * of the write that it shows, `born`, the name of the write that put the row under this key, and `turns`, how often home has written it
 * since.
 */
import type { ConflictRule } from '@lutra/model';
import {
  blob,
  type ColumnShape,
  decimal,
  greatest,
  json,
  moment,
  note,
  numberOf,
  smallest,
  sum,
  unique,
  uniqueOrNull,
  version,
  versionTime,
  whole,
  words,
} from './values.js';

export type Key = readonly (string | number)[];

export interface Shape {
  readonly name: string;
  readonly rule: Partial<Omit<ConflictRule, 'schema' | 'table'>> & Pick<ConflictRule, 'policy'>;
  /** Name → DDL. */
  readonly key: Readonly<Record<string, string>>;
  /** Everybody writes these; where they are many, those of one short stretch at a time, which nobody comes back to soon. */
  readonly hot: readonly Key[];
  /** Of these, the rows that are there at the start; all if absent. */
  readonly first?: readonly Key[];
  /** Only this writer writes these. */
  readonly own: (owner: string) => readonly Key[];
  /** The same for keys that are one to the collation. */
  readonly identity: (key: Key) => string;
  readonly columns: Readonly<Record<string, ColumnShape>>;
  /** Keys and constraints. */
  readonly more?: string;
  /** Share of writes that delete the row, and that give it another key. */
  readonly deletes: number;
  readonly moves: number;
}

const hotKeys = 6;
const ownKeys = 4;

const identity = (key: Key): string => key.join(' ');
const numbers: Pick<Shape, 'key' | 'hot' | 'own' | 'identity'> = {
  key: { id: 'INT NOT NULL' },
  hot: range(hotKeys).map((id) => [id]),
  own: (owner) => range(ownKeys).map((id) => [numberOf(owner) * 1000 + id]),
  identity,
};
/**
 * Half of the keys are free, and rows move there. What a wrong decision leaves behind stays: among a few keys, which are written again and
 * again, the next write would put it right.
 */
const roaming: Pick<Shape, 'key' | 'hot' | 'first' | 'own' | 'identity' | 'deletes' | 'moves'> = {
  ...numbers,
  hot: range(200).map((id) => [id]),
  first: range(200).flatMap((id) => (id % 2 === 0 ? [[id]] : [])),
  own: (owner) => range(ownKeys).map((id) => [numberOf(owner) * 1000 + id]),
  deletes: 0.1,
  moves: 0.45,
};
const often = { deletes: 0.12, moves: 0.06 };
const latest = { policy: 'latest', version: 'version' } as const;

const parentKey: ColumnShape = {
  ddl: 'INT NOT NULL',
  make: (random, { owner }) => numberOf(owner) * 1000 + random.int(1, owner === 'hot' ? hotKeys : ownKeys),
};

export const shapes: readonly Shape[] = [
  { name: 'home', rule: { policy: 'home' }, ...numbers, columns: { body: words, amount: whole('INT NULL') }, ...often },
  {
    name: 'home_text',
    rule: { policy: 'home' },
    key: { name: 'VARCHAR(40) COLLATE utf8mb4_0900_ai_ci NOT NULL' },
    // Some of them are one key to the collation.
    hot: ['otter', 'OTTER', 'Ötter', 'sea', 'Sea', 'río', 'rio', 'delta'].map((name) => [name]),
    own: (owner) => range(ownKeys).map((n) => [`${owner} ${n}`]),
    identity: ([name]) => String(name).normalize('NFD').replaceAll(/\p{M}/gu, '').toLowerCase(),
    columns: { note, doc: json, price: decimal, at: moment, bytes: blob },
    ...often,
  },
  { name: 'latest', rule: { ...latest, deletes: 'lose' }, ...numbers, columns: { version, body: words }, ...often },
  {
    name: 'latest_time',
    rule: { ...latest, deletes: 'win' },
    key: { id: 'BIGINT UNSIGNED NOT NULL' },
    hot: range(hotKeys).map((n) => [`1844674407370955160${n}`]),
    own: (owner) => range(ownKeys).map((n) => [`1844674407370${String(numberOf(owner)).padStart(3, '0')}000${n}`]),
    identity,
    columns: { version: versionTime, body: words },
    ...often,
  },
  {
    name: 'merge',
    rule: { policy: 'merge', sameColumn: 'home', deletes: 'lose' },
    ...numbers,
    columns: { red: whole('INT NOT NULL'), green: whole('INT NULL'), blue: decimal, body: words },
    ...often,
  },
  {
    name: 'merge_latest',
    rule: { policy: 'merge', sameColumn: 'latest', version: 'version', deletes: 'win' },
    ...numbers,
    columns: { version, red: whole('INT NOT NULL'), green: words },
    ...often,
  },
  {
    name: 'counters',
    rule: { policy: 'merge', columns: { n: 'delta', amount: 'delta', high: 'max', low: 'min' } },
    ...numbers,
    columns: { n: sum('BIGINT NOT NULL'), amount: sum('DECIMAL(20,2) NOT NULL', 2), high: greatest, low: smallest, body: words },
    deletes: 0,
    moves: 0,
  },
  {
    name: 'tallies',
    rule: { policy: 'merge', columns: { n: 'delta', high: 'max' }, deletes: 'win' },
    ...numbers,
    columns: { n: sum('BIGINT NOT NULL'), high: greatest, body: words },
    ...often,
  },
  {
    name: 'uniq',
    rule: { policy: 'home' },
    ...numbers,
    columns: { code: unique('VARCHAR(20) NOT NULL', 9), body: words },
    more: 'UNIQUE KEY code (code)',
    ...often,
  },
  {
    name: 'uniq_latest',
    rule: { ...latest, deletes: 'lose' },
    ...numbers,
    columns: { version, code: unique('CHAR(12) NOT NULL', 9), slot: uniqueOrNull('INT NULL', 9) },
    more: 'UNIQUE KEY code (code), UNIQUE KEY slot (slot)',
    ...often,
  },
  { name: 'parent', rule: { policy: 'home' }, ...numbers, columns: { body: words }, deletes: 0.3, moves: 0 },
  {
    name: 'child',
    rule: { policy: 'home' },
    ...numbers,
    columns: { parent_id: parentKey, body: words },
    more: 'CONSTRAINT child_parent FOREIGN KEY (parent_id) REFERENCES parent (id)',
    deletes: 0.3,
    moves: 0.05,
  },
  {
    name: 'pairs',
    rule: { ...latest, deletes: 'lose' },
    key: { area: 'VARCHAR(10) CHARACTER SET ascii COLLATE ascii_bin NOT NULL', no: 'SMALLINT NOT NULL' },
    hot: ['n', 'N'].flatMap((area) => range(4).map((no) => [area, no] as const)),
    own: (owner) => range(ownKeys).map((no) => [owner, no]),
    identity,
    columns: { version, body: words },
    deletes: 0.1,
    moves: 0.25,
  },
  { name: 'roaming_home', rule: { policy: 'home' }, ...roaming, columns: { body: words } },
  { name: 'roaming_latest', rule: { ...latest, deletes: 'lose' }, ...roaming, columns: { version, body: words } },
  { name: 'roaming_latest_win', rule: { ...latest, deletes: 'win' }, ...roaming, columns: { version, body: words } },
  {
    name: 'roaming_merge',
    rule: { policy: 'merge', sameColumn: 'latest', version: 'version', deletes: 'lose' },
    ...roaming,
    columns: { version, red: whole('INT NOT NULL'), body: words },
  },
];

/**
 * Written with every transaction, by nobody twice: what is in it was committed. No rule, so policy `stop`: a conflict found here is a false
 * one.
 */
export const journal = { name: 'journal', ddl: 'stamp VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY' } as const;

/** What makes a transaction so large that a loader begins to write it before it has all of it. Rows of one writer alone, no policy. */
export const ballast = { name: 'ballast', ddl: 'id BIGINT NOT NULL PRIMARY KEY, payload VARCHAR(400) NOT NULL' } as const;

function range(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}
