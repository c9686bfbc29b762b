/** What a check found. A check returns the whole list, so that an operator fixes all of it in one go. */
import { tableName } from '@lutra/model';
import type { TableName } from '@lutra/model';

export interface Problem {
  /** Stable, kebab-case. */
  readonly id: string;
  readonly severity: 'error' | 'warning';
  readonly what: string;
  /** The statement, or the step, that fixes it. */
  readonly fix: string | null;
  /** `schema.table` at the source, where it is of one table alone. */
  readonly table?: string;
}

/** What was found of a table, under its name at the source. */
export function ofTable(table: TableName, found: readonly Problem[]): readonly Problem[] {
  return found.map((one) => ({ ...one, table: tableName(table) }));
}

export function problem(severity: Problem['severity'], id: string, what: string, fix: string | null): Problem {
  return { id, severity, what, fix };
}
