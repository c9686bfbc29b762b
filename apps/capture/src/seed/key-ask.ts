/** A wish that rows be read again by their keys and published at a place of the log. Whoever has one hands it to the seeder. */
import type { ChunkPurpose, Row, SyncError, TableName } from '@lutra/model';

export interface KeyAsk {
  /** Names at the source. */
  readonly table: TableName;
  /** Primary keys, with values as the binlog's rows have them. */
  readonly keys: readonly Row[];
  /** Uids. */
  readonly pipelines: readonly string[];
  readonly purpose: Exclude<ChunkPurpose, 'seed' | 'table'>;
  readonly request: string;
  /** The chunk was acknowledged by Kafka. Called once, unless refused() is; neither is called when the leadership ends before. */
  published(): void;
  /** It cannot be sent: the table is missing or not routed, or the key has another shape. */
  refused(error: SyncError): void;
}

/** What takes asks. It never throws: what is wrong with an ask is told to it. */
export interface KeyAsks {
  ask(ask: KeyAsk): void;
}
