/** A text of several statements for one round trip, and what each of them is, so that a failure can be named. */
import type { TableName } from '@lutra/model';
import type { StagedValue } from './staged-values.js';

/** What the statement at one position of a text does. */
export type Mark =
  | { readonly does: 'begin' | 'fence' | 'count fence' | 'session' | 'commit' }
  | { readonly does: 'check definitions'; readonly tables: readonly TableName[] }
  | {
      readonly does: 'read rows' | 'insert' | 'upsert' | 'update' | 'delete' | 'count rows';
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
  /** Large values that its statements name; whoever runs it sends them before. */
  readonly staged?: readonly StagedValue[];
}

/**
 * Fails (error 1690, BIGINT out of range) unless the statement before it matched exactly `rows` rows. SET, because MariaDB's DO swallows
 * errors. ROW_COUNT() counts matched rows, not changed ones: the connection has CLIENT_FOUND_ROWS.
 */
export function countStatement(rows: number): string {
  return `SET @lutra_check = ~0 + (ROW_COUNT() <> ${rows})`;
}

/** The error number of countStatement. */
export const countFailed = 1690;
/** What a fence fails with (@lutra/marker, statement.ts). */
export const columnCannotBeNull = 1048;

const maxBytes = 500_000;

/** One after the other, in texts of half a megabyte, or of one part that is larger. */
export function inPieces(parts: readonly SqlText[]): readonly SqlText[] {
  const pieces: SqlText[][] = [];
  let bytes = 0;
  for (const part of parts) {
    const size = (part.staged ?? []).reduce((sum, value) => sum + value.bytes, Buffer.byteLength(part.sql));
    const open = pieces.at(-1);
    if (open && bytes + size <= maxBytes) open.push(part);
    else {
      pieces.push([part]);
      bytes = 0;
    }
    bytes += size;
  }
  return pieces.map(joined);
}

/** One after the other. */
export function joined(parts: readonly SqlText[]): SqlText {
  const texts = parts.filter((part) => part.marks.length > 0);
  const [first, ...rest] = texts;
  // `+` copies no text until it is sent; join() does, each time.
  const sql = rest.reduce((before, part) => `${before};\n${part.sql}`, first?.sql ?? '');
  return { sql, marks: texts.flatMap((part) => part.marks), ...stagedOf(texts) };
}

/** Nothing is added where there are none: most texts have none. */
export function stagedOf(texts: readonly Pick<SqlText, 'staged'>[]): Pick<SqlText, 'staged'> {
  const staged = texts.flatMap((text) => text.staged ?? []);
  return staged.length === 0 ? {} : { staged };
}
