/**
 * Whether home has altered a table since a statement of the other side was run there. The two sides have them in another order then,
 * so what is run at home is a statement of home's own for the other side too, as if it had never seen it. Else it is passed there.
 *
 * The target's own log tells, up to a watermark that is written now. Decision 0034, rule 14.
 */
import { RecordDecoder } from '@lutra/avro';
import type { BusOptions } from '@lutra/bus';
import { admit, createRouter, freshLog, SyncError } from '@lutra/model';
import type { DdlRecord, LogState, Seen, TableName } from '@lutra/model';
import { throwIfAborted } from '@lutra/runtime';
import type { ReverseRoutes } from '../assignments.js';
import type { LoaderDeps } from '../loader-run.js';
import { changedTables } from './changed-tables.js';

export interface OwnLogOptions {
  readonly deps: Pick<LoaderDeps, 'io' | 'schemas'>;
  readonly bus: BusOptions;
  readonly topic: string;
  /** Whose watermarks are meant. */
  readonly pipeline: string;
  /** Committed when it resolves; the token to wait for. */
  watermark(): Promise<string>;
  /** For something to come. */
  readonly patienceMs?: number;
  readonly signal: AbortSignal;
}

export interface OwnStatement {
  readonly log: string;
  readonly seq: number;
  readonly record: DdlRecord;
}

/** All behind that seq; −1: all there are. @throws SyncError CAPTURE_BEHIND, CONFLICT_HISTORY_LOST, KAFKA_*, TARGET_*, ABORTED */
export async function ownStatements(options: OwnLogOptions, after: number): Promise<readonly OwnStatement[]> {
  const { deps, bus, topic, pipeline, signal, patienceMs = 10_000 } = options;
  const token = await options.watermark();
  const decoder = new RecordDecoder({ ids: deps.schemas });
  const offset = await beginningOf(options, after);
  let state: LogState = offset > 0 ? { ...freshLog, headless: true } : freshLog;
  const found: OwnStatement[] = [];
  const late = new AbortController();
  let timer = setTimeout(() => late.abort(), patienceMs);
  try {
    for await (const batch of deps.io.kafka.subscribe({ ...bus, topic, offset, signal: AbortSignal.any([signal, late.signal]) })) {
      clearTimeout(timer);
      for (const raw of batch) {
        const { header, body, offset: at } = await decoder.decode(raw);
        const admitted = admit(state, header, at);
        ({ state } = admitted);
        if (admitted.verdict === 'anew') found.length = 0;
        if (admitted.verdict !== 'valid' && admitted.verdict !== 'anew') continue;
        if (body.kind === 'ddl') found.push({ log: header.log, seq: header.seq, record: body });
        if (body.kind === 'watermark' && body.pipeline === pipeline && body.token === token) return found;
      }
      timer = setTimeout(() => late.abort(), patienceMs);
    }
  } catch (error) {
    if (!late.signal.aborted) throw error;
  } finally {
    clearTimeout(timer);
  }
  throwIfAborted(signal);
  throw new SyncError('CAPTURE_BEHIND', `${topic}: what was written here has not come`, { details: { topic } });
}

/** A record's offset is never smaller than its seq. */
async function beginningOf({ deps, bus, topic }: OwnLogOptions, after: number): Promise<number> {
  const admin = deps.io.kafka.admin(bus);
  try {
    const { start, end } = await admin.offsets(topic);
    const wanted = after + 1;
    if (start > wanted)
      throw new SyncError('CONFLICT_HISTORY_LOST', `${topic}: begins at offset ${start}, behind seq ${wanted}`, { details: { topic } });
    return wanted < end ? wanted : start;
  } finally {
    await admin.close();
  }
}

/** The least that the source had seen of the target's log, by whichever pipeline. */
export function seenOfTarget(seen: Seen, back: readonly ReverseRoutes[]): number {
  return Math.min(...back.map(({ uid }) => seen[uid]?.seq ?? -1));
}

export interface Crossing {
  readonly record: DdlRecord;
  /** Of the source. */
  readonly region: string;
  /** That it changes, by their names here. */
  readonly tables: readonly TableName[];
  readonly back: readonly ReverseRoutes[];
}

/** What the source has in its path has run there already. Pure. */
export function crosses({ record: { seen }, region, tables, back }: Crossing, statements: readonly OwnStatement[]): boolean {
  return statements.some(({ log, seq, record }) => {
    if (record.path.includes(region)) return false;
    const isSeen = (uid: string): boolean => seen[uid]?.log === log && (seen[uid]?.seq ?? -1) >= seq;
    const carrying = back.filter(({ routes }) => tables.some((table) => carries(routes, table)));
    return !carrying.every(({ uid }) => isSeen(uid)) && touches(record, tables);
  });
}

function carries(routes: ReverseRoutes['routes'], { database, name }: TableName): boolean {
  const router = createRouter(routes);
  return name === '*' ? router.coversDatabase(database) : router({ database, name }) !== null;
}

function touches(record: DdlRecord, tables: readonly TableName[]): boolean {
  if (record.tables.length === 0) return true;
  return changedTables(record).some((one) =>
    tables.some((table) => one.database === table.database && (one.name === table.name || one.name === '*' || table.name === '*')),
  );
}
