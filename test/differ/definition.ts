/** What every DDL statement of the generator is made of. Pure. */
import type { Random } from '../harness/random.js';
import type { Dress } from './dress.js';
import type { Feature } from './schema.js';
import type { Column, Table } from './table.js';

/**
 * `routed`: the pipeline must hold. `new`: a table that has no rows: the target gets it by hand, and the pipeline goes on by itself.
 * `filled`: one that comes with rows, before which the pipeline holds until the target has it. `none`: it must pass.
 */
export type Concerns = 'routed' | 'new' | 'filled' | 'none';

export interface Definition {
  readonly kind: string;
  readonly sql: string;
  /** What it needs beside routed tables; carried out at the target by hand, too. */
  readonly before: readonly string[];
  /** The session's default database; undefined: none. */
  readonly database: string | undefined;
  readonly concerns: Concerns;
  /** Tables that it names. */
  readonly tables: readonly string[];
  /** What the tables are when it was carried out. */
  readonly after: readonly Table[];
}

export interface Surroundings {
  readonly database: string;
  readonly elsewhere: string;
  readonly tables: readonly Table[];
  /** By name. */
  readonly routed: (table: string) => boolean;
  readonly features: ReadonlySet<Feature>;
  /** So that new names are new. */
  readonly n: number;
}

export type Made = Pick<Definition, 'sql'> & {
  readonly before?: readonly string[];
  readonly after?: readonly Table[];
  readonly concerns?: Concerns;
  readonly tables?: readonly string[];
};
export type Make = (random: Random, surroundings: Surroundings, dress: Dress) => Made | undefined;

export function anyOf(random: Random, tables: readonly Table[]): Table | undefined {
  return tables.length === 0 ? undefined : random.pick(tables);
}

export function replaced(tables: readonly Table[], old: Table, now: Table): Table[] {
  return tables.map((table) => (table === old ? now : table));
}

export function alter(
  random: Random,
  { table, surroundings, dress }: { table: Table; surroundings: Surroundings; dress: Dress },
  clause: string,
  now: Partial<Table>,
): Made {
  const how = random.pick(['', '', '', ', ALGORITHM=INPLACE', ', ALGORITHM=COPY', ', LOCK=NONE']);
  const sql = dress.join(dress.words('ALTER TABLE'), dress.table(table.name), `${clause}${how}`);
  return { sql, after: replaced(surroundings.tables, table, { ...table, ...now }), tables: [table.name] };
}

/** Not read by anything else in the table. */
export function loose(table: Table): Column[] {
  const text = JSON.stringify([
    table.indexes,
    table.checks,
    table.partitions,
    table.columns.map(({ generated }) => generated?.expression ?? ''),
  ]);
  return table.columns.filter(
    ({ name, more }) =>
      !text.includes(name) && name !== 'id' && !more?.includes('AUTO') && table.references.every(({ column }) => column !== name),
  );
}
