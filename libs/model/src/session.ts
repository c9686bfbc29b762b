/**
 * The session in which rows were changed at their source: what a server computes generated columns, index entries, checks, defaults and
 * cascades by. MySQL writes it into the BEGIN of each transaction, as it is at the first change of a row; MariaDB writes none, so what its
 * server has by default stands in its place.
 */
export interface SourceSession {
  /** Bits, as MySQL numbers them. */
  readonly sqlMode: number;
  /** An offset, a name, or systemZone() where the server's own zone has not always the same offset. */
  readonly timeZone: string;
  /** The server's number of a locale; 0: en_US. */
  readonly lcTimeNames: number;
  /** Id of collation_connection. */
  readonly collation: number;
}

/** Bits of a rows event that change what a server does with its rows: by statement, not by transaction. */
export const rowsFlags = { noForeignKeyChecks: 0x02, relaxedUniqueChecks: 0x04, noCheckConstraints: 0x80 } as const;
export const replicatedRowsFlags = rowsFlags.noForeignKeyChecks | rowsFlags.relaxedUniqueChecks | rowsFlags.noCheckConstraints;

export function sameSession(a: SourceSession, b: SourceSession): boolean {
  return a.sqlMode === b.sqlMode && a.timeZone === b.timeZone && a.lcTimeNames === b.lcTimeNames && a.collation === b.collation;
}

const firstYear = 1971;
const lastYear = 2037;

/** Asks a server for `offsets`: those of its own zone, twice a year, in seconds; the same on MySQL and MariaDB. */
export function systemOffsetsQuery(): string {
  const years = Array.from({ length: lastYear - firstYear + 1 }, (_, i) => firstYear + i);
  const instants = years.flatMap((year) => [`'${year}-01-15 00:00:00'`, `'${year}-07-15 00:00:00'`]);
  const offsets = instants.map((at) => `TIMESTAMPDIFF(SECOND, ${at}, CONVERT_TZ(${at}, '+00:00', 'SYSTEM'))`);
  return `SELECT CONCAT_WS(',', ${offsets.join(', ')}) AS offsets`;
}

/**
 * The server's own zone by what systemOffsetsQuery() gave: an offset if it is always the same; else a name by which two such zones are
 * compared.
 */
export function systemZone(offsets: string): string {
  const all = offsets.split(',').map(Number);
  const [first = 0] = all;
  if (first % 60 === 0 && all.every((offset) => offset === first)) return offsetOf(first / 60);
  // FNV-1a: two zones that are not the same have another number
  const hash = all.reduce((before, offset) => Math.imul(before ^ (offset + 86_400), 0x01000193) >>> 0, 0x811c9dc5);
  return `SYSTEM ${hash.toString(16).padStart(8, '0')}`;
}

function offsetOf(minutes: number): string {
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  return `${minutes < 0 ? '-' : '+'}${String(hours).padStart(2, '0')}:${String(rest).padStart(2, '0')}`;
}
