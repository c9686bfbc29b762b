/** Random statements that change rows, of every kind that MySQL has. Keys and values are few, so that statements meet. Pure. */
import type { Random } from '../harness/random.js';
import { plainName } from './routines.js';
import { assignments, chosenColumns, condition, insert, isKey, keyValue, mostKey, tuples, valueFor } from './row-parts.js';
import { type Column, quoted, type Table, writable } from './table.js';

export interface Change {
  readonly kind: string;
  readonly table: string;
  /** One after the other, in one session. */
  readonly statements: readonly string[];
  /** For LOAD DATA: what the client sends. */
  readonly file?: string;
}

type Make = (random: Random, table: Table, tables: readonly Table[]) => Omit<Change, 'table' | 'kind'> | undefined;

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
