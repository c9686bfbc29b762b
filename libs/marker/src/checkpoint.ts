/**
 * A row of `lutra.checkpoint` (schemas/lutra.sql): what a loader has applied, committed together with the data. The same row
 * is the marker that capture sees and the fence that stops a loader which was replaced. This file only reads; it never decides.
 */
import { newerThanThisBuild, SyncError } from '@lutra/model';
import type { RevisionMark } from '@lutra/model';

export interface Checkpoint {
  /** Uid of the pipeline; of a probe (probe.ts) not. */
  readonly pipeline: string;
  /** Kafka partition. */
  readonly part: number;
  readonly lane: number;
  /** '' until the first record was applied. */
  readonly logId: string;
  readonly logEpoch: number;
  /** The last record that was applied; −1: none. */
  readonly seq: number;
  /** Kafka offset to read next. */
  readonly nextOffset: number;
  /** Of the last source transaction. */
  readonly gtid: string | null;
  /** Commit time of that transaction at the source, µs since 1970. */
  readonly sourceUs: number;
  readonly origin: string;
  /** The origin included. */
  readonly path: readonly string[];
  /** Of the loader that owns the row. */
  readonly epoch: number;
  /** Up to this seq everything was applied before a rewind, and is applied in safe mode; −1: nothing was. */
  readonly replayUntil: number;
  /** Under which routes it was applied last; absent: not known. */
  readonly routes?: AppliedRoutes | null;
  /** As read: raised by every transaction. */
  readonly n?: bigint;
}

/** State of the configuration, and fingerprint of the pipeline's routes in it. */
export interface AppliedRoutes extends RevisionMark {
  readonly fingerprint: string;
}

/** At most 45 characters. */
export const routesText = /^(\d{1,15}):([a-z2-7]{12}):([0-9a-f]{16})$/;

export const checkpointTable = { database: 'lutra', name: 'checkpoint' } as const;

/** In the order of schemas/lutra.sql. */
export const checkpointColumns = [
  'pipeline',
  'part',
  'lane',
  'log_id',
  'log_epoch',
  'seq',
  'next_offset',
  'gtid',
  'source_us',
  'origin',
  'path',
  'epoch',
  'n',
  'replay_until',
  'routes',
] as const;

export type CheckpointColumn = (typeof checkpointColumns)[number];

/** A row as a query or a row event gives it: whole numbers as number, bigint or digits. */
export type CheckpointRow = Readonly<Record<string, unknown>>;

/**
 * A column that is not known is of a later level, and NULL until a process uses it.
 * @throws SyncError CHECKPOINT_INVALID if a column is missing or has another type; LEVEL_TOO_NEW if one that is not known is in use
 */
export function rowToCheckpoint(row: CheckpointRow): Checkpoint {
  requireKnown(row);
  return {
    pipeline: text(row, 'pipeline'),
    part: integer(row, 'part'),
    lane: integer(row, 'lane'),
    logId: text(row, 'log_id'),
    logEpoch: integer(row, 'log_epoch'),
    seq: integer(row, 'seq'),
    nextOffset: integer(row, 'next_offset'),
    gtid: row['gtid'] === null ? null : text(row, 'gtid'),
    sourceUs: integer(row, 'source_us'),
    origin: text(row, 'origin'),
    path: splitPath(text(row, 'path')),
    epoch: integer(row, 'epoch'),
    // A binlog still holds row events of the table as it was before it had this column, and they can never be fixed.
    replayUntil: row['replay_until'] === undefined ? -1 : integer(row, 'replay_until'),
    routes: appliedRoutes(row['routes']),
    n: digits(row, 'n'),
  };
}

const known: ReadonlySet<string> = new Set(checkpointColumns);

function requireKnown(row: CheckpointRow): void {
  for (const column in row) {
    if (known.has(column) || row[column] === null) continue;
    throw new SyncError('LEVEL_TOO_NEW', `lutra.checkpoint: column ${column}, ${newerThanThisBuild}`, { details: { column } });
  }
}

/** `<revision>:<write>:<fingerprint>`; '' while it is not known. */
function appliedRoutes(value: unknown): AppliedRoutes | null {
  if (value === undefined || value === '') return null;
  const [, revision, write, fingerprint] = routesText.exec(typeof value === 'string' ? value : '') ?? [];
  if (revision === undefined || write === undefined || fingerprint === undefined) throw invalid('routes', value);
  return { revision: Number(revision), write, fingerprint };
}

function splitPath(path: string): readonly string[] {
  return path === '' ? [] : path.split(',');
}

function text(row: CheckpointRow, column: CheckpointColumn): string {
  const value = row[column];
  if (typeof value === 'string') return value;
  throw invalid(column, value);
}

function digits(row: CheckpointRow, column: CheckpointColumn): bigint {
  const value = row[column];
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
  if (typeof value === 'string' && /^-?\d{1,20}$/.test(value)) return BigInt(value);
  throw invalid(column, value);
}

function integer(row: CheckpointRow, column: CheckpointColumn): number {
  const value = Number(digits(row, column));
  if (Number.isSafeInteger(value)) return value;
  throw invalid(column, row[column]);
}

function invalid(column: CheckpointColumn, value: unknown): SyncError {
  const what = value === undefined ? 'is missing' : `cannot be read (${value === null ? 'NULL' : typeof value})`;
  return new SyncError('CHECKPOINT_INVALID', `lutra.checkpoint: column ${column} ${what}`, { details: { column } });
}
