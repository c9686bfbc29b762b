/** What a literal is made by, for all that make one: the form of the session, and a writer for each column. */
import type { Value } from '@lutra/model';

/** How texts and instants are written: what depends on the session. */
export interface LiteralForm {
  /** In our own session, which is strict; else in the source's. */
  readonly own: boolean;
  /** Of an ENUM or SET of which every member is known: none is written that it lacks. */
  readonly knowsMembers?: boolean;
  /** A well-formed text. */
  text(value: string): string;
  /** A text by the bytes that it has in this character set. */
  encoded(bytes: Buffer, charset: string): string;
  /** A date or a time: digits and punctuation. */
  temporal(value: string): string;
  /** A TIMESTAMP in UTC, as the binlog has it. */
  instant(value: string): string;
}

/** Null where the value is not one of the column. */
export type Writer = (value: NonNullable<Value>) => string | null;
