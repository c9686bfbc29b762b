/**
 * Where a pipeline begins in a log whose target was loaded from a dump: behind all that the dump has, and before all that it has not. The
 * dump is named by its GTID set, or by file and position. The log itself must prove the place, or there is none:
 *
 * 1. A heartbeat before it lies within the dump: with it, all that the log has published until then.
 * 2. What the dump has and the log has stands before the place, and the log has come to the end of the dump: nothing behind the place is
 *    applied twice.
 * 3. From the place on, the log holds all that the pipeline carries; no DDL was passed over, and nothing was left out by a restart.
 *
 * Counter-example for taking the place by time, or the end of the topic: a transaction that commits between the dump and that is missing,
 * or comes twice.
 */
import { gtidSubset, parseGtids } from '@lutra/binlog';
import { fileNumber, isHeld, LogScan, SyncError } from '@lutra/model';
import type { Announced, Carrying, FilePosition, LogPlace, Position, ScannedPlace } from '@lutra/model';
import type { LogEnds, LogPieces, PieceSizes } from './log-search.js';

/** Of the dump. */
export type DumpPlace = { readonly gtidSet: string } | FilePosition;

export interface Sought {
  readonly topic: string;
  readonly dump: DumpPlace;
  readonly pipeline: Carrying;
  /** What ZooKeeper's copy says of the newest routes, where retention has removed their record. */
  readonly newest: Announced | null;
  readonly sizes?: PieceSizes;
}

const usual: PieceSizes = { piece: 20_000, decisive: 10_000 };

/** @throws SyncError CONFIG_INVALID with what is missing, LOG_START_LOST */
export async function beginningOf(log: LogPieces, { start, end }: LogEnds, sought: Sought): Promise<LogPlace> {
  const { topic, newest, sizes = usual } = sought;
  const dump = dumpOf(sought.dump);
  for (let records = sizes.piece; ; records *= 4) {
    const from = Math.max(start, end - records);
    const scan = new LogScan();
    for await (const record of log.read(from, end)) scan.add(record);
    const { places } = scan;
    const isWhole = from === start;
    const found = search(places, dump, newest);
    const decided = found && found.place.nextOffset - from > sizes.decisive && found.announced;
    if (!isWhole && !decided) continue;
    if (found) return proven(found, dump, sought);
    const at = places.find(({ position }) => position)?.position;
    if (start > 0) throw new SyncError('LOG_START_LOST', `${topic} does not go back to that place any more; take a newer dump`);
    throw invalid(topic, `the log begins at ${at ? printed(at) : 'no place that is known'}, behind that of the dump: take a newer dump`);
  }
}

/** Which tables the log holds at its end: by its last records, or by the copy of the place before them; null where nobody knows. */
export async function newestRoutes(
  log: LogPieces,
  { start, end }: LogEnds,
  copy: { readonly offset: number; readonly routes?: Announced | undefined } | null,
): Promise<Announced | null> {
  if (!copy) return null;
  const scan = new LogScan();
  for await (const record of log.read(Math.max(start, Math.min(copy.offset, end)), end)) scan.add(record);
  return scan.places.findLast(({ announced }) => announced)?.announced ?? copy.routes ?? null;
}

interface Found {
  readonly place: ScannedPlace;
  readonly before: readonly ScannedPlace[];
  readonly behind: readonly ScannedPlace[];
  /** In force at the place; null: not in this piece. */
  readonly announced: Announced | null;
}

/** The last place that lies within the dump, if a heartbeat at it or before it does. */
function search(places: readonly ScannedPlace[], dump: Dump, newest: Announced | null): Found | null {
  let at = places.findLastIndex((place) => dump.has(place) === true);
  // Records that say nothing of the source belong to the one before: a new leader's routes stand behind its first heartbeat.
  for (let next = places[at + 1]; next && next.kind !== 'row' && dump.has(next) === null; next = places[at + 1]) at += 1;
  const place = places[at];
  const before = places.slice(0, at + 1);
  if (!place || !before.some((one) => one.position && dump.has(one))) return null;
  const behind = places.slice(at + 1);
  const said = before.findLast((one) => one.announced)?.announced;
  const unchanged = behind.every((one) => one.announced === null);
  return { place, before, behind, announced: said ?? (unchanged ? newest : null) };
}

/** @throws SyncError CONFIG_INVALID */
function proven({ place, before, behind, announced }: Found, dump: Dump, { topic, pipeline }: Sought): LogPlace {
  const within = [place, ...behind];
  if (!within.some(({ position }) => position && dump.isIn(position)))
    throw invalid(
      topic,
      'the log has not come to that place yet, or the source never had those transactions; let capture run, and ask again',
    );
  const missed = before.find((one) => dump.has(one) === false);
  if (missed)
    throw invalid(topic, `that is no place of this source: it lacks what stands at seq ${missed.seq}, and has what stands at ${place.seq}`);
  if (!announced) throw invalid(topic, 'retention has removed what the log said of its tables at that place; take a newer dump');
  const lacking = [{ seq: place.seq, announced }, ...behind].findLast((one) => one.announced && !isHeld(one.announced, pipeline));
  if (lacking)
    throw invalid(
      topic,
      `at seq ${lacking.seq} the log did not hold all tables of ${pipeline.id}; take a dump from behind the record that takes them in`,
    );
  const cut = behind.findLast(({ kind }) => kind === 'ddl' || kind === 'restart');
  if (!cut) return place;
  const why = cut.kind === 'ddl' ? 'a DDL statement was passed over' : 'transactions were left out by a restart';
  throw invalid(topic, `behind that place, at seq ${cut.seq}, ${why}; take a dump from behind it`);
}

interface Dump {
  /** Is all that stands before the place in the dump? null: its record does not say. */
  has(place: ScannedPlace): boolean | null;
  /** Was all that is in the dump committed there? */
  isIn(position: Position): boolean;
}

function dumpOf(at: DumpPlace): Dump {
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
