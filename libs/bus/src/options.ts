/** The words of this lib. Keys and values are bytes: the bus knows nothing about what they mean. */
import type { KafkaSecurity } from '@lutra/model';
import type { Logger } from '@lutra/telemetry';

export interface BusOptions {
  /** host:port of some brokers; the others are learnt from them. */
  readonly brokers: readonly string[];
  /** TLS and credentials; asked for at each connection, since secrets may change. @throws SyncError */
  readonly security?: (() => KafkaSecurity) | undefined;
  readonly clientId: string;
  readonly logger: Logger;
  /** How long one request may take, default 10,000. An operation gives up after a small multiple of it. */
  readonly requestTimeoutMs?: number | undefined;
}

/** A record to be written. Header values are UTF-8 text. */
export interface OutRecord {
  readonly key: Buffer | null;
  readonly value: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

/** Records of one batch as they go over the wire, by RecordFrames of libs/bytes with `batchHeadBytes`. They are not written to again. */
export interface FramedRecords {
  readonly batch: Buffer;
  readonly count: number;
}

/** Room for what stands before the records of a batch. */
export const batchHeadBytes = 61;

/** A record as read. Key and value are views of the batch they came in: copy what is kept for long. */
export interface RawRecord {
  readonly offset: number;
  readonly timestampMs: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, string>>;
}

export const defaultRequestTimeoutMs = 10_000;

/** Up to this size a request has the default time. */
const usualBytes = 8 * 1024 * 1024;
/** The slowest line over which large batches must still come: 4 MiB/s, 34 Mbit/s. */
const slowestBytesPerMs = 4194;

/**
 * `requestTimeoutMs` where one batch may be that large: with the default one it would be sent again and again over a slow line, and never
 * arrive.
 */
export function requestTimeoutFor(maxMessageBytes: number): number {
  return defaultRequestTimeoutMs + Math.ceil(Math.max(0, maxMessageBytes - usualBytes) / slowestBytesPerMs);
}
