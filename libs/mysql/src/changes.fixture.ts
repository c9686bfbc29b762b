/** For tests: random changes of a small table that are legal one by one (keys and unique values are free when taken), and their result. */
import * as fc from 'fast-check';
import type { ColumnSchema, Row, TableSchema } from '@lutra/model';
import type { Change } from './statement-builder.js';
import type { TargetColumn, TargetTable } from './target-definition.js';

export type Step = Pick<Change, 'op' | 'before' | 'after'>;

export interface History {
  readonly steps: readonly Step[];
  /** The rows at the end. */
  readonly rows: readonly Row[];
}

/** What the history should avoid: nothing is taken twice among columns `id` (if keyed) and `u`. */
export function histories({ keyed }: { readonly keyed: boolean }): fc.Arbitrary<History> {
  const few = fc.integer({ min: 0, max: 5 });
  const row = fc.record({ id: few, u: fc.option(few), v: few });
  const attempt = fc.record({ op: fc.constantFrom('c', 'c', 'u', 'u', 'd'), at: fc.nat(20), row, keep: fc.boolean() });
  return fc.array(attempt, { minLength: 1, maxLength: 40 }).map((attempts) => {
    let rows: readonly Row[] = [];
    const steps: Step[] = [];
    const free = (next: Row, others: readonly Row[]): boolean =>
      !others.some((other) => (keyed && other['id'] === next['id']) || (keyed && next['u'] !== null && other['u'] === next['u']));
    for (const { op, at, row, keep } of attempts) {
      const index = rows.length === 0 ? -1 : at % rows.length;
      const before = rows[index];
      const others = rows.filter((_, i) => i !== index);
      if (op === 'c' || !before) {
        if (op !== 'c' || !free(row, rows)) continue;
        steps.push({ op: 'c', before: null, after: row });
        rows = [...rows, row];
      } else if (op === 'u') {
        const after = keep ? { ...row, id: before['id'] as number } : row;
        if (!free(after, others)) continue;
        steps.push({ op: 'u', before, after });
        rows = [...others, after];
      } else {
        steps.push({ op: 'd', before, after: null });
        rows = others;
      }
    }
    return { steps, rows };
  });
}

export function column(name: string, more: Partial<TargetColumn> = {}): TargetColumn {
  return {
    name,
    type: 'int',
    columnType: 'int',
    nullable: true,
    hasDefault: false,
    autoIncrement: false,
    generated: false,
    expression: null,
    onUpdateTimestamp: false,
    unsigned: false,
    charset: null,
    collation: null,
    length: null,
    characters: null,
    precision: null,
    scale: null,
    geometry: null,
    srid: null,
    ...more,
  };
}

export function targetTable(columns: readonly TargetColumn[], more: Partial<TargetTable> = {}): TargetTable {
  const none = {
    primaryKey: ['id'],
    uniqueKeys: [],
    foreignKeys: [],
    referenced: false,
    cascades: [],
    prefixKeys: [],
    triggers: 0,
    unguardedTriggers: [],
    firingTriggers: [],
    computed: [],
    changesChildren: false,
    server: { flavor: 'mysql' as const, offsets: true, systemZone: '+00:00' },
  };
  return { database: 'shop', name: 't', engine: 'InnoDB', columns, ...none, ...more };
}

export function sourceTable(columns: readonly ColumnSchema[], primaryKey: readonly string[] = ['id']): TableSchema {
  return { database: 'shop', name: 't', columns, primaryKey };
}
