/** Text of one character set ⇄ Unicode, one to one: encode() gives back the bytes that decode() had, always. */
export interface TextCodec {
  /** Null: bytes that are not well-formed. Sets with a table take any. */
  readonly decode: (bytes: Buffer) => string | null;
  /** Null: a text that decode() never gives. */
  readonly encode: (text: string) => Buffer | null;
  /** It holds what only this set can store: as text the server would take it for something else. */
  readonly escaped: (text: string) => boolean;
  /** Through a session of utf8mb4 what is not escaped comes and goes as it is, in any server: nothing need be read as bytes. */
  readonly plain: boolean;
}
