/**
 * Values that are too large for the text of a statement. They are sent before it, in pieces, into user variables of the session, and the
 * statement names the variable. So a value may be as large as max_allowed_packet, whatever its bytes are; a literal (`x'…'`, or a text of
 * quotes) is up to twice as large as its value, and the values of a row stand in one packet.
 *
 * A variable that does not hold exactly the value's bytes raises error 1690 (BIGINT out of range). Counter-examples without that: a
 * variable that was never set is NULL, and so is a CONCAT that is larger than max_allowed_packet; outside strict mode both would be stored
 * without a word. docs/decisions/0017-large-values.md has the alternatives.
 */
import type { ColumnType, Row, TableName, Value } from '@lutra/model';
import { isOfKind, smallBytes, StagedSql } from '@lutra/rows';
import type { ColumnStaging, SqlRow, SqlValue } from '@lutra/rows';
import { inTextBytes, isLarge, readyParts } from './large-rows.js';
import type { TargetTable } from './target-definition.js';
import type { LiteralParts } from './written-literal.js';

/** One variable, and what it must hold before the statement that names it runs. */
export interface StagedValue {
  readonly variable: string;
  readonly value: string | Buffer;
  /** In the server: of a text its UTF-8. */
  readonly bytes: number;
  /** For messages: whose value it is, and the number of the change that carries it. */
  readonly column: string;
  readonly table: TableName;
  readonly change: number;
}

interface StageableColumn {
  readonly name: string;
  readonly schema: { readonly type: ColumnType };
  /** As a literal, but that its long texts and bytes are staged. */
  readonly staged: (value: Exclude<Value, null>, staging: ColumnStaging, parts?: LiteralParts) => string;
}

/** Names are not used twice: a variable that is left over from another text would be taken for ours. */
let variables = 0;

/** The staged values of one text. */
export class Staging {
  #values: StagedValue[] = [];
  #bytes = 0;

  /** Of the values that were staged since the last take(). */
  get bytes(): number {
    return this.#bytes;
  }

  /** The row with its large values staged: the same object where it has none. */
  row(columns: readonly StageableColumn[], row: Row, of: { readonly table: TargetTable; readonly change: number }): SqlRow {
    if (!isLarge(columns, row)) return row;
    const { database, name } = of.table;
    const staged: Record<string, SqlValue> = { ...row };
    for (const column of columns) {
      const value = row[column.name] ?? null;
      if (value === null || !isOfKind(column.schema.type, 'text', 'bytes', 'document') || sizeOf(value) <= smallBytes) continue;
      const parts = readyParts(of.table, row, column.name);
      staged[column.name] = new StagedSql(
        column.staged(value, this.#of({ column: column.name, table: { database, name }, change: of.change }), parts),
      );
    }
    return staged;
  }

  /** A text of ours, which is well-formed, as a literal or staged. */
  text(value: string, of: Pick<StagedValue, 'column' | 'table' | 'change'>, literal: (value: string) => string): string {
    return value.length <= inTextBytes ? literal(value) : this.#of(of).text(value);
  }

  take(): readonly StagedValue[] {
    const values = this.#values;
    this.#values = [];
    this.#bytes = 0;
    return values;
  }

  #of(of: Pick<StagedValue, 'column' | 'table' | 'change'>): ColumnStaging {
    return {
      text: (value) => this.#add(value, Buffer.byteLength(value), of),
      bytes: (value) => this.#add(value, value.length, of),
    };
  }

  #add(value: string | Buffer, bytes: number, of: Pick<StagedValue, 'column' | 'table' | 'change'>): string {
    const variable = `@lutra_value_${++variables}`;
    this.#values.push({ variable, value, bytes, ...of });
    this.#bytes += bytes;
    return `IF(~0 + (NOT (LENGTH(${variable}) <=> ${bytes})), ${variable}, NULL)`;
  }
}

function sizeOf(value: Exclude<Value, null>): number {
  return typeof value === 'string' || Buffer.isBuffer(value) ? value.length : 0;
}
