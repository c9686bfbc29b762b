/**
 * Finds positions in a log without reading all of it: pieces of some ten thousand records, backwards from where a seq must lie. Counted
 * from a record that is known, an earlier one lies at least as many offsets before it as its seq is smaller: records of replaced leaders
 * and epoch records lie between, and have no seq.
 */
import { LogScan } from '@lutra/model';
import type { ResumePosition, LogRecord } from '@lutra/model';

export interface LogEnds {
  readonly start: number;
  readonly end: number;
}

export interface LogPieces {
  /** Every record of [from, to). */
  read(from: number, to: number): AsyncIterable<LogRecord>;
}

export interface PieceSizes {
  /** Records of the first piece. */
  readonly piece: number;
  /**
   * A position counts when so many records before it were read: more than two requests of a capture hold (512 KiB each, 120 bytes a
   * record at least), and a replaced leader gets no more in: one in flight, one handed over.
   */
  readonly decisive: number;
}

const usual: PieceSizes = { piece: 20_000, decisive: 10_000 };

/** The record of `seq` lies at `offset` or before it. Null: retention has removed the last position at or before that seq. */
export async function positionAt(
  log: LogPieces,
  { start, end }: LogEnds,
  { sizes = usual, ...target }: { readonly seq: number; readonly offset: number; readonly sizes?: PieceSizes },
): Promise<ResumePosition | null> {
  let { seq, offset } = target;
  for (let records = sizes.piece; ;) {
    // The record behind it belongs to the piece: it shows that the position is valid.
    const to = Math.min(Math.max(offset + 2, start + 1), end);
    const from = Math.max(start, to - records);
    const scan = await scanOf(log, from, to);
    const position = scan.positionAt(seq);
    if (position && (from === start || position.nextOffset - from > sizes.decisive)) return position;
    if (from === start) {
      const beginning = scan.beginning(start);
      return beginning && beginning.seq <= seq ? beginning : null;
    }
    const { first } = scan;
    if (!position && first && first.order > 1 && first.seq <= seq + 1) {
      // In the middle of a transaction: the position lies before its first row.
      ({ seq, offset } = { seq: first.seq - first.order, offset: first.offset - first.order });
      records = sizes.piece;
    } else records *= 4;
  }
}

/** The last position from which on everything at `offset` and behind it is read; null: retention has removed it. */
export async function positionBefore(
  log: LogPieces,
  { start, end }: LogEnds,
  offset: number,
  sizes: PieceSizes = usual,
): Promise<ResumePosition | null> {
  // What follows shows that a position is valid.
  const to = Math.min(end, Math.max(offset, start) + sizes.decisive);
  for (let records = sizes.piece; ; records *= 4) {
    const from = Math.max(start, offset - records);
    const scan = await scanOf(log, from, to);
    const position = scan.positions.findLast(({ nextOffset }) => nextOffset <= offset);
    if (position && (from === start || position.nextOffset - from > sizes.decisive)) return position;
    if (from === start) return scan.beginning(start);
  }
}

/** The position behind the last whole transaction; null if there is none. */
export async function lastPosition(log: LogPieces, ends: LogEnds, sizes: PieceSizes = usual): Promise<ResumePosition | null> {
  return positionAt(log, ends, { seq: Infinity, offset: ends.end - 1, sizes });
}

/** Where the first whole transaction begins; null if there is none. */
export async function firstPosition(
  log: LogPieces,
  { start, end }: LogEnds,
  { piece }: PieceSizes = usual,
): Promise<ResumePosition | null> {
  for (let records = piece; ; records *= 4) {
    const to = Math.min(end, start + records);
    const scan = await scanOf(log, start, to);
    const position = scan.beginning(start) ?? scan.firstPosition;
    if (position || to === end) return position;
  }
}

async function scanOf(log: LogPieces, from: number, to: number): Promise<LogScan> {
  const scan = new LogScan();
  for await (const record of log.read(from, to)) scan.add(record);
  return scan;
}
