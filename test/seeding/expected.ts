/**
 * What must be there at the end, known without the product: each row that a writer's transaction touched, as its last commit left it, and
 * each other row as it was at the start. A COMMIT without an answer leaves two possibilities until the row is written again.
 */
import type { RowDataPacket } from 'mysql2/promise';
import { type Stack, withAdministrator } from '../harness/index.js';
import { countOf, firstStamp, seededDatabase, type SeededTable, seededTables } from './tables.js';

/** Null: no row. */
export type Stamp = string | null;

export interface RowWritten {
  readonly table: string;
  readonly n: number;
  readonly stamp: Stamp;
}

export class Expected {
  readonly #rows = new Map<string, Map<number, readonly Stamp[]>>(seededTables.map(({ name }) => [name, new Map()]));

  take(written: readonly RowWritten[], outcome: 'committed' | 'unknown'): void {
    for (const { table, n, stamp } of written) {
      const before = this.of(table, n);
      this.#rows.get(table)?.set(n, outcome === 'committed' ? [stamp] : [...new Set([...(before ?? [firstStamp, null]), stamp])]);
    }
  }

  /** Undefined: nobody has written it. */
  of(table: string, n: number): readonly Stamp[] | undefined {
    return this.#rows.get(table)?.get(n);
  }

  get size(): number {
    return [...this.#rows.values()].reduce((sum, { size }) => sum + size, 0);
  }

  /** In words, what is not as it must be. `free`: of this row nothing is known. */
  async differences(stack: Stack, { rows, extra, free }: Known): Promise<readonly string[]> {
    const problems: string[] = [];
    for (const table of seededTables) {
      const there = await stampsAt(stack, table);
      const written = this.#rows.get(table.name) ?? new Map<number, readonly Stamp[]>();
      for (const [n, stamps] of written)
        if (!free(table.name, n) && !stamps.includes(there.get(n) ?? null))
          problems.push(
            `${table.name} ${n}: ${there.get(n) ?? 'no row'}, it must be ${stamps.map((stamp) => stamp ?? 'no row').join(' or ')}`,
          );
      const count = countOf(table, rows);
      const first = [...Array.from({ length: count }, (_, i) => i + 1), ...extra(count)];
      for (const n of first)
        if (!written.has(n) && !free(table.name, n) && there.get(n) !== firstStamp)
          problems.push(`${table.name} ${n}: ${there.get(n) ?? 'no row'}, nobody has written it`);
      const known = new Set(first);
      for (const n of there.keys())
        if (!known.has(n) && !written.has(n) && !free(table.name, n)) problems.push(`${table.name} ${n}: nobody has inserted it`);
    }
    return problems;
  }
}

export interface Known {
  /** Of the fill. */
  readonly rows: number;
  /** Numbers beyond a table's count that were there at one side. */
  readonly extra: (count: number) => readonly number[];
  readonly free: (table: string, n: number) => boolean;
}

async function stampsAt(stack: Stack, { name }: SeededTable): Promise<ReadonlyMap<number, string>> {
  const rows = await withAdministrator(
    stack.mysql.a,
    async (connection) =>
      (await connection.query<RowDataPacket[][]>({ sql: `SELECT n, stamp FROM ${seededDatabase}.${name}`, rowsAsArray: true }))[0],
  );
  return new Map(rows as unknown as [number, string][]);
}
