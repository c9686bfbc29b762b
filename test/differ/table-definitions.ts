/** DDL on whole tables and partitions, and such as concerns nothing that is routed. Pure. */
import { alter, anyOf, type Make, replaced } from './definition.js';
import { isParent, plainColumn } from './schema.js';
import { createTable, quoted, type Table, writable } from './table.js';

export const rebuild: Make = (random, spot, dress) => {
  const table = random.pick(spot.tables);
  const clause = random.pick([
    'ENGINE=InnoDB',
    'FORCE',
    "COMMENT='a, b; TRUNCATE c'",
    'AUTO_INCREMENT=500',
    'ROW_FORMAT=DYNAMIC',
    'ORDER BY 1',
  ]);
  if (clause === 'ORDER BY 1')
    return { sql: dress.join(dress.words('OPTIMIZE TABLE'), dress.table(table.name)), concerns: 'none', tables: [table.name] };
  return alter(random, { table, surroundings: spot, dress }, clause, {});
};

export const truncate: Make = (random, spot, dress) => {
  const table = random.pick(spot.tables);
  return { sql: dress.join(dress.words(random.pick(['TRUNCATE TABLE', 'TRUNCATE'])), dress.table(table.name)), tables: [table.name] };
};

export const rename: Make = (random, spot, dress) => {
  const table = anyOf(
    random,
    spot.tables.filter((table) => !isParent(table)),
  );
  if (!table || table.references.length > 0) return undefined;
  const now = { ...table, name: `${/^[a-z]+$/i.test(table.name) ? table.name : 'ren'}_${spot.n}` };
  const after = replaced(spot.tables, table, now);
  const tables = [table.name, now.name];
  if (random.chance(0.5)) {
    const to = random.pick(['RENAME TO', 'RENAME AS', 'RENAME']);
    return { sql: dress.join(dress.words('ALTER TABLE'), dress.table(table.name), dress.words(to), dress.table(now.name)), after, tables };
  }
  return { sql: dress.join(dress.words('RENAME TABLE'), dress.table(table.name), dress.words('TO'), dress.table(now.name)), after, tables };
};

/** As online tools end: a copy takes the table's place. */
export const swapIn: Make = (random, spot, dress) => {
  const table = anyOf(
    random,
    spot.tables.filter((one) => !isParent(one) && one.references.length === 0),
  );
  const old = spot.tables.find(({ name }) => name.startsWith('like'));
  if (!table || !old || table.name.startsWith('like')) return undefined;
  const gone = `gone${spot.n}`;
  const after = spot.tables.flatMap((one) =>
    one === table ? [{ ...table, name: gone }] : one === old ? [{ ...old, name: table.name }] : [one],
  );
  const sql = dress.join(
    dress.words('RENAME TABLE'),
    dress.table(table.name),
    dress.words('TO'),
    `${dress.table(gone)},`,
    dress.table(old.name),
    dress.words('TO'),
    dress.table(table.name),
  );
  return { sql, after, tables: [table.name, gone, old.name] };
};

export const createLike: Make = (random, spot, dress) => {
  const table = random.pick(spot.tables);
  const name = `like${spot.n}`;
  const copy = { ...table, name, references: [] };
  const sql = dress.join(dress.words('CREATE TABLE'), dress.table(name), dress.words('LIKE'), dress.table(table.name));
  return { sql, after: [...spot.tables, copy], concerns: 'new', tables: [name] };
};

export const dropAndCreate: Make = (random, spot, dress) => {
  const table = anyOf(
    random,
    spot.tables.filter((one) => !isParent(one)),
  );
  if (!table) return undefined;
  return {
    sql: dress.join(dress.words(random.pick(['DROP TABLE', 'DROP TABLE IF EXISTS'])), dress.table(table.name)),
    after: spot.tables.filter((one) => one !== table),
    tables: [table.name],
  };
};

export const create: Make = (random, spot) => {
  const table: Table = {
    name: `new${spot.n}`,
    columns: [
      { name: 'id', kind: 'int', type: 'INT', nullable: false },
      { ...plainColumn(random, 'v', spot.features), nullable: true },
    ],
    indexes: [{ name: 'PRIMARY', kind: 'primary', parts: ['`id`'], columns: ['id'] }],
    checks: [],
    references: [],
    partitions: random.chance(0.5)
      ? 'PARTITION BY RANGE (`id`) (PARTITION p0 VALUES LESS THAN (10), PARTITION pm VALUES LESS THAN MAXVALUE)'
      : '',
  };
  return {
    sql: createTable(table).replace('CREATE TABLE ', `CREATE TABLE ${quoted(spot.database)}.`),
    after: [...spot.tables, table],
    concerns: 'new',
    tables: [table.name],
  };
};

export const createSelect: Make = (random, spot, dress) => {
  const table = random.pick(spot.tables);
  const name = `sel${spot.n}`;
  const columns = writable(table).map(({ name, kind, type, nullable }) => ({ name, kind, type, nullable }));
  const chosen = columns.map((column) => quoted(column.name)).join(', ');
  const sql = dress.join(
    dress.words('CREATE TABLE'),
    dress.table(name),
    dress.words('AS SELECT'),
    chosen,
    dress.words('FROM'),
    dress.table(table.name),
  );
  return {
    sql,
    after: [...spot.tables, { name, columns, indexes: [], checks: [], references: [], partitions: '' }],
    tables: [name],
    concerns: 'filled',
  };
};

export const partition: Make = (random, spot, dress) => {
  const table = anyOf(
    random,
    spot.tables.filter(({ partitions }) => partitions.includes('RANGE')),
  );
  if (!table) return undefined;
  const clause = random.pick([
    'TRUNCATE PARTITION p0',
    'ANALYZE PARTITION p0',
    'REBUILD PARTITION pm',
    'REORGANIZE PARTITION p0 INTO (PARTITION p0 VALUES LESS THAN (10))',
  ]);
  return { sql: dress.join(dress.words('ALTER TABLE'), dress.table(table.name), dress.words(clause)), tables: [table.name] };
};

/** Its rows come from a table beside it. */
export const exchange: Make = (random, spot, dress) => {
  const table = anyOf(
    random,
    spot.tables.filter(({ name, partitions }) => name.startsWith('new') && partitions.includes('RANGE')),
  );
  if (!table) return undefined;
  const beside = `${quoted(spot.elsewhere)}.${quoted(`beside${spot.n}`)}`;
  const before = [
    `CREATE TABLE ${beside} LIKE ${quoted(spot.database)}.${quoted(table.name)}`,
    `ALTER TABLE ${beside} REMOVE PARTITIONING`,
    `INSERT IGNORE INTO ${beside} (\`id\`) VALUES (1), (2), (3)`,
  ];
  const exchanged = dress.words('EXCHANGE PARTITION p0 WITH TABLE');
  return { sql: dress.join(dress.words('ALTER TABLE'), dress.table(table.name), exchanged, beside), tables: [table.name], before };
};

/** Concern nothing that is routed. */
export const aside: Make = (random, spot, dress) => {
  const there = `${quoted(spot.elsewhere)}.`;
  const table = random.pick(spot.tables);
  const sql = random.pick([
    `ALTER /* gh-ost */ TABLE ${there}\`aside\` COMMENT 'n${spot.n}'`,
    `TRUNCATE ${there}\`aside\``,
    `CREATE TABLE ${there}\`aside${spot.n}\` AS SELECT * FROM ${there}\`aside\``,
    `CREATE OR REPLACE VIEW ${quoted(spot.database)}.\`v${spot.n}\` AS SELECT 1 AS one FROM ${quoted(spot.database)}.${quoted(table.name)}`,
    `CREATE PROCEDURE ${quoted(spot.database)}.\`pr${spot.n}\`() BEGIN TRUNCATE TABLE ${quoted(table.name)}; END`,
    `ANALYZE TABLE ${quoted(spot.database)}.${quoted(table.name)}`,
    `CREATE EVENT ${there}\`ev${spot.n}\` ON SCHEDULE EVERY 1 YEAR DISABLE DO TRUNCATE TABLE ${quoted(spot.database)}.${quoted(table.name)}`,
    dress.join(dress.words('DROP TABLE IF EXISTS'), `${there}\`aside${spot.n - 1}\``),
  ]);
  return { sql, concerns: 'none', tables: [] };
};
