/**
 * A row of `lutra.checkpoint` (schemas/lutra.sql): what a loader has applied, committed together with the data. The same row
 * is the marker that capture sees and the fence that stops a loader which was replaced. This file only reads; it never decides.
 */
import { SyncError } from '@lutra/model';

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

/** Revision of the configuration, and fingerprint of the pipeline's routes in it. */
export interface AppliedRoutes {
  readonly revision: number;
  readonly fingerprint: string;
}

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
 * @throws SyncError CHECKPOINT_INVALID if a column is missing or has another type
 */
export function rowToCheckpoint(row: CheckpointRow): Checkpoint {
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

/** `<revision>:<fingerprint>`; '' while it is not known. */
function appliedRoutes(value: unknown): AppliedRoutes | null {
  if (value === undefined || value === '') return null;
  const [, revision, fingerprint] = /^(\d{1,15}):([0-9a-f]{16})$/.exec(typeof value === 'string' ? value : '') ?? [];
  if (revision === undefined || fingerprint === undefined) throw invalid('routes', value);
  return { revision: Number(revision), fingerprint };
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
