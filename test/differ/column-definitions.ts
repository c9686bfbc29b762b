/** DDL on columns and indexes. Pure. */
import { kindOf } from './column-kinds.js';
import { alter, loose, type Make, replaced } from './definition.js';
import { generatedColumn, indexOf, plainColumn } from './schema.js';
import { type Column, columnText, indexText, quoted, writable } from './table.js';

export const addColumn: Make = (random, spot, dress) => {
  const table = random.pick(spot.tables);
  const name = `add${spot.n}`;
  const plain = plainColumn(random, name, spot.features);
  const constant = plain.more?.includes('CURRENT') ? { more: 'DEFAULT NULL', nullable: true } : {};
  const bases = writable(table).filter(({ kind, more }) => !['blob', 'longText'].includes(kind) && !more?.includes('AUTO'));
  const made = random.chance(0.35) && bases.length > 0 ? generatedColumn(random, name, random.pick(bases)) : { ...plain, ...constant };
  const at = random.pick(['', '', ' FIRST', ` AFTER ${quoted(random.pick(table.columns).name)}`]);
  const columns = at === ' FIRST' ? [made, ...table.columns] : [...table.columns, made];
  return alter(random, { table, surroundings: spot, dress }, `${dress.words('ADD COLUMN')} ${columnText(made)}${at}`, { columns });
};

export const dropColumn: Make = (random, spot, dress) => {
  const table = random.pick(spot.tables);
  const free = loose(table);
  if (free.length === 0 || table.columns.length < 3) return undefined;
  const column = random.pick(free);
  const columns = table.columns.filter((other) => other !== column);
  return alter(random, { table, surroundings: spot, dress }, `${dress.words('DROP COLUMN')} ${dress.name(column.name)}`, { columns });
};

/** The same name, now of its own or computed. */
export const dropAndAdd: Make = (random, spot, dress) => {
  const table = random.pick(spot.tables);
  const free = loose(table);
  const bases = writable(table).filter(
    ({ kind, more, name }) => kind !== 'blob' && kind !== 'longText' && !more && !free.some((one) => one.name === name),
  );
  if (free.length === 0 || bases.length === 0) return undefined;
  const column = random.pick(free);
  const now: Column = column.generated
    ? { name: column.name, kind: 'int', type: 'INT', nullable: true }
    : generatedColumn(random, column.name, random.pick(bases));
  const columns = [...table.columns.filter((other) => other !== column), now];
  return alter(random, { table, surroundings: spot, dress }, `DROP ${quoted(column.name)}, ADD ${columnText(now)}`, { columns });
};

export const modify: Make = (random, spot, dress) => {
  const table = random.pick(spot.tables);
  const free = loose(table).filter(({ generated }) => !generated);
  if (free.length === 0) return undefined;
  const column = random.pick(free);
  const { more: _, ...rest } = column;
  const now: Column = { ...rest, nullable: true, ...(random.chance(0.5) ? { type: kindOf(column.kind).type(random) } : {}) };
  const word = random.chance(0.5) ? `MODIFY ${columnText(now)}` : `CHANGE ${quoted(column.name)} ${columnText(now)}`;
  return alter(random, { table, surroundings: spot, dress }, word, {
    columns: table.columns.map((other) => (other === column ? now : other)),
  });
};

export const renameColumn: Make = (random, spot, dress) => {
  const table = random.pick(spot.tables);
  const free = loose(table);
  if (free.length === 0) return undefined;
  const column = random.pick(free);
  const now = { ...column, name: `ren${spot.n}` };
  const clause = `${dress.words('RENAME COLUMN')} ${quoted(column.name)} TO ${quoted(now.name)}`;
  return alter(random, { table, surroundings: spot, dress }, clause, {
    columns: table.columns.map((other) => (other === column ? now : other)),
  });
};

export const addIndex: Make = (random, spot, dress) => {
  const table = random.pick(spot.tables);
  const index = indexOf(random, table, { name: `ix${spot.n}` });
  const indexes = [...table.indexes, index];
  if (random.chance(0.5)) return alter(random, { table, surroundings: spot, dress }, `ADD ${indexText(index)}`, { indexes });
  const kind = index.kind === 'unique' ? 'CREATE UNIQUE INDEX' : 'CREATE INDEX';
  const sql = dress.join(
    dress.words(kind),
    dress.name(index.name),
    dress.words('ON'),
    dress.table(table.name),
    `(${index.parts.join(', ')})`,
  );
  return { sql, after: replaced(spot.tables, table, { ...table, indexes }), tables: [table.name] };
};

export const dropIndex: Make = (random, spot, dress) => {
  const table = random.pick(spot.tables);
  const index = table.indexes.find(({ kind }) => kind !== 'primary');
  if (!index) return undefined;
  const indexes = table.indexes.filter((other) => other !== index);
  if (random.chance(0.5))
    return alter(random, { table, surroundings: spot, dress }, `${dress.words('DROP INDEX')} ${dress.name(index.name)}`, { indexes });
  const sql = dress.join(dress.words('DROP INDEX'), dress.name(index.name), dress.words('ON'), dress.table(table.name));
  return { sql, after: replaced(spot.tables, table, { ...table, indexes }), tables: [table.name] };
};
