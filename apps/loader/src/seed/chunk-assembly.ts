/**
 * Rows that were read at the source: a chunk record and the transaction behind it → one chunk, whole. Pure.
 *
 * A chunk is void if anything else follows it: its capture was replaced, and the next one reads the rows again. Counter-example for taking
 * the rows in any case: a capture dies behind the record; the next one publishes a change of the row, then an older chunk's rows.
 */
import type { ChunkRecord, RowEvent, TableSchema } from '@lutra/model';
import type { RecordPosition } from '../read/log-reader.js';
import { ReadRows } from './read-rows.js';

export interface Chunk {
  readonly record: ChunkRecord;
  /** Of the chunk record. */
  readonly begins: RecordPosition;
  /** Behind its last row. */
  readonly position: RecordPosition;
  /** Of its rows; null: it has none. */
  readonly table: TableSchema | null;
  readonly rows: ReadRows;
  /** Its last row. */
  readonly event: RowEvent | null;
}

export class ChunkAssembly {
  #record: ChunkRecord | null = null;
  #begins: RecordPosition | null = null;
  #last: RecordPosition | null = null;
  #table: TableSchema | null = null;
  #rows = new ReadRows();
  #count = 0;

  /** Its rows have not come yet: no position is saved before them. */
  get open(): boolean {
    return this.#record !== null;
  }

  /** Null: its rows follow. */
  begin(record: ChunkRecord, position: RecordPosition): Chunk | null {
    this.discard();
    if (record.rows === 0) return { record, begins: position, position, table: null, rows: new ReadRows(), event: null };
    this.#record = record;
    this.#begins = position;
    this.#last = position;
    return null;
  }

  /** A row that was read. Null: more of them follow, or it belongs to no open chunk. */
  row(table: TableSchema, event: RowEvent, position: RecordPosition): Chunk | null {
    const { transaction, images } = event;
    const isThere = images ? images.after >= 0 : event.after !== null;
    const record = this.#record;
    const begins = this.#begins;
    if (!record || !begins || !isThere || !this.#follows(event, position)) {
      this.discard();
      return null;
    }
    this.#table ??= table;
    this.#count += 1;
    // Of a whole table they are written as they come.
    if (record.purpose !== 'table') this.#rows.add(event);
    this.#last = position;
    if (!transaction.last) return null;
    const chunk = { record, begins, position, table: this.#table, rows: this.#rows, event };
    const isWhole = this.#count === record.rows;
    this.discard();
    return isWhole ? chunk : null;
  }

  /** What was begun is void. */
  discard(): void {
    this.#record = null;
    this.#begins = null;
    this.#last = null;
    this.#table = null;
    this.#rows = new ReadRows();
    this.#count = 0;
  }

  /** An epoch record has no seq; the records behind it have another epoch. */
  #follows({ op, source, transaction }: RowEvent, position: RecordPosition): boolean {
    const [record, last] = [this.#record, this.#last];
    if (!record || !last || op !== 'r') return false;
    const isNext = position.seq === last.seq + 1 && position.logEpoch === last.logEpoch && position.log === last.log;
    const isOfIt = transaction.id === record.id && source.db === record.database && source.table === record.table;
    return isNext && isOfIt && transaction.totalOrder === this.#count + 1 && this.#count < record.rows;
  }
}
