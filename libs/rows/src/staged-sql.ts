/** What a statement has in the place of a value that is sent before it (staged-values.ts). */
import type { Value } from '@lutra/model';

/** What stands in a statement in the place of a value. */
export class StagedSql {
  readonly sql: string;

  constructor(sql: string) {
    this.sql = sql;
  }
}

export type SqlValue = Value | StagedSql;
export type SqlRow = Readonly<Record<string, SqlValue>>;

/** A value that is smaller stays in the text of its statement whatever the row is: a table has up to 4096 columns. */
export const smallBytes = 1024;

/** For one value; each call is a variable of its own, and gives the expression for it. */
export interface ColumnStaging {
  text(value: string): string;
  bytes(value: Buffer): string;
}

/** Part of a value of JSON that stays in the text. */
export function isSmall(part: string): boolean {
  return part.length <= smallBytes;
}
