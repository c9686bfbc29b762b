/**
 * Rows of `lutra.signal` (schemas/lutra.sql): what a loader tells the capture of its target through the binlog, in order with everything
 * else that is committed there. A *watermark*, in a transaction of its own, asks to be published; a *resolution record*, in a loader's
 * transaction, says what a conflict made of a row. Both halves: the loader writes, capture reads. Rows are written over, never deleted; `n`
 * makes each write a row event.
 */
import { newerThanThisBuild, rowFromJson, rowToJson, SyncError } from '@lutra/model';
import type { Row, RowImage, TableSchema } from '@lutra/model';

export const signalTable = { database: 'lutra', name: 'signal' } as const;

export interface ResolutionSignal {
  readonly kind: 'resolution';
  /** Its uid, as everywhere here. */
  readonly pipeline: string;
  readonly channel: string;
  readonly database: string;
  readonly table: string;
  readonly key: Row;
  readonly row: Row | null;
}

export interface WatermarkSignal {
  readonly kind: 'watermark';
  readonly pipeline: string;
  readonly token: string;
}

export type Signal = ResolutionSignal | WatermarkSignal;

/** @throws SyncError CHECKPOINT_INVALID for a name or a token that the table cannot hold */
export function watermarkStatement(pipeline: string, token: string): string {
  if (!/^[0-9a-z-]{1,64}$/.test(token)) throw new SyncError('CHECKPOINT_INVALID', 'a token that lutra.signal does not take');
  return upsert(pipeline, { kind: 'watermark', slot: 0 }, `'${token}'`);
}

/** `slot` numbers the resolution records of one transaction, from 0. `quote` makes a text a literal. */
export function resolutionStatement(resolution: Omit<ResolutionSignal, 'kind'>, slot: number, quote: (text: string) => string): string {
  const { pipeline, channel, database, table, key, row } = resolution;
  const content = JSON.stringify({ channel, database, table, key: rowToJson(key), row: row && rowToJson(row) });
  return upsert(pipeline, { kind: 'resolution', slot }, quote(withoutMarks(content)));
}

/** The binlog reader doubles U+10FFFF in a text (libs/model/src/charset/escapes.ts); the row's texts are as it gave them already. */
function withoutMarks(json: string): string {
  return json.replaceAll('\u{10ffff}', String.raw`\udbff\udfff`);
}

/**
 * Null if this is another table, or a deletion.
 * @throws SyncError CHECKPOINT_INVALID if the row cannot be read, LEVEL_TOO_NEW for a kind that is not known
 */
export function readSignal(table: Pick<TableSchema, 'database' | 'name'>, image: RowImage): Signal | null {
  if (table.database !== signalTable.database || table.name !== signalTable.name || image.after === null) return null;
  const { pipeline, kind, content } = image.after;
  if (typeof pipeline !== 'string' || typeof content !== 'string') throw unreadable();
  if (kind === 'watermark') return { kind, pipeline, token: content };
  if (kind !== 'resolution')
    throw new SyncError('LEVEL_TOO_NEW', `lutra.signal: a row of kind ${JSON.stringify(kind)}, ${newerThanThisBuild}`);
  const { channel, database, table: name, key, row } = parsed(content);
  if (typeof channel !== 'string' || typeof database !== 'string' || typeof name !== 'string' || typeof key !== 'string')
    throw unreadable();
  if (row !== null && typeof row !== 'string') throw unreadable();
  return { kind, pipeline, channel, database, table: name, key: rowFromJson(key), row: row === null ? null : rowFromJson(row) };
}

function upsert(pipeline: string, { kind, slot }: { kind: Signal['kind']; slot: number }, content: string): string {
  if (!/^[0-9A-Za-z._:-]{1,12}$/.test(pipeline) || !Number.isSafeInteger(slot) || slot < 0)
    throw new SyncError('CHECKPOINT_INVALID', 'a pipeline or a slot that lutra.signal does not take');
  const values = `('${pipeline}', '${kind}', ${slot}, 0, ${content})`;
  return `INSERT INTO lutra.signal (pipeline, kind, slot, n, content) VALUES ${values} ON DUPLICATE KEY UPDATE n = n + 1, content = VALUES(content)`;
}

function parsed(content: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(content);
    if (typeof value === 'object' && value !== null) return value as Readonly<Record<string, unknown>>;
  } catch {
    // the same as any other text that is no resolution
  }
  throw unreadable();
}

function unreadable(): SyncError {
  return new SyncError('CHECKPOINT_INVALID', 'lutra.signal: a row that cannot be read');
}
