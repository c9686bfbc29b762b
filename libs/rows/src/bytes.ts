/** What the rules of a type need of the readers and writers of the two formats, which throw at their end. */
import type { LargeValue } from '@lutra/model';

/** A row of the binlog. Numbers are little-endian; what is not there is a RangeError. */
export interface RowImage {
  readonly bytes: Buffer;
  offset: number;
  u8(): number;
  u24(): number;
  u64(): bigint;
  /** Big-endian, 1 to 6 bytes. */
  uintBE(size: number): number;
  uintLE(size: number): number;
  /** The next bytes, as a view. */
  take(size: number): Buffer;
  utf8(size: number): string;
  /** Returns where the skipped bytes start. */
  skip(size: number): number;
}

/** What is not there is SyncError RECORD_INVALID. */
export interface AvroInput {
  byte(): number;
  long(): number;
  bigLong(): bigint;
  float(): number;
  double(): number;
  /** The length prefix of what is wholly there. */
  length(): number;
  /** A copy. */
  bytes(): Buffer;
  text(): string | LargeValue;
}

export interface AvroOutput {
  byte(value: number): void;
  long(value: number): void;
  bigLong(value: bigint): void;
  float(value: number): void;
  double(value: number): void;
  bytes(value: Uint8Array): void;
  /** @throws SyncError VALUE_UNSUPPORTED for a lone surrogate */
  string(value: string): void;
}
