/**
 * The session that a statement ran in, as its query event tells it. A server leaves out what has its default, and writes the codes in no
 * order. A code whose length is not known hides what follows it: `unknown` says so, and whoever depends on one of the fields must not go
 * on.
 */
import { ByteReader } from '@lutra/bytes';

/** Bits of `flags2`; the same ones on MySQL and MariaDB, but for the last. */
export const sessionFlags = {
  noForeignKeyChecks: 0x400_0000,
  relaxedUniqueChecks: 0x800_0000,
  /** MariaDB's explicit_defaults_for_timestamp; MySQL has a code of its own. */
  explicitDefaults: 0x100_0000,
} as const;

export interface StatusVariables {
  readonly flags2?: number;
  /** Bits; which bit is which mode differs between MySQL and MariaDB. */
  readonly sqlMode?: bigint;
  readonly autoIncrement?: { readonly increment: number; readonly offset: number };
  /** Ids of collations: character_set_client's default one, collation_connection, collation_server. */
  readonly charset?: { readonly client: number; readonly connection: number; readonly server: number };
  readonly timeZone?: string;
  /** The server's number of a locale. */
  readonly lcTimeNames?: number;
  /** Id of collation_database. */
  readonly charsetDatabase?: number;
  /** The part of the statement's time below a second. */
  readonly microseconds?: number;
  readonly explicitDefaultsForTimestamp?: boolean;
  /** Id of a collation. */
  readonly defaultCollationForUtf8mb4?: number;
  readonly sqlRequirePrimaryKey?: boolean;
  readonly defaultTableEncryption?: boolean;
  /** MariaDB: bits 2, 4, 8 are the start, the commit and the roll back of an ALTER in two phases. */
  readonly gtidFlags3?: number;
  /** MariaDB from 11.5 on: pairs of a character set's id and that of its default collation. */
  readonly characterSetCollations?: readonly (readonly [number, number])[];
  /**
   * MySQL: all databases of which the statement opened a table, those of triggers, views and functions included; null: they were too many,
   * or not told.
   */
  readonly databases?: readonly string[] | null;
  /** The first code that could not be read; null: all were. */
  readonly unknown: number | null;
}

type Draft = { -readonly [K in keyof StatusVariables]: StatusVariables[K] };
type Take = (reader: ByteReader, into: Draft) => void;

const skip =
  (bytes: number): Take =>
  (reader) =>
    void reader.skip(bytes);

const skipText: Take = (reader) => void reader.skip(reader.u8());

/** More databases than a server lists in an event; the count stands alone then. */
const tooManyDatabases = 254;

const takeDatabases: Take = (reader, into) => {
  const count = reader.u8();
  into.databases = count === tooManyDatabases ? null : Array.from({ length: count }, () => textToZero(reader));
};

function textToZero(reader: ByteReader): string {
  const start = reader.offset;
  while (reader.u8() !== 0);
  return reader.source.toString('utf8', start, reader.offset - 1);
}

const both: ReadonlyMap<number, Take> = new Map<number, Take>([
  [0, (reader, into) => void (into.flags2 = reader.u32())],
  [1, (reader, into) => void (into.sqlMode = reader.u64())],
  [3, (reader, into) => void (into.autoIncrement = { increment: reader.u16(), offset: reader.u16() })],
  [4, (reader, into) => void (into.charset = { client: reader.u16(), connection: reader.u16(), server: reader.u16() })],
  [5, (reader, into) => void (into.timeZone = reader.utf8(reader.u8()))],
  [6, skipText], // catalog
  [7, (reader, into) => void (into.lcTimeNames = reader.u16())],
  [8, (reader, into) => void (into.charsetDatabase = reader.u16())],
  [9, skip(8)], // tables of an UPDATE of several
  [11, (reader, into) => [skipText, skipText].forEach((take) => take(reader, into))], // who the definer is: user, host
]);

const mysql: ReadonlyMap<number, Take> = new Map<number, Take>([
  ...both,
  [12, takeDatabases],
  [13, (reader, into) => void (into.microseconds = reader.u24())],
  [16, (reader, into) => void (into.explicitDefaultsForTimestamp = reader.u8() !== 0)],
  [17, skip(8)], // the data dictionary's transaction
  [18, (reader, into) => void (into.defaultCollationForUtf8mb4 = reader.u16())],
  [19, (reader, into) => void (into.sqlRequirePrimaryKey = reader.u8() !== 0)],
  [20, (reader, into) => void (into.defaultTableEncryption = reader.u8() !== 0)],
]);

/** Behind these flags stands the number of the ALTER's first phase. */
const endsAlter = 0x04 | 0x08;

const mariadb: ReadonlyMap<number, Take> = new Map<number, Take>([
  ...both,
  [128, (reader, into) => void (into.microseconds = reader.u24())],
  [129, skip(8)], // the DDL's transaction
  [
    130,
    (reader, into) => {
      into.gtidFlags3 = reader.u8();
      if ((into.gtidFlags3 & endsAlter) !== 0) reader.skip(8);
    },
  ],
  [
    131,
    (reader, into) => void (into.characterSetCollations = Array.from({ length: reader.u8() }, () => [reader.u16(), reader.u16()] as const)),
  ],
]);

/** @param bytes the status variables of one query event, without their length. @throws RangeError when they end too early */
export function readStatusVariables(bytes: Buffer, flavor: 'mysql' | 'mariadb'): StatusVariables {
  const takes = flavor === 'mysql' ? mysql : mariadb;
  const reader = new ByteReader(bytes);
  const variables: Draft = { unknown: null };
  while (reader.left > 0) {
    const code = reader.u8();
    const take = takes.get(code);
    if (take === undefined) return { ...variables, unknown: code };
    take(reader, variables);
  }
  if (flavor === 'mariadb' && variables.flags2 !== undefined) {
    variables.explicitDefaultsForTimestamp = (variables.flags2 & sessionFlags.explicitDefaults) !== 0;
  }
  return variables;
}
