/** Compares home with each other site, row by row and byte by byte, and shows for what differs both rows and what is known about them. */
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { compareDatabases, type Difference } from '../harness/index.js';
import { clashDatabase } from './clash.js';
import type { History } from './history.js';
import type { Shape } from './shapes.js';
import type { Site } from './site.js';

export interface Compared {
  readonly sites: readonly [Site, ...Site[]];
  readonly shapes: readonly Shape[];
  readonly history: History;
}

export interface Equality {
  readonly tables: number;
  readonly rows: number;
  /** In words; empty: all is equal. */
  readonly differences: readonly string[];
}

const explained = 8;

export async function compareSites({ sites: [home, ...others], shapes, history }: Compared): Promise<Equality> {
  const differences: string[] = [];
  let [tables, rows] = [0, 0];
  for (const other of others) {
    const found = await compareDatabases({ a: home.connection, b: other.connection, databases: [clashDatabase] });
    [tables, rows] = [found.tables, found.rows];
    for (const [index, difference] of found.differences.entries()) {
      const { table, key, kind, columns } = difference;
      const line = `${table} ${key}: ${kind.replace(/ a$/, ` ${home.region}`).replace(/ b$/, ` ${other.region}`)} ${columns.join(', ')}`;
      differences.push(index < explained ? `${line}\n${await explain(difference, { sites: [home, other], shapes, history })}` : line);
    }
    if (found.differing > found.differences.length) differences.push(`and ${found.differing - found.differences.length} rows more`);
  }
  return { tables, rows, differences };
}

/** The row, the last conflicts and the last writes. */
async function explain({ table, key }: Difference, { sites, shapes, history }: Compared): Promise<string> {
  const shape = shapes.find(({ name }) => `${clashDatabase}.${name}` === table);
  const names = Object.keys(shape?.key ?? {});
  const values = new RegExp(`^${names.map((name) => `${name}=(.*)`).join(' ')}$`, 's').exec(key)?.slice(1);
  if (!shape || !values) return '';
  const lines = await Promise.all(sites.map((site) => seenAt(site, { shape, names, values })));
  const identity = shape.identity(values);
  const near = history.committed.filter(
    (change) => change.table === shape.name && [change.key, change.to].some((index) => index && shape.identity(index) === identity),
  );
  return [...lines, ...near.slice(-8).map((change) => `    written: ${JSON.stringify(change)}`)].join('\n');
}

interface RowName {
  readonly shape: Shape;
  readonly names: readonly string[];
  readonly values: readonly string[];
}

async function seenAt({ connection: at, region }: Site, { shape, names, values }: RowName): Promise<string> {
  const connection = await createConnection(at);
  try {
    const where = names.map((name) => `${name} = ?`).join(' AND ');
    const [rows] = await connection.query<RowDataPacket[]>(`SELECT * FROM ${clashDatabase}.${shape.name} WHERE ${where}`, [...values]);
    const matches = names.map((name) => `JSON_UNQUOTE(JSON_EXTRACT(row_key, '$.${name}')) = ?`).join(' AND ');
    const stamps = ['before', 'after', 'existing', 'result'].map((row) => `JSON_UNQUOTE(JSON_EXTRACT(${row}_row, '$.stamp')) ${row}_stamp`);
    const [conflicts] = await connection.query<RowDataPacket[]>(
      `SELECT id, seq, gtid, origin, row_key, type, winner, final, op, local_seq, decided_at, ${stamps.join(', ')}
       FROM lutra.conflict WHERE table_name = ? AND ${matches} ORDER BY id DESC LIMIT 5`,
      [shape.name, ...values],
    );
    const text = (row: RowDataPacket): string => JSON.stringify(row);
    return [
      `    at ${region}: ${rows.map(text).join() || 'no row'}`,
      ...conflicts.map((row) => `    conflict at ${region}: ${text(row)}`),
    ].join('\n');
  } finally {
    connection.destroy();
  }
}
