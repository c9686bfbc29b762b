/** The database of the run: its tables with the same first rows everywhere, and the channel's rules for them. */
import type { Connection } from 'mysql2/promise';
import { Random } from '../harness/index.js';
import { ballast, journal, type Key, type Shape, shapes } from './shapes.js';
import { isStep, zero } from './values.js';

export const clashDatabase = 'clash';
const stampDdl = 'VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL';
/** The stamp of rows that were there from the start. */
export const atStart = 'start';

/** Before the channel starts. */
export async function createClash(connection: Connection): Promise<void> {
  await connection.query(`CREATE DATABASE ${clashDatabase} CHARACTER SET utf8mb4; USE ${clashDatabase}; SET time_zone = '+00:00'`);
  for (const { name, ddl } of [journal, ballast]) await connection.query(`CREATE TABLE ${name} (${ddl}) ENGINE=InnoDB`);
  for (const shape of shapes) await connection.query(ddlOf(shape));
  const random = new Random(1);
  for (const shape of shapes) {
    for (const key of shape.first ?? shape.hot) await firstRow(connection, shape, { key, random });
  }
}

export function rulesOf(some: readonly Shape[]) {
  return some.map(({ name, rule }) => ({ schema: clashDatabase, table: name, ...rule }));
}

function ddlOf({ name, key, columns, more }: Shape): string {
  const parts = [
    ...Object.entries(key).map(([column, ddl]) => `${column} ${ddl}`),
    ...Object.entries(columns).map(([column, { ddl }]) => `${column} ${ddl}`),
    `stamp ${stampDdl}, born ${stampDdl}, turns INT NOT NULL, PRIMARY KEY (${Object.keys(key).join(', ')})`,
    ...(more ? [more] : []),
  ];
  return `CREATE TABLE ${name} (${parts.join(', ')}) ENGINE=InnoDB`;
}

/** Some rows find their key or a unique value taken: they are not there at the start, everywhere alike. */
async function firstRow(connection: Connection, shape: Shape, { key, random }: { key: Key; random: Random }): Promise<void> {
  const values = Object.values(shape.columns).map(({ make }) => {
    const value = make(random, { owner: 'hot', n: 0 });
    return isStep(value) ? zero(value) : value;
  });
  const names = [...Object.keys(shape.key), ...Object.keys(shape.columns), 'stamp', 'born', 'turns'];
  await connection.query(`INSERT IGNORE INTO ${shape.name} (${names.join(', ')}) VALUES (?)`, [[...key, ...values, atStart, atStart, 0]]);
}
