/** A text of several statements for one round trip, and what each of them is, so that a failure can be named. */
import type { TableName } from '@lutra/model';

/** What the statement at one place of a text does. */
export type Mark =
  | { readonly does: 'begin' | 'fence' | 'count fence' | 'commit' }
  | {
      readonly does: 'insert' | 'upsert' | 'update' | 'delete' | 'count rows';
      readonly table: TableName;
      /** Number of its first change since the builder began, from 0. */
      readonly change: number;
      /** How many changes it carries. */
      readonly changes: number;
    };

export interface SqlText {
  readonly sql: string;
  /** One per statement, in order. */
  readonly marks: readonly Mark[];
}

/**
 * Fails (error 1690, BIGINT out of range) unless the statement before it matched exactly `rows` rows. SET, because MariaDB's DO swallows
 * errors. ROW_COUNT() counts matched rows, not changed ones: the connection has CLIENT_FOUND_ROWS.
 */
export function countStatement(rows: number): string {
  return `SET @lutra_guard = ~0 + (ROW_COUNT() <> ${rows})`;
}

/** The error number of countStatement. */
export const countFailed = 1690;
