/** Rows that are damaged behind the binlog's back: deleted, changed, or made from nothing, at either side. */
import { createConnection, type ResultSetHeader } from 'mysql2/promise';
import { Random, type Side, type Stack } from '../harness/index.js';
import { countOf, namesOf, seededDatabase, type SeededTable, seededTables, valuesOf, whereOf } from './tables.js';

export interface Damaged {
  readonly side: Side;
  readonly table: string;
  readonly n: number;
  readonly how: 'deleted' | 'changed' | 'made';
}

export interface Damaging {
  readonly count: number;
  /** Of the fill. */
  readonly rows: number;
  readonly seed: number;
}

/** Beyond all that writers use. */
const made = 5;
/** Foreign keys and unique values would refuse the repair of what nobody could have written. */
const sparing = new Set(['parents', 'codes']);
const harmed = seededTables.filter(({ name }) => !sparing.has(name));

/** Each row once. A row that is gone, or whose table refuses it, is not counted. */
export async function damageRows(stack: Stack, { count, rows, seed }: Damaging): Promise<readonly Damaged[]> {
  const random = new Random(seed + 99);
  const done = new Map<string, Damaged>();
  for (const side of ['a', 'b'] as const) {
    const connection = await createConnection({ ...stack.connection(side), charset: 'utf8mb4' });
    try {
      await connection.query("SET SESSION sql_log_bin = 0, foreign_key_checks = 0, time_zone = '+00:00'");
      const most = side === 'a' ? Math.floor(count / 2) : count;
      while (done.size < most) {
        const table = random.pick(harmed);
        const how = random.pick(['deleted', 'changed', 'changed', 'made'] as const);
        const n = random.int(1, countOf(table, rows)) + (how === 'made' ? made * countOf(table, rows) : 0);
        const id = idOf(table.name, n);
        if (done.has(id)) continue;
        const [{ affectedRows }] = await connection.query<ResultSetHeader>(damageSql(table, { n, how, v: random.int(1001, 2000) }));
        if (affectedRows > 0) done.set(id, { side, table: table.name, n, how });
      }
    } finally {
      connection.destroy();
    }
  }
  return [...done.values()];
}

export function idOf(table: string, n: number): string {
  return `${table} ${n}`;
}

function damageSql(table: SeededTable, { n, how, v }: { readonly n: number; readonly how: Damaged['how']; readonly v: number }): string {
  const name = `${seededDatabase}.${table.name}`;
  if (how === 'deleted') return `DELETE FROM ${name} WHERE ${whereOf(table, n)}`;
  if (how === 'changed') return `UPDATE ${name} SET stamp = 'damaged ${v}' WHERE ${whereOf(table, n)}`;
  return `INSERT INTO ${name} (${namesOf(table)}) VALUES (${valuesOf(table, { n: String(n), v: String(v), stamp: "'damaged'" })})`;
}
