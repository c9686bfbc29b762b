/** Rows become SQL from their bytes as they become it through objects, whatever they are. */
import { RecordDecoder, RecordEncoder } from '@lutra/avro';
import type { LogRecord, RecordHeader, Row, RowEvent, TableSchema, Value } from '@lutra/model';
import { StatementBuilder } from '@lutra/mysql';
import type { TargetTable } from '@lutra/mysql';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changeOf } from '../assemble/changes.js';
import { eventOf, type RandomTable, randomTables, targetOf } from './random-rows.fixture.js';

const header: RecordHeader = { kind: 'row', log: '5b6f5e0e-5d2c-4c7e-9f37-7a1f7b5f4c11', seq: 3, epoch: 7 };
const under = { session: null, flags: 0 };

function newLog() {
  const schemas = new Map<number, string>();
  const ids = {
    register: async (_: string, schema: string) => {
      const known = [...schemas].find(([, text]) => text === schema);
      if (known) return known[0];
      schemas.set(schemas.size + 1, schema);
      return schemas.size;
    },
    byId: async (id: number) => schemas.get(id) ?? null,
  };
  const encoder = new RecordEncoder({ topic: 't', endpoint: 'a', ids });
  return { encoder, eager: new RecordDecoder({ ids }), later: new RecordDecoder({ ids, later: true }) };
}

type Log = ReturnType<typeof newLog>;

async function decoded(decoder: RecordDecoder, record: Parameters<RecordDecoder['decode']>[0]): Promise<LogRecord | string> {
  try {
    return await decoder.decode(record);
  } catch (error) {
    return `${(error as { code: string }).code}: ${(error as Error).message}`;
  }
}

/** SQL, or what it was refused for. */
function sqlOf(records: readonly LogRecord[], target: TargetTable): unknown {
  const builder = new StatementBuilder();
  try {
    for (const { body } of records) if (body.kind === 'row') builder.add(changeOf(body.event, { source: body.table, target, under }));
    const { sql, marks } = builder.take();
    return { sql, marks };
  } catch (error) {
    return `${(error as { code: string }).code}: ${(error as Error).message}`;
  }
}

/** Behind and before other bytes, as in a batch. */
function amid(value: Buffer, other: number): Buffer {
  const all = Buffer.alloc(value.length + 37, other);
  value.copy(all, 20);
  return all.subarray(20, 20 + value.length);
}

async function recordsOf(log: Log, table: TableSchema, events: readonly RowEvent[]) {
  const encoder = await log.encoder.prepare(table);
  return events.flatMap((event, i) => {
    try {
      const { value, headers } = encoder.encode({ ...header, seq: i }, event);
      return [{ offset: i, key: null, value, headers }];
    } catch {
      return [];
    }
  });
}

function eventsOf({ table, rows }: RandomTable): readonly RowEvent[] {
  return rows.flatMap((row, i): readonly RowEvent[] => {
    const other = rows[(i + 1) % rows.length] as Row;
    return [
      eventOf(table, { op: 'c', before: null, after: row }),
      eventOf(table, { op: 'u', before: row, after: { ...other, ...(i % 2 === 0 && keyOf(table, row)) } }),
      eventOf(table, { op: 'u', before: row, after: row }),
      eventOf(table, { op: 'd', before: row, after: null }),
    ];
  });
}

const keyOf = ({ primaryKey }: TableSchema, row: Row): Record<string, Value> =>
  Object.fromEntries(primaryKey.map((name) => [name, row[name] as Value]));

describe('rows that are written from their bytes', () => {
  it('give the SQL that objects give, or the same error', async () => {
    await fc.assert(
      fc.asyncProperty(randomTables, async (random) => {
        const log = newLog();
        const target = targetOf(random);
        const records = await recordsOf(log, random.table, eventsOf(random));
        const [eager, later] = [[] as LogRecord[], [] as LogRecord[]];
        for (const record of records) {
          eager.push((await decoded(log.eager, record)) as LogRecord);
          later.push((await decoded(log.later, { ...record, value: amid(record.value, 0x27) })) as LogRecord);
        }
        expect(sqlOf(later, target)).toEqual(sqlOf(eager, target));
        for (const [i, one] of later.entries()) {
          if (one.body.kind !== 'row') throw new Error('not a row');
          const { before, after } = one.body.event;
          expect({ before, after }).toEqual(imagesOf(eager[i] as LogRecord));
        }
      }),
      { numRuns: Number(process.env['LUTRA_TEST_RUNS'] ?? 60) },
    );
  }, 600_000);

  it('of which a byte is another one, or that are cut short, are what objects make of them, whatever stands behind', async () => {
    await fc.assert(
      fc.asyncProperty(
        randomTables,
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 20 }),
        async (random, changed) => {
          const log = newLog();
          const target = targetOf(random);
          for (const record of await recordsOf(log, random.table, eventsOf(random).slice(0, 4))) {
            await decoded(log.later, record);
            for (const [at, byte] of changed) {
              const value = Buffer.from(byte % 5 === 0 ? record.value.subarray(0, at % record.value.length) : record.value);
              if (value.length > 5) value[5 + (at % (value.length - 5))] = byte;
              const byObjects = await decoded(log.eager, { ...record, value });
              const [first, second] = [
                await decoded(log.later, { ...record, value: amid(value, 0) }),
                await decoded(log.later, { ...record, value: amid(value, 2) }),
              ];
              for (const one of [first, second]) {
                if (typeof one === 'string' || typeof byObjects === 'string') expect(one).toEqual(byObjects);
                else {
                  expect(sqlOf([one], target)).toEqual(sqlOf([byObjects], target));
                  expect(imagesOf(one)).toEqual(imagesOf(byObjects));
                }
              }
            }
          }
        },
      ),
      { numRuns: Number(process.env['LUTRA_TEST_RUNS'] ?? 20) },
    );
  }, 600_000);

  it('are not made objects, as long as their values are usual', async () => {
    const table: TableSchema = {
      database: 'shop',
      name: 't',
      primaryKey: ['id'],
      columns: [
        {
          name: 'id',
          type: 'bigint',
        },
        {
          name: 'name',
          type: 'varchar',
          charset: 'utf8mb4',
          length: 400,
        },
        {
          name: 'old',
          type: 'varchar',
          charset: 'latin1',
          length: 100,
        },
        {
          name: 'price',
          type: 'decimal',
          precision: 12,
          scale: 2,
        },
        {
          name: 'at',
          type: 'datetime',
          scale: 3,
        },
        {
          name: 'kind',
          type: 'enum',
          charset: 'utf8mb4',
          values: ['a', "it's"],
        },
        {
          name: 'data',
          type: 'json',
        },
        {
          name: 'bytes',
          type: 'blob',
        },
        {
          name: 'size',
          type: 'double',
        },
      ],
    };
    const row: Row = {
      id: 2n ** 60n,
      name: "it's naïve",
      old: 'plain\\',
      price: '-12.50',
      at: '2024-05-06 07:08:09.123',
      kind: "it's",
      data: '{"a": [1, 2.5]}',
      bytes: Buffer.of(0, 255),
      size: 0.1,
    };
    const log = newLog();
    const events = eventsOf({ table, rows: [row, { ...row, id: 1n, price: null }] });
    const target = targetOf({ table, rows: [] });
    const builder = new StatementBuilder();
    for (const record of await recordsOf(log, table, events)) {
      const { body } = await log.later.decode(record);
      if (body.kind !== 'row') throw new Error('not a row');
      const change = changeOf(body.event, { source: body.table, target, under });
      const asked = (): never => {
        throw new Error('asked for an object');
      };
      Object.defineProperties(change, { before: { get: asked }, after: { get: asked } });
      builder.add(change);
    }
    expect(builder.take().sql).toMatchSnapshot();
  });
});

function imagesOf({ body }: LogRecord): unknown {
  return body.kind === 'row' ? { before: body.event.before, after: body.event.after } : null;
}
