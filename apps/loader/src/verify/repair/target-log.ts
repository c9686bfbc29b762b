/** The target's own log: which of its rows were changed there since a time. */
import { RecordDecoder } from '@lutra/avro';
import type { SchemaIds } from '@lutra/avro';
import { BusAdmin, readRange } from '@lutra/bus';
import type { BusOptions, RawRecord } from '@lutra/bus';
import { changedTables } from '../../ddl/changed-tables.js';
import type { DdlRecord, LogRecord, Row, TableName } from '@lutra/model';

export interface ChangedRow {
  /** As the target calls it; `*` is each table of its database, or of all where that is `*` too. */
  readonly table: TableName;
  /** A schema change may have changed any row of it. */
  readonly isWhole?: true;
  readonly images: readonly (Row | null)[];
  /** Region where it was first committed. */
  readonly origin: string;
}

export interface TargetLog {
  /** Null: it does not reach back so far. */
  since(ms: number, signal: AbortSignal): Promise<AsyncIterable<readonly ChangedRow[]> | null>;
}

/** Clocks differ, and records are not quite in the order of their times. */
const marginMs = 60_000;

export class KafkaTargetLog implements TargetLog {
  readonly #topic: { readonly bus: BusOptions; readonly topic: string };
  readonly #decoder: RecordDecoder;

  constructor({ schemas, ...topic }: { readonly bus: BusOptions; readonly topic: string; readonly schemas: SchemaIds }) {
    this.#topic = topic;
    this.#decoder = new RecordDecoder({ ids: schemas });
  }

  async since(ms: number, signal: AbortSignal): Promise<AsyncIterable<readonly ChangedRow[]> | null> {
    const { start, end } = await this.#ends();
    const at = ms - marginMs;
    const timeOf = (offset: number): Promise<number> => this.#timeOf(offset, signal);
    if (start > 0 && (start === end || (await timeOf(start)) > at)) return null;
    return this.#read({ from: await firstBehind({ start, end }, at, timeOf), to: end }, signal);
  }

  async #ends(): Promise<{ start: number; end: number }> {
    const admin = new BusAdmin(this.#topic.bus);
    try {
      return await admin.offsets(this.#topic.topic);
    } finally {
      await admin.close();
    }
  }

  async #timeOf(offset: number, signal: AbortSignal): Promise<number> {
    const { bus, topic } = this.#topic;
    for await (const [raw] of readRange({ ...bus, topic, from: offset, to: offset + 1, signal })) if (raw) return raw.timestampMs;
    return Infinity;
  }

  async *#read(range: { readonly from: number; readonly to: number }, signal: AbortSignal): AsyncGenerator<readonly ChangedRow[]> {
    const { bus, topic } = this.#topic;
    for await (const batch of readRange({ ...bus, topic, ...range, signal })) yield await this.#changed(batch);
  }

  async #changed(batch: readonly RawRecord[]): Promise<readonly ChangedRow[]> {
    const changed: ChangedRow[] = [];
    for (const raw of batch) changed.push(...changeOf(await this.#decoder.decode(raw)));
    return changed;
  }
}

/** A row that was only read is no change. */
function changeOf({ body }: LogRecord): readonly ChangedRow[] {
  if (body.kind === 'ddl') return statementOf(body);
  if (body.kind !== 'row' || body.event.op === 'r') return [];
  const { before, after, source } = body.event;
  return [{ table: { database: body.table.database, name: body.table.name }, images: [before, after], origin: source.origin }];
}

function statementOf(record: DdlRecord): readonly ChangedRow[] {
  const { tables, doubt, origin, clauses } = record;
  if (clauses?.every(({ what }) => what === 'index')) return [];
  const all: readonly TableName[] = doubt !== null && tables.length === 0 ? [{ database: '*', name: '*' }] : changedTables(record);
  return all.map(({ database, name }) => ({ table: { database, name }, isWhole: true, images: [], origin }));
}

/** The first offset whose record is not before the time. */
export async function firstBehind(
  { start, end }: { readonly start: number; readonly end: number },
  ms: number,
  timeOf: (offset: number) => Promise<number>,
): Promise<number> {
  let [from, to] = [start, end];
  while (from < to) {
    const middle = Math.floor((from + to) / 2);
    if ((await timeOf(middle)) < ms) from = middle + 1;
    else to = middle;
  }
  return from;
}
