/** What another consumer sees who knows Avro and Debezium's envelope and nothing of Lutra; and what we read of other writers. */
import avsc from 'avsc';
import { describe, expect, it } from 'vitest';
import { headerNames, type RowEvent, type TableSchema } from '@lutra/model';
import { RecordDecoder, RecordEncoder, tableToAvro } from '../src/index.js';
import { canonicalJson, fingerprint } from '../src/canonical-json.js';
import { codec, eventOf, header, MemoryIds, raw, rowOf, tableOf } from './samples.js';

const table: TableSchema = tableOf(
  [
    { name: 'id', type: 'bigint' },
    { name: 'big', type: 'bigint', unsigned: true },
    { name: 'price', type: 'decimal', precision: 12, scale: 2 },
    { name: 'name', type: 'varchar', length: 80, charset: 'utf8mb4' },
    { name: 'at', type: 'datetime', scale: 0 },
    { name: 'photo', type: 'blob' },
    { name: 'ratio', type: 'double' },
    { name: 'gone', type: 'int' },
  ],
  ['name', 'id'],
);
const row = rowOf([
  ['id', -42n],
  ['big', 18_446_744_073_709_551_615n],
  ['price', '-1234.50'],
  ['name', 'naïve'],
  ['at', '0000-00-00 00:00:00'],
  ['photo', Buffer.from([1, 2])],
  ['ratio', 0.5],
  ['gone', null],
]);
const event: RowEvent = eventOf(table, { before: row, after: row });

describe("a plain Avro reader of the writer's schema", () => {
  it("sees Debezium's envelope", async () => {
    const { encoder, ids } = codec();
    const { value, key } = (await encoder.prepare(table)).encode(header, event);
    const { valueJson, keyJson } = tableToAvro(table, 'hz-1');
    expect(ids.schemas.get(value.readUInt32BE(1))).toBe(valueJson);
    const image = {
      id: -42,
      big: Buffer.from('00ffffffffffffffff', 'hex'),
      price: Buffer.from('fe1dc6', 'hex'),
      name: 'naïve',
      at: '0000-00-00 00:00:00',
      photo: Buffer.from([1, 2]),
      ratio: 0.5,
      gone: null,
    };
    const seen = avsc.Type.forSchema(JSON.parse(valueJson)).fromBuffer(value.subarray(5));
    expect(JSON.parse(JSON.stringify(seen))).toEqual(
      JSON.parse(
        JSON.stringify({
          before: image,
          after: image,
          source: {
            version: '0.1.0',
            connector: 'mysql',
            name: 'hz-1',
            ts_ms: 1_715_000_000_123,
            snapshot: 'false',
            db: 'shop',
            sequence: null,
            ts_us: 1_715_000_000_123_456,
            table: 'orders',
            server_id: 4_294_967_295,
            gtid: '3e11fa47-71ca-11e1-9e33-c80aa9429562:23',
            file: 'binlog.000012',
            pos: 4_294_967_299,
            flags: 2,
            row: 3,
            thread: null,
            query: null,
            event: 2,
            origin: 'hangzhou',
            path: ['hangzhou', 'california'],
          },
          transaction: {
            id: '3e11fa47-71ca-11e1-9e33-c80aa9429562:23',
            total_order: 5,
            data_collection_order: 5,
            last: true,
            seen: { california: { log: 'cafe', seq: 4_503_599_627_370_495 } },
            session: { sql_mode: 2 ** 32 + 1, time_zone: 'Europe/Berlin', lc_time_names: 4, collation: 255 },
            end_file: 'binlog.000012',
            end_pos: 4_294_968_000,
          },
          op: 'u',
          ts_ms: 1_715_000_001_000,
        }),
      ),
    );
    const seenKey = avsc.Type.forSchema(JSON.parse(keyJson!)).fromBuffer(key!.subarray(5));
    expect({ ...seenKey }).toEqual({ name: 'naïve', id: -42 });
  });

  it('sees copied rows as an incremental snapshot', async () => {
    const { encoder } = codec();
    const { value } = (await encoder.prepare(table)).encode(header, { ...event, op: 'r', before: null });
    const seen = avsc.Type.forSchema(JSON.parse(tableToAvro(table, 'hz-1').valueJson)).fromBuffer(value.subarray(5));
    expect(seen.source.snapshot).toBe('incremental');
    expect(seen.before).toBeNull();
  });

  it("may read with a schema of Debezium's that knows fewer fields and others", async () => {
    const { encoder } = codec();
    const { value } = (await encoder.prepare(table)).encode(header, event);
    const writer = avsc.Type.forSchema(JSON.parse(tableToAvro(table, 'hz-1').valueJson));
    const reader = avsc.Type.forSchema({
      type: 'record',
      name: 'Envelope',
      namespace: 'lutra.hz_x2d_1.shop.orders',
      fields: [
        {
          name: 'source',
          type: {
            type: 'record',
            name: 'Source',
            namespace: 'io.debezium.connector.mysql',
            fields: [
              { name: 'ts_us', type: ['null', 'long'], default: null },
              { name: 'ts_ns', type: ['null', 'long'], default: null },
              { name: 'db', type: 'string' },
            ],
          },
        },
        { name: 'op', type: 'string' },
        { name: 'ts_ns', type: ['null', 'long'], default: null },
      ],
    });
    const seen = reader.fromBuffer(value.subarray(5), reader.createResolver(writer));
    expect(JSON.parse(JSON.stringify(seen))).toMatchObject({ op: 'u', ts_ns: null, source: { ts_ns: null, db: 'shop' } });
  });
});

describe("the decoder, by the writer's schema", () => {
  type Json = { fields: { name: string; type: unknown; default?: unknown }[] };

  /** A record of a writer whose schema was changed, encoded by avsc from what a plain reader sees. */
  async function written(change: (source: Json, envelope: Json) => unknown, more: object = {}) {
    const narrow = tableOf([{ name: 'id', type: 'int' }]);
    const { encoder } = codec();
    const narrowEvent = eventOf(narrow, { before: null, after: rowOf([['id', 7]]) });
    const record = (await encoder.prepare(narrow)).encode(header, narrowEvent);
    const json = tableToAvro(narrow, 'hz-1').valueJson;
    const seen = JSON.parse(JSON.stringify(avsc.Type.forSchema(JSON.parse(json)).fromBuffer(record.value.subarray(5))));
    const schema = JSON.parse(json) as Json;
    change(schema.fields[2]!.type as Json, schema);
    const ids = new MemoryIds();
    const id = await ids.register('s', JSON.stringify(schema));
    const body = avsc.Type.forSchema(schema as never).toBuffer({ ...seen, source: { ...seen.source, ...more }, ...more });
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(id, 1);
    const headers = { ...record.headers, [headerNames.schema]: fingerprint(canonicalJson(schema)) };
    const decoded = async () => new RecordDecoder({ ids }).decode({ offset: 1, key: null, value: Buffer.concat([prefix, body]), headers });
    return { decoded, event: narrowEvent };
  }

  it('stops at fields that it does not know, wherever they stand: a later level means something by them', async () => {
    const more = { ts_ns: 5, extra: [{ list: [1.5], map: { a: Buffer.from('x') } }, null], flag: true };
    const extra = {
      name: 'extra',
      type: {
        type: 'array',
        items: [
          'null',
          {
            type: 'record',
            name: 'Extra',
            fields: [
              { name: 'list', type: { type: 'array', items: 'double' } },
              { name: 'map', type: { type: 'map', values: 'bytes' } },
            ],
          },
        ],
      },
    };
    const inSource = await written((source) => source.fields.splice(3, 0, extra), more);
    const newer = (field: string, name: string) =>
      new RegExp(`field ${field} of the schema .*${name}, written at a level newer than this build`);
    await expect(inSource.decoded()).rejects.toMatchObject({
      code: 'LEVEL_TOO_NEW',
      message: expect.stringMatching(newer('extra', 'Source')),
    });
    const inEnvelope = await written((_, envelope) => envelope.fields.push({ name: 'flag', type: 'boolean' }), more);
    await expect(inEnvelope.decoded()).rejects.toMatchObject({ message: expect.stringMatching(newer('flag', 'Envelope')) });
  });

  it('reads fields in another order, and takes the default of an optional one that is not there', async () => {
    const { decoded, event: expected } = await written((source) => {
      source.fields = source.fields.filter(({ name }) => name !== 'gtid' && name !== 'thread').toReversed();
    });
    expect((await decoded()).body).toMatchObject({ event: { ...expected, source: { ...expected.source, gtid: null } } });
  });

  it('refuses a schema that lacks what Lutra needs, or has it with another type', async () => {
    const without = await written((source) => {
      source.fields = source.fields.filter(({ name }) => name !== 'origin');
    });
    await expect(without.decoded()).rejects.toThrow(/offset 1: the schema io\.debezium.*Source has no field origin/);
    const other = await written((source) => {
      source.fields.find(({ name }) => name === 'row')!.type = 'long';
    });
    await expect(other.decoded()).rejects.toThrow(/field row .* has another type/);
  });

  it('refuses rows of another writer', async () => {
    const ids = new MemoryIds();
    const encoder = new RecordEncoder({ topic: 't', endpoint: 'e', ids });
    const record = (await encoder.prepare(table)).encode(header, event);
    const [id, json] = [...ids.schemas][0]!;
    ids.schemas.set(id, json.replaceAll('lutra.type', 'other'));
    await expect(new RecordDecoder({ ids }).decode(raw(record))).rejects.toMatchObject({ code: 'RECORD_INVALID' });
  });
});
