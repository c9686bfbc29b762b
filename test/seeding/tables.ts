/**
 * Twelve tables of all shapes that rows are copied by. A row is known by a number `n`; its key and its values follow from `n` and a version
 * `v`, as SQL, so that a server fills millions of rows by itself and a writer names any of them. Rows of odd numbers belong to side a,
 * those of even ones to side b: nobody else writes them.
 */

/** `n` and `v` are SQL: a number, or a column's name. */
interface SqlColumn {
  readonly ddl: string;
  readonly of: (n: string, v: string) => string;
}

export interface SeededTable {
  readonly name: string;
  readonly key: Readonly<Record<string, SqlColumn>>;
  /** Parts of the primary key, as DDL. */
  readonly primary: string;
  readonly columns: Readonly<Record<string, SqlColumn>>;
  readonly more?: string;
  /** Of all rows of a run. */
  readonly share: number;
  /** Which side's writers delete rows and give them another key. A parent that lacks its children yet is not to be deleted there. */
  readonly removes: 'both' | 'a';
}

export const seededDatabase = 'seeding';

const ascii = (length: number): string => `VARCHAR(${length}) CHARACTER SET ascii COLLATE ascii_bin NOT NULL`;
const id: SqlColumn = { ddl: 'INT NOT NULL', of: (n) => n };
const byId: Pick<SeededTable, 'key' | 'primary'> = { key: { id }, primary: 'id' };
const body: SqlColumn = { ddl: 'VARCHAR(80) NOT NULL', of: (n, v) => `CONCAT('row → ', ${n}, ' “', ${v}, '” 🦦')` };
const amount: SqlColumn = { ddl: 'DECIMAL(20,6) NULL', of: (n, v) => `IF((${n} + ${v}) MOD 7 = 0, NULL, ${n} * 0.125 - ${v})` };
/** Children have them; few enough for each to be among the first rows. */
const parents = 1_000;

const wide: SeededTable['columns'] = {
  doc: { ddl: 'JSON NULL', of: (n, v) => `IF(${v} MOD 11 = 10, NULL, JSON_OBJECT('n', ${n}, 'list', JSON_ARRAY(${v}, 'é', NULL)))` },
  bytes: { ddl: 'BLOB NULL', of: (n, v) => `UNHEX(REPEAT(SHA2(CONCAT(${n}, ',', ${v}), 512), 1 + ${n} MOD 20))` },
  prose: { ddl: 'MEDIUMTEXT NOT NULL', of: (n, v) => `REPEAT(CONCAT('ünïcode ', ${v}, ' '), 20 + ${n} MOD 50)` },
  ratio: { ddl: 'FLOAT NULL', of: (n, v) => `${n} / 7e0 + ${v}` },
  exact: { ddl: 'DOUBLE NULL', of: (n, v) => `${n} / 3e0 + ${v}` },
  bits: { ddl: 'BIT(13) NULL', of: (n, v) => `(${n} + ${v}) MOD 8192` },
  span: { ddl: 'TIME(3) NULL', of: (n, v) => `SEC_TO_TIME((${n} + ${v}) MOD 86400)` },
  born: { ddl: 'YEAR NULL', of: (n) => `1950 + ${n} MOD 150` },
  moment: { ddl: 'TIMESTAMP(6) NULL', of: (n, v) => `'2024-03-01 10:00:00.25' + INTERVAL ${n} SECOND + INTERVAL (${v} MOD 300) DAY` },
  ...Object.fromEntries(Array.from({ length: 24 }, (_, i) => [`c${i}`, { ...body, of: (n: string) => `CONCAT('column ${i} of ', ${n})` }])),
};

export const seededTables: readonly SeededTable[] = [
  // Before its children in the list, and so in a fill.
  { name: 'parents', ...byId, columns: { body }, share: 0.06, removes: 'a' },
  {
    name: 'children',
    ...byId,
    columns: { parent_id: { ddl: 'INT NOT NULL', of: (n) => `((${n} DIV 8) MOD ${parents / 2}) * 2 + 2 + ${n} MOD 2` }, amount },
    more: 'KEY parent (parent_id), CONSTRAINT children_parent FOREIGN KEY (parent_id) REFERENCES parents (id)',
    share: 0.1,
    removes: 'both',
  },
  { name: 'tiny', ...byId, columns: {}, share: 0.15, removes: 'both' },
  {
    name: 'unsigned_keys',
    key: { id: { ddl: 'BIGINT UNSIGNED NOT NULL', of: (n) => `18446744073709551615 - ${n}` } },
    primary: 'id',
    columns: { body },
    share: 0.1,
    removes: 'both',
  },
  {
    // Each update writes the key in another case: to the collation it is the same.
    name: 'text_keys',
    key: {
      name: {
        ddl: 'VARCHAR(40) COLLATE utf8mb4_0900_ai_ci NOT NULL',
        of: (n, v) =>
          `CONCAT(ELT(1 + ${n} MOD 3, ELT(1 + ${v} MOD 2, 'Ötter', 'oTTER'), 'Río', ELT(1 + ${v} MOD 2, 'sea', 'SÉA')), ' ', ${n})`,
      },
    },
    primary: 'name',
    columns: { body },
    share: 0.1,
    removes: 'both',
  },
  {
    name: 'exact_keys',
    key: { name: { ddl: 'VARCHAR(40) COLLATE utf8mb4_bin NOT NULL', of: (n) => `CONCAT(ELT(1 + ${n} MOD 3, 'a', 'A', 'ä'), ${n})` } },
    primary: 'name',
    columns: { amount },
    share: 0.1,
    removes: 'both',
  },
  {
    name: 'binary_keys',
    key: { hash: { ddl: 'BINARY(16) NOT NULL', of: (n) => `LEFT(UNHEX(SHA2(${n}, 256)), 16)` } },
    primary: 'hash',
    columns: { body },
    share: 0.1,
    removes: 'both',
  },
  {
    name: 'pairs',
    key: { area: { ddl: ascii(10), of: (n) => `ELT(1 + ${n} MOD 4, 'n', 'N', 'south', 'w')` }, no: id },
    primary: 'area, no',
    columns: { amount, body },
    share: 0.08,
    removes: 'both',
  },
  {
    name: 'descending',
    key: { day: { ddl: 'DATE NOT NULL', of: (n) => `'2024-01-01' + INTERVAL ${n} MOD 400 DAY` }, no: id },
    primary: 'day DESC, no DESC',
    columns: { body },
    share: 0.08,
    removes: 'both',
  },
  {
    name: 'kinds',
    key: { kind: { ddl: "ENUM('zebra','ant','mole') NOT NULL", of: (n) => `ELT(1 + ${n} MOD 3, 'zebra', 'ant', 'mole')` }, no: id },
    primary: 'kind, no',
    columns: { marks: { ddl: "SET('x','y','z') NOT NULL", of: (n, v) => `ELT(1 + (${n} + ${v}) MOD 4, '', 'x', 'y,z', 'x,y,z')` } },
    share: 0.06,
    removes: 'both',
  },
  {
    // Unique values of side a's rows wander among ten of them; those of side b stay, for the holder may not be there yet.
    name: 'codes',
    ...byId,
    columns: {
      code: { ddl: ascii(20), of: (n, v) => `CONCAT('c', IF(${n} MOD 2 = 0, ${n}, ${n} - ${n} MOD 20 + 1 + 2 * (${v} MOD 10)))` },
      slot: { ddl: 'INT NULL', of: (n) => `IF(${n} MOD 5 = 0, NULL, ${n})` },
    },
    more: 'UNIQUE KEY code (code), UNIQUE KEY slot (slot)',
    share: 0.05,
    removes: 'both',
  },
  { name: 'wide', ...byId, columns: wide, share: 0.02, removes: 'both' },
];

/** The version that a fill writes: each unique value once. */
export const firstVersion = '(n DIV 2)';
export const firstStamp = 'start';

export function countOf({ share }: SeededTable, rows: number): number {
  return Math.max(2 * parents, Math.round(rows * share));
}

export function ddlOf({ name, key, columns, primary, more }: SeededTable): string {
  const parts = [
    ...Object.entries({ ...key, ...columns }).map(([column, { ddl }]) => `${column} ${ddl}`),
    'n INT NOT NULL',
    `stamp ${ascii(24)}`,
    `PRIMARY KEY (${primary})`,
    ...(more === undefined ? [] : [more]),
  ];
  return `CREATE TABLE ${seededDatabase}.${name} (${parts.join(', ')}) ENGINE=InnoDB`;
}

export interface RowText {
  readonly n: string;
  readonly v: string;
  /** SQL */
  readonly stamp: string;
}

export function namesOf({ key, columns }: SeededTable): string {
  return [...Object.keys(key), ...Object.keys(columns), 'n', 'stamp'].join(', ');
}

export function valuesOf({ key, columns }: SeededTable, { n, v, stamp }: RowText): string {
  return [...Object.values({ ...key, ...columns }).map((column) => column.of(n, v)), n, stamp].join(', ');
}

/** The key of side a's text may be there in another case: the server compares. */
export function whereOf({ key }: SeededTable, n: number): string {
  return Object.entries(key)
    .map(([column, { of }]) => `${column} = ${of(String(n), '0')}`)
    .join(' AND ');
}

/** Sets all columns to what they are for the number `n`, and so the key where it is another number's row. */
export function setsOf({ key, columns }: SeededTable, { n, v, stamp }: RowText): string {
  const sets = Object.entries({ ...key, ...columns }).map(([column, { of }]) => `${column} = ${of(n, v)}`);
  return [...sets, `n = ${n}`, `stamp = ${stamp}`].join(', ');
}
