/** Random statements that change rows, of every kind that MySQL has. Keys and values are few, so that statements meet. Pure. */
import type { Random } from '../scenarios/random.js';
import { kindOf } from './column-kinds.js';
import { type Column, keyOf, quoted, type Table, writable } from './table.js';

export interface Change {
  readonly kind: string;
  readonly table: string;
  /** One after the other, in one session. */
  readonly statements: readonly string[];
  /** For LOAD DATA: what the client sends. */
  readonly file?: string;
}

type Make = (random: Random, table: Table, tables: readonly Table[]) => Omit<Change, 'table' | 'kind'> | undefined;

const mostKey = 40;

/** Of a key column or a reference: from few. */
function keyValue(random: Random, { kind }: Column): string {
  if (['int', 'small', 'medium'].includes(kind)) return String(random.int(1, mostKey));
  if (kind === 'date' || kind === 'datetime') return `'2020-01-${String(random.int(1, 28)).padStart(2, '0')}'`;
  if (kind === 'decimal') return String(random.int(0, mostKey) / 4);
  return kindOf(kind).value(random);
}

function isKey(table: Table, { name }: Column): boolean {
  return name === 'id' || table.references.some(({ column }) => column === name) || keyOf(table).some((column) => column.name === name);
}

function valueFor(random: Random, table: Table, column: Column): string {
  const refers = table.references.some((reference) => reference.column === column.name);
  if (column.nullable && random.chance(refers ? 0.6 : 0.15)) return 'NULL';
  return isKey(table, column) ? keyValue(random, column) : kindOf(column.kind).value(random);
}

interface Row {
  readonly names: string;
  readonly columns: readonly Column[];
}

/** The columns of an INSERT: mostly all, sometimes what needs a value only. */
function chosenColumns(random: Random, table: Table): Row {
  const all = writable(table);
  const brief = random.chance(0.3);
  const columns = all.filter((column) => {
    if (column.more?.includes('AUTO_INCREMENT')) return random.chance(0.6);
    return !brief || isKey(table, column) || (!column.nullable && !column.more) || random.chance(0.3);
  });
  const some = columns.length > 0 ? columns : all;
  return { columns: some, names: some.map(({ name }) => quoted(name)).join(', ') };
}

function tuple(random: Random, table: Table, columns: readonly Column[]): string {
  return `(${columns.map((column) => (column.more?.startsWith('DEFAULT') && random.chance(0.1) ? 'DEFAULT' : valueFor(random, table, column))).join(', ')})`;
}

function tuples(random: Random, table: Table, columns: readonly Column[], most = 5): string {
  return Array.from({ length: random.int(1, most) }, () => tuple(random, table, columns)).join(', ');
}

function insert(random: Random, table: Table, { words = 'INSERT INTO', most = 1, tail = '' }): { statements: string[] } {
  const { columns, names } = chosenColumns(random, table);
  return { statements: [`${words} ${quoted(table.name)} (${names}) VALUES ${tuples(random, table, columns, most)}${tail}`] };
}

function assignments(random: Random, table: Table, prefix = ''): string | undefined {
  const free = writable(table).filter(
    (column) => !isKey(table, column) || table.references.some(({ column: name }) => name === column.name),
  );
  if (free.length === 0) return undefined;
  const some = free.filter(() => random.chance(0.5));
  return (some.length > 0 ? some : [random.pick(free)])
    .map((column) => `${prefix}${quoted(column.name)} = ${changed(random, table, column, prefix)}`)
    .join(', ');
}

function changed(random: Random, table: Table, column: Column, prefix: string): string {
  const c = `${prefix}${quoted(column.name)}`;
  const { family } = kindOf(column.kind);
  if (random.chance(0.25) && !isKey(table, column)) {
    if (family === 'number') return random.pick([`${c} + 1`, `${c} - 1`, `-${c}`, `${c} * 2`]);
    if (family === 'text') return random.pick([`CONCAT(${c}, 'x')`, `UPPER(${c})`, `LEFT(${c}, 3)`]);
    if (family === 'day') return `${c} + INTERVAL 1 ${random.pick(['DAY', 'HOUR', 'SECOND'])}`;
    if (family === 'json') return random.pick([`JSON_SET(${c}, '$.a', ${random.int(0, 9)})`, `JSON_REMOVE(${c}, '$.b')`]);
  }
  return valueFor(random, table, column);
}

/** Finds a few rows. */
function condition(random: Random, table: Table, prefix = ''): string {
  const keys = keyOf(table);
  const id = table.columns.find(({ name }) => name === 'id');
  if (id && random.chance(0.4)) return `${prefix}\`id\` BETWEEN ${random.int(1, mostKey)} AND ${random.int(1, mostKey)}`;
  const column = random.pick(keys.length > 0 && random.chance(0.7) ? keys : table.columns);
  if (column.generated || column.kind === 'json') return `${prefix}${quoted(column.name)} IS NOT NULL`;
  const compare = random.pick(['=', '=', '<=>', '>']);
  return `${prefix}${quoted(column.name)} ${compare} ${valueFor(random, table, column)}`;
}

const insertMany: Make = (random, table) => insert(random, table, { most: 8 });

const upsert: Make = (random, table) => {
  const set = assignments(random, table);
  return set === undefined ? undefined : insert(random, table, { most: 3, tail: ` ON DUPLICATE KEY UPDATE ${set}` });
};

const insertSelect: Make = (random, table, tables) => {
  const from = random.pick(tables);
  const { columns, names } = chosenColumns(random, table);
  const wanted = columns.map((column) => {
    const alike = from.columns.find(({ kind }) => kind === column.kind);
    return alike && !isKey(table, column) ? quoted(alike.name) : valueFor(random, table, column);
  });
  const ignore = random.chance(0.5) ? ' IGNORE' : '';
  return {
    statements: [
      `INSERT${ignore} INTO ${quoted(table.name)} (${names}) SELECT ${wanted.join(', ')} FROM ${quoted(from.name)} WHERE ${condition(random, from)} LIMIT 5`,
    ],
  };
};

const update: Make = (random, table) => {
  const set = assignments(random, table);
  return set === undefined ? undefined : { statements: [`UPDATE ${quoted(table.name)} SET ${set} WHERE ${condition(random, table)}`] };
};

const updateIgnore: Make = (random, table) => {
  const set = assignments(random, table);
  const tail = random.chance(0.5) ? ` ORDER BY ${quoted(random.pick(table.columns).name)} DESC LIMIT ${random.int(1, 9)}` : '';
  return set === undefined
    ? undefined
    : { statements: [`UPDATE IGNORE ${quoted(table.name)} SET ${set} WHERE ${condition(random, table)}${tail}`] };
};

const updateJoin: Make = (random, table, tables) => {
  const other = random.pick(tables.filter(({ name }) => name !== table.name));
  const set = assignments(random, table, 'x.');
  const more = assignments(random, other, 'y.');
  if (set === undefined) return undefined;
  const both = more !== undefined && random.chance(0.5) ? `${set}, ${more}` : set;
  const join = [table, other].every(({ columns }) => columns.some(({ name }) => name === 'id'))
    ? 'x.`id` = y.`id`'
    : condition(random, other, 'y.');
  return {
    statements: [
      `UPDATE ${quoted(table.name)} x JOIN ${quoted(other.name)} y ON ${join} SET ${both} WHERE ${condition(random, table, 'x.')}`,
    ],
  };
};

const moveKey: Make = (random, table) => {
  const keys = writable(table).filter((column) => isKey(table, column));
  if (keys.length === 0) return undefined;
  const key = random.pick(keys);
  const k = quoted(key.name);
  const numeric = ['int', 'medium'].includes(key.kind);
  if (numeric && random.chance(0.3))
    return {
      statements: [
        `UPDATE ${quoted(table.name)} SET ${k} = ${k} + ${random.pick([1, 1000])} ORDER BY ${k} DESC LIMIT ${random.int(1, 20)}`,
      ],
    };
  return { statements: [`UPDATE ${quoted(table.name)} SET ${k} = ${keyValue(random, key)} WHERE ${k} = ${keyValue(random, key)}`] };
};

/** Two values change places through a third. */
const swap: Make = (random, table) => {
  const id = table.columns.find(({ name, more }) => name === 'id' && !more);
  if (!id) return undefined;
  const [one, other, between] = [random.int(1, mostKey), random.int(1, mostKey), 5000 + random.int(1, 50)];
  const move = (from: number, to: number): string => `UPDATE ${quoted(table.name)} SET \`id\` = ${to} WHERE \`id\` = ${from}`;
  return { statements: [move(one, between), move(other, one), move(between, other)] };
};

const remove: Make = (random, table) => ({ statements: [`DELETE FROM ${quoted(table.name)} WHERE ${condition(random, table)}`] });

const removeSome: Make = (random, table) => ({
  statements: [
    `DELETE${random.chance(0.3) ? ' IGNORE' : ''} FROM ${quoted(table.name)} WHERE ${condition(random, table)} ORDER BY ${quoted(random.pick(table.columns).name)} LIMIT ${random.int(1, 8)}`,
  ],
});

const removeJoin: Make = (random, table, tables) => {
  const other = random.pick(tables.filter(({ name }) => name !== table.name));
  const which = random.chance(0.5) ? 'x' : 'x, y';
  return {
    statements: [
      `DELETE ${which} FROM ${quoted(table.name)} x JOIN ${quoted(other.name)} y ON ${condition(random, other, 'y.')} WHERE ${condition(random, table, 'x.')}`,
    ],
  };
};

const temporary: Make = (random, table) => {
  const { columns, names } = chosenColumns(random, table);
  return {
    statements: [
      `CREATE TEMPORARY TABLE \`tmp 1\` AS SELECT ${names} FROM ${quoted(table.name)} WHERE ${condition(random, table)} LIMIT 5`,
      `INSERT INTO \`tmp 1\` (${names}) VALUES ${tuples(random, table, columns, 2)}`,
      `INSERT IGNORE INTO ${quoted(table.name)} (${names}) SELECT ${names} FROM \`tmp 1\``,
      'DROP TEMPORARY TABLE IF EXISTS `tmp 1`',
    ],
  };
};

const loadData: Make = (random, table) => {
  const { columns, names } = chosenColumns(random, table);
  const plain = columns.every(({ kind }) =>
    ['int', 'small', 'medium', 'tiny', 'decimal', 'date', 'datetime', 'time', 'varchar', 'char', 'year'].includes(kind),
  );
  if (!plain) return undefined;
  const field = (column: Column): string =>
    valueFor(random, table, column)
      .replace(/^_utf8mb4 (0x)?/, '')
      .replaceAll("'", '');
  const file = Array.from({ length: random.int(1, 6) }, () => columns.map(field).join('\t')).join('\n');
  return {
    statements: [`LOAD DATA LOCAL INFILE 'rows' ${random.pick(['', 'REPLACE ', 'IGNORE '])}INTO TABLE ${quoted(table.name)} (${names})`],
    file,
  };
};

const large: Make = (random, table) => {
  const wide = writable(table).find(({ type }) => /MEDIUMTEXT|MEDIUMBLOB/.test(type));
  if (!wide) return undefined;
  const set = `${quoted(wide.name)} = REPEAT('otter', ${random.int(10_000, 60_000)})`;
  return { statements: [`UPDATE ${quoted(table.name)} SET ${set} WHERE ${condition(random, table)} LIMIT 2`] };
};

const call: Make = (random, table) => ({
  statements: [
    random.chance(0.5) ? `CALL \`p_${plainName(table)}\`(${random.int(1, 5)})` : `DO \`f_${plainName(table)}\`(${random.int(1, 5)})`,
  ],
});

const savepoint: Make = (random, table) => ({
  statements: [
    'SAVEPOINT s1',
    ...insert(random, table, { most: 3 }).statements,
    random.pick(['ROLLBACK TO SAVEPOINT s1', 'RELEASE SAVEPOINT s1', 'SAVEPOINT `s 2`']),
    ...remove(random, table, [])!.statements,
  ],
});

/** For names of routines. */
export function plainName({ name }: Pick<Table, 'name'>): string {
  return name.replaceAll(/[^a-zA-Z0-9]/g, '');
}

/** How often, of each kind. */
const makers: Readonly<Record<string, readonly [number, Make]>> = {
  insert: [10, (random, table) => insert(random, table, {})],
  'insert many': [8, insertMany],
  'insert ignore': [7, (random, table) => insert(random, table, { words: 'INSERT IGNORE INTO', most: 5 })],
  replace: [6, (random, table) => insert(random, table, { words: 'REPLACE INTO', most: 3 })],
  'on duplicate key update': [8, upsert],
  'insert select': [4, insertSelect],
  update: [12, update],
  'update ignore': [4, updateIgnore],
  'update join': [3, updateJoin],
  'move of a key': [6, moveKey],
  swap: [2, swap],
  delete: [4, remove],
  'delete limit': [3, removeSome],
  'delete join': [2, removeJoin],
  temporary: [1, temporary],
  'load data': [2, loadData],
  large: [1, large],
  routine: [2, call],
  savepoint: [2, savepoint],
};

const weighted = Object.entries(makers).flatMap(([kind, [weight]]) => Array.from({ length: weight }, () => kind));

export const changeKinds = Object.keys(makers);

export function changeOf(random: Random, tables: readonly Table[], kinds: readonly string[] = weighted): Change {
  for (;;) {
    const table = random.pick(tables);
    const kind = random.pick(kinds);
    const made = makers[kind]?.[1](random, table, tables);
    if (made) return { kind, table: table.name, ...made };
  }
}

/** Triggers, a procedure and a function: at the source only. */
export function routinesOf(random: Random, tables: readonly Table[]): string[] {
  const made = tables.flatMap((table) => {
    const some = insert(random, table, { words: 'INSERT IGNORE INTO', most: 2 }).statements[0] ?? '';
    const gone = remove(random, table, [])?.statements[0] ?? '';
    return [
      `CREATE PROCEDURE \`p_${plainName(table)}\`(n INT) BEGIN ${some}; IF n > 2 THEN ${gone}; END IF; END`,
      `CREATE FUNCTION \`f_${plainName(table)}\`(n INT) RETURNS INT MODIFIES SQL DATA BEGIN ${some}; RETURN n; END`,
    ];
  });
  const [one, other] = [random.pick(tables), random.pick(tables)];
  if (one === other) return made;
  const column = random.pick(
    writable(one)
      .filter((column) => !isKey(one, column))
      .concat(writable(one)),
  );
  const changing = kindOf(column.kind).value(random);
  return [
    ...made,
    `CREATE TRIGGER tr1 AFTER ${random.pick(['INSERT', 'UPDATE', 'DELETE'])} ON ${quoted(one.name)} FOR EACH ROW ${insert(random, other, { words: 'INSERT IGNORE INTO' }).statements[0]}`,
    ...(isKey(one, column)
      ? []
      : [
          `CREATE TRIGGER tr2 BEFORE ${random.pick(['INSERT', 'UPDATE'])} ON ${quoted(one.name)} FOR EACH ROW SET NEW.${quoted(column.name)} = ${changing}`,
        ]),
  ];
}
