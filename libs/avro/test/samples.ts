/** Tables, rows and events for the tests, and a registry in memory. */
import type { ColumnSchema, RecordHeader, Row, RowEvent, TableSchema, Value } from '@lutra/model';
import { type RawRecord, RecordDecoder, RecordEncoder, type EncodedRecord, type SchemaIds } from '../src/index.js';

export class MemoryIds implements SchemaIds {
  readonly subjects: string[] = [];
  readonly schemas = new Map<number, string>();

  register(subject: string, schemaJson: string): Promise<number> {
    const id = 0x0102_0300 + this.schemas.size;
    this.subjects.push(subject);
    this.schemas.set(id, schemaJson);
    return Promise.resolve(id);
  }

  byId(id: number): Promise<string | null> {
    return Promise.resolve(this.schemas.get(id) ?? null);
  }
}

export const header: RecordHeader = { kind: 'row', log: '5b6f5e0e-5d2c-4c7e-9f37-7a1f7b5f4c11', seq: 41, epoch: 7 };

export function tableOf(columns: readonly ColumnSchema[], primaryKey: readonly string[] = []): TableSchema {
  return { database: 'shop', name: 'orders', columns, primaryKey };
}

/** A row as capture makes them: without a prototype, so that any column name is a key like others. */
export function rowOf(entries: readonly (readonly [string, Value])[]): Row {
  const row = Object.create(null) as Record<string, Value>;
  for (const [name, value] of entries) row[name] = value;
  return row;
}

export function eventOf(table: TableSchema, images: { before: Row | null; after: Row | null }, changes: Partial<RowEvent> = {}): RowEvent {
  return {
    op: images.before === null ? 'c' : images.after === null ? 'd' : 'u',
    ...images,
    source: {
      version: '0.1.0',
      connector: 'mysql',
      name: 'hz-1',
      db: table.database,
      table: table.name,
      tsMs: 1_715_000_000_123,
      tsUs: 1_715_000_000_123_456,
      serverId: 4_294_967_295,
      gtid: '3e11fa47-71ca-11e1-9e33-c80aa9429562:23',
      file: 'binlog.000012',
      pos: 4_294_967_299,
      event: 2,
      flags: 0x02,
      row: 3,
      origin: 'hangzhou',
      path: ['hangzhou', 'california'],
    },
    transaction: {
      id: '3e11fa47-71ca-11e1-9e33-c80aa9429562:23',
      totalOrder: 5,
      last: true,
      seen: { california: { log: 'cafe', seq: 4_503_599_627_370_495 } },
      session: { sqlMode: 2 ** 32 + 1, timeZone: 'Europe/Berlin', lcTimeNames: 4, collation: 255 },
      end: { file: 'binlog.000012', pos: 4_294_968_000 },
    },
    tsMs: 1_715_000_001_000,
    ...changes,
  };
}

export function codec(): { ids: MemoryIds; encoder: RecordEncoder; decoder: RecordDecoder } {
  const ids = new MemoryIds();
  return { ids, encoder: new RecordEncoder({ topic: 'lutra.hz-1.rows', endpoint: 'hz-1', ids }), decoder: new RecordDecoder({ ids }) };
}

export function raw(record: EncodedRecord, offset = 77): RawRecord {
  return { offset, ...record };
}
