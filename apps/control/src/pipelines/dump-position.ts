/**
 * Where a pipeline begins in a log whose target was loaded from a dump: behind all that the dump has, and before all that it has not. The
 * dump is named by its GTID set, or by file and position. The log itself must prove the position, or there is none:
 *
 * 1. A heartbeat before it lies within the dump: with it, all that the log has published until then.
 * 2. What the dump has and the log has stands before the position, and the log has come to the end of the dump: nothing behind the position
 *    is applied twice.
 * 3. From the position on, the log holds all that the pipeline carries; it has no schema change, and nothing was left out by a restart.
 *
 * Counter-example for taking the position by time, or the end of the topic: a transaction that commits between the dump and that is
 * missing, or comes twice.
 */
import { gtidSubset, parseGtids } from '@lutra/binlog';
import { fileNumber, isHeld, LogScan, SyncError } from '@lutra/model';
import type { Announced, ReplicatingPipeline, FilePosition, ResumePosition, Position, ScannedPosition } from '@lutra/model';
import type { LogEnds, LogPieces, PieceSizes } from './log-search.js';

/** Of the dump. */
export type DumpPosition = { readonly gtidSet: string } | FilePosition;

export interface Sought {
  readonly topic: string;
  readonly dump: DumpPosition;
  readonly pipeline: ReplicatingPipeline & { readonly id: string };
  /** What ZooKeeper's copy says of the newest routes, where retention has removed their record. */
  readonly newest: Announced | null;
  readonly sizes?: PieceSizes;
}

const usual: PieceSizes = { piece: 20_000, decisive: 10_000 };

/** @throws SyncError CONFIG_INVALID with what is missing, LOG_START_LOST */
export async function positionOfDump(log: LogPieces, { start, end }: LogEnds, sought: Sought): Promise<ResumePosition> {
  const { topic, newest, sizes = usual } = sought;
  const dump = dumpOf(sought.dump);
  for (let records = sizes.piece; ; records *= 4) {
    const from = Math.max(start, end - records);
    const scan = new LogScan();
    for await (const record of log.read(from, end)) scan.add(record);
    const { positions } = scan;
    const isWhole = from === start;
    const found = search(positions, dump, newest);
    const decided = found && found.position.nextOffset - from > sizes.decisive && found.announced;
    if (!isWhole && !decided) continue;
    if (found) return proven(found, dump, sought);
    const at = positions.find(({ position }) => position)?.position;
    if (start > 0) throw new SyncError('LOG_START_LOST', `${topic} does not go back to that position any more; take a newer dump`);
    throw invalid(topic, `the log begins at ${at ? printed(at) : 'no position that is known'}, behind that of the dump: take a newer dump`);
  }
}

/**
 * The last position before which nothing stands that is not in the set, or not before that place of the binlog: whoever goes on there
 * applies all the others, and perhaps some that are in it. Null: retention has removed it.
 * @throws SyncError CONFIG_INVALID: nothing of the log lies within
 */
export async function positionWithin(
  log: LogPieces & { readonly topic: string },
  { start, end }: LogEnds,
  place: DumpPosition,
  sizes: PieceSizes = usual,
): Promise<ResumePosition | null> {
  const within = dumpOf(place);
  for (let records = sizes.piece; ; records *= 4) {
    const from = Math.max(start, end - records);
    const scan = new LogScan();
    for await (const record of log.read(from, end)) scan.add(record);
    const found = lastWithin(scan.positions, within);
    if (found && (from === start || found.nextOffset - from > sizes.decisive)) return found;
    if (from > start) continue;
    if (found) return found;
    if (start > 0) return null;
    throw invalid(log.topic, 'nothing of the log lies within that position');
  }
}

/** A record that says all that was committed before it vouches for what stands before the piece. */
function lastWithin(positions: readonly ScannedPosition[], within: Dump): ScannedPosition | null {
  const outside = positions.findIndex((position) => within.has(position) === false);
  const before = outside < 0 ? positions : positions.slice(0, outside);
  if (!before.some((one) => one.position && within.has(one))) return null;
  return before.findLast((one) => within.has(one) === true) ?? null;
}

/** Which tables the log holds at its end: by its last records, or by the position backup before them; null where nobody knows. */
export async function newestRoutes(
  log: LogPieces,
  { start, end }: LogEnds,
  backup: { readonly offset: number; readonly routes?: Announced | undefined } | null,
): Promise<Announced | null> {
  if (!backup) return null;
  const scan = new LogScan();
  for await (const record of log.read(Math.max(start, Math.min(backup.offset, end)), end)) scan.add(record);
  return scan.positions.findLast(({ announced }) => announced)?.announced ?? backup.routes ?? null;
}

interface Found {
  readonly position: ScannedPosition;
  readonly before: readonly ScannedPosition[];
  readonly behind: readonly ScannedPosition[];
  /** In force at the position; null: not in this piece. */
  readonly announced: Announced | null;
}

/** The last position that lies within the dump, if a heartbeat at it or before it does. */
function search(positions: readonly ScannedPosition[], dump: Dump, newest: Announced | null): Found | null {
  let at = positions.findLastIndex((position) => dump.has(position) === true);
  // Records that say nothing of the source belong to the one before: a new leader's routes stand behind its first heartbeat.
  for (let next = positions[at + 1]; next && next.kind !== 'row' && dump.has(next) === null; next = positions[at + 1]) at += 1;
  const logPosition = positions[at];
  const before = positions.slice(0, at + 1);
  if (!logPosition || !before.some((one) => one.position && dump.has(one))) return null;
  const behind = positions.slice(at + 1);
  const said = before.findLast((one) => one.announced)?.announced;
  const unchanged = behind.every((one) => one.announced === null);
  return { position: logPosition, before, behind, announced: said ?? (unchanged ? newest : null) };
}

/** @throws SyncError CONFIG_INVALID */
function proven({ position: logPosition, before, behind, announced }: Found, dump: Dump, { topic, pipeline }: Sought): ResumePosition {
  const within = [logPosition, ...behind];
  if (!within.some(({ position }) => position && dump.isIn(position)))
    throw invalid(
      topic,
      'the log has not come to that position yet, or the source never had those transactions; let capture run, and ask again',
    );
  const missed = before.find((one) => dump.has(one) === false);
  if (missed)
    throw invalid(
      topic,
      `that is no position of this source: it lacks what stands at seq ${missed.seq}, and has what stands at ${logPosition.seq}`,
    );
  if (!announced) throw invalid(topic, 'retention has removed what the log said of its tables at that position; take a newer dump');
  const lacking = [{ seq: logPosition.seq, announced }, ...behind].findLast((one) => one.announced && !isHeld(one.announced, pipeline));
  if (lacking)
    throw invalid(
      topic,
      `at seq ${lacking.seq} the log did not hold all tables of ${pipeline.id}; take a dump from behind the record that takes them in`,
    );
  const cut = behind.findLast(({ kind }) => kind === 'ddl' || kind === 'restart');
  if (!cut) return logPosition;
  const why = cut.kind === 'ddl' ? 'there is a schema change' : 'transactions were left out by a restart';
  throw invalid(topic, `behind that position, at seq ${cut.seq}, ${why}; take a dump from behind it`);
}

interface Dump {
  /** Is all that stands before the position in the dump? null: its record does not say. */
  has(position: ScannedPosition): boolean | null;
  /** Was all that is in the dump committed there? */
  isIn(position: Position): boolean;
}

function dumpOf(at: DumpPosition): Dump {
  if (!('gtidSet' in at)) {
    return {
      has: ({ position, end }) => (position ?? end) && !isBefore(at, position ?? end ?? at),
      isIn: (position) => !isBefore(position, at),
    };
  }
  const set = parseGtids(at.gtidSet);
  return {
    has: ({ position, source }) => {
      if (position) return position.gtidSet === null ? null : gtidSubset(position.gtidSet, at.gtidSet);
      return source?.gtid ? set.contains(source.gtid) : null;
    },
    isIn: ({ gtidSet }) => gtidSet !== null && gtidSubset(at.gtidSet, gtidSet),
  };
}

function isBefore(one: FilePosition, other: FilePosition): boolean {
  const files = fileNumber(one.file) - fileNumber(other.file);
  return files < 0 || (files === 0 && one.pos < other.pos);
}

function printed({ gtidSet, file, pos }: Position): string {
  return gtidSet ?? `${file}:${pos}`;
}

function invalid(topic: string, why: string): SyncError {
  return new SyncError('CONFIG_INVALID', `${topic}: ${why}`);
}
